"""When permits will come: what is told to those for whom they would come too late.

Pure. A pace may be shared by replicas, and asking it takes time. So a process keeps a likeness of it, which answers at once; each
slot and standing that the pace tells corrects it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.profiles.pace import Flow, Quota, Slot, Standing, fresh, permits_until, time_of
from bot.question import Lane

LEARNING = 0.2
"""How much the newest slot counts for what is known of the other replicas."""


class Forecast:
    """A likeness of the pace. All times are seconds on one monotonic clock; `now` is its time at the beginning.

    Who was sent away with a time to come back is remembered as well, so that the next one is told a later time. Such promises are
    places on the clock of permits: they need no bookkeeping, since that clock passes them by.

    `quota` is the whole one. While this process has a share of it to itself, that is all there is, and what is known of the other
    replicas waits until they take from the same again.
    """

    def __init__(self, quota: Quota, now: float) -> None:
        self._whole = self._quota = quota
        self._flow = fresh(now)
        self._last: float | None = None
        self._contenders = 1.0
        self._promised = [0.0] * len(Lane)

    def at_once(self, permits: int, now: float) -> bool:
        """Whether so many are likely to be had without waiting."""
        return self._flow.arrival + permits <= permits_until(self._flow, self._quota, now) + self._quota.burst

    def due(self, permits: int, now: float) -> float:
        """When this process will have reserved and got so many more; for 0 of them, when the last that it reserved holds."""
        return self._time_of(self._arrival_of(permits, now), now)

    def promise(self, lane: Lane, queued: Sequence[int], calls: int, now: float) -> float:
        """When somebody comes through who is sent away, and comes back with `calls`: after all who wait, and after those who were
        sent away before. `queued` are the permits that are still to be reserved up to and including each lane.
        """
        for each in Lane:
            if each >= lane:
                last = max(self._promised[each], self._arrival_of(queued[each], now))
                self._promised[each] = last + calls * self._takers
        return self._time_of(self._promised[lane], now)

    def reserved(self, slot: Slot, now: float) -> None:
        """The pace gave a slot at `now`."""
        flow, burst = self._flow, self._quota.burst
        shown = permits_until(flow, self._quota, now)
        if slot.wait > 0:
            due = permits_until(flow, self._quota, now + slot.wait)
            arrival = due + burst
            if self._last is not None and self._quota is self._whole:
                self._contenders += LEARNING * (max(1.0, due - self._last) - self._contenders)
            self._last = due
        else:
            arrival = min(max(flow.arrival, shown) + 1.0, shown + burst)
            self._last = None
        self._flow = Flow(arrival, flow.low, flow.since)

    def paused(self) -> None:
        """Nobody waits: the time until the next slot says nothing about other replicas."""
        self._last = None

    def learned(self, standing: Standing, now: float) -> None:
        """The pace told how things are."""
        shown = permits_until(self._flow, self._quota, now)
        burst = self._quota.burst
        self._quota = self._whole if standing.share >= 1.0 else _alone(self._whole, standing.share)
        flow = Flow(arrival=max(0.0, self._flow.arrival - shown), low=standing.pace, since=now)
        next_due = permits_until(flow, self._quota, now + standing.wait) + self._quota.burst - 1.0
        self._flow = flow._replace(arrival=next_due if standing.wait > 0 else min(flow.arrival, next_due))
        # A place is due a burst before the clock shows it: with another burst, as many permits as before are due until then.
        self._promised = [promised - shown + self._quota.burst - burst for promised in self._promised]
        self._last = None

    @property
    def _takers(self) -> float:
        """How many permits go for each that this process gets."""
        return self._contenders if self._quota is self._whole else 1.0

    def _arrival_of(self, permits: int, now: float) -> float:
        return max(self._flow.arrival, permits_until(self._flow, self._quota, now)) + permits * self._takers

    def _time_of(self, arrival: float, now: float) -> float:
        return max(now, time_of(self._flow, self._quota, max(0.0, arrival - self._quota.burst)))


def _alone(quota: Quota, share: float) -> Quota:
    return replace(quota, rate=quota.rate * share, burst=1)
