"""The pace at which the source may be called: the organisation's quota, halved when the source throttles, and a daily budget.

The quota is a GCRA on a clock that counts permits instead of seconds: at full pace it goes forward by `rate` each second,
after a 429 at half that speed, and then creeps back. So burst, pace and hold are one arithmetic, every wait it tells is
exact, and the Lua of the shared pace repeats it line by line.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

HEADROOM = 0.97
BURST_HEADROOM = 0.8
"""The parts of what the source allows that are used, of its rate and of its burst.

Permits are counted here when they are given, calls there when they arrive. Those permitted before are still on their way, a
little faster or slower than their neighbours, so that the source would now and then count more than its rate in a second, and
more than its burst at once. Measured with `make bench-burst`: with these no call is refused.
"""

CREEP = 0.1
"""How much of the whole pace comes back each second after it was halved."""

FLOOR = 1 / 4
"""The slowest pace: many a 429 in a row must not stop everything."""

LONGEST_HOLD = 60.0
"""Seconds at most for which a 429 stops everybody: its time may be a mistake. After that, the next call finds out."""

DAY = 86_400.0
"""Seconds of a UTC day: in POSIX time all are equally long."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is used: `rate` calls a second, `burst` of them at once; `budget` calls a day (UTC), None for as many as one likes."""

    rate: float
    burst: int
    budget: int | None = None

    @classmethod
    def within(cls, rate: float, burst: int, budget: int | None) -> Self:
        """What is safe to use where the source allows `rate` and `burst`. The budget is counted exactly on both sides."""
        return cls(rate * HEADROOM, max(1, int(burst * BURST_HEADROOM)), budget)


@dataclass(frozen=True, slots=True)
class Slot:
    """A permit that holds from `wait` seconds on; `spent` calls of today's budget are used, this one included.

    Without `granted` the budget has nothing left for who asked, nothing was reserved, and `wait` is the time until the next day.
    """

    wait: float
    spent: int
    granted: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How things are: `pace` is the part of the quota's rate that is used just now, `spent` today's calls, `wait` the seconds
    until the next permit.

    `share` is the part of the rate that this process has to itself. Below 1 it can't ask the other replicas: it goes at `pace`
    in its share, without a burst, and nobody else takes of it.
    """

    pace: float
    spent: int
    wait: float
    share: float = 1.0


class Pace(Protocol):
    """Reserves permits, for one process or for all replicas."""

    async def reserve(self, most: int | None) -> Slot:
        """The next free slot, taken. With `most`, only while fewer calls than that were spent today."""
        ...

    async def throttled(self, retry_after: float | None, age: float) -> None:
        """A call that was sent `age` seconds ago was answered 429: halve the pace once for all that were sent before, and let
        nobody go for `retry_after` seconds, but no longer than LONGEST_HOLD.
        """
        ...

    async def standing(self) -> Standing:
        """How things are, without reserving anything."""
        ...


class Flow(NamedTuple):
    """The state of a pace. At `since`, when it was last halved, the pace was `low` and the clock of permits showed 0. `arrival`
    is what that clock will show when the next permit would be due, were there no burst (the theoretical arrival time).
    """

    arrival: float
    low: float
    since: float


def fresh(now: float) -> Flow:
    """Full pace, and the whole burst to be had."""
    return Flow(arrival=0.0, low=1.0, since=now)


def pace_at(flow: Flow, now: float) -> float:
    """The part of the rate that is used at `now`."""
    return min(1.0, flow.low + CREEP * max(0.0, now - flow.since))


def permits_until(flow: Flow, quota: Quota, now: float) -> float:
    """What the clock of permits shows at `now`: the pace, summed up since `since`."""
    passed = max(0.0, now - flow.since)
    missing = 1.0 - flow.low
    creeping = passed * CREEP < missing
    full = passed * (flow.low + CREEP * passed / 2.0) if creeping else passed - missing * missing / (2.0 * CREEP)
    return full * quota.rate


def time_of(flow: Flow, quota: Quota, permits: float) -> float:
    """When the clock of permits shows `permits` (≥ 0): the inverse of `permits_until`."""
    full = permits / quota.rate
    missing = 1.0 - flow.low
    passed = full + missing * missing / (2.0 * CREEP)
    if passed * CREEP < missing:
        passed = (math.sqrt(flow.low * flow.low + 2.0 * CREEP * full) - flow.low) / CREEP
    return flow.since + passed


def wait_at(flow: Flow, quota: Quota, now: float) -> float:
    """Seconds from `now` until the next permit."""
    shown = permits_until(flow, quota, now)
    due = max(flow.arrival, shown) + 1.0 - quota.burst
    return max(0.0, time_of(flow, quota, due) - now) if due > shown else 0.0


def reserved(flow: Flow, quota: Quota, now: float) -> Flow:
    """After one more permit was taken, whose wait is `wait_at` before."""
    return Flow(max(flow.arrival, permits_until(flow, quota, now)) + 1.0, flow.low, flow.since)


def halved(flow: Flow, quota: Quota, now: float) -> Flow:
    """At half the pace; what was reserved stays reserved."""
    ahead = max(0.0, flow.arrival - permits_until(flow, quota, now))
    return Flow(arrival=ahead, low=max(FLOOR, pace_at(flow, now) / 2.0), since=now)


def hold(retry_after: float | None) -> float:
    """Seconds for which nobody goes, where the source asks for `retry_after`: LONGEST_HOLD at most."""
    return min(max(0.0, retry_after or 0.0), LONGEST_HOLD)


def throttled(flow: Flow, quota: Quota, now: float, retry_after: float | None, age: float) -> Flow:
    """After a call that was sent `age` seconds ago was answered 429.

    The pace is halved, unless it has been since that call was sent. Nobody goes for as long as `hold` says, and then without a
    burst.
    """
    # What was never halved has no last time: a flow may be younger than a call, e.g. when its state was lost.
    if flow.low == 1.0 or now - age >= flow.since:
        flow = halved(flow, quota, now)
    held = permits_until(flow, quota, now + hold(retry_after))
    return flow._replace(arrival=max(flow.arrival, held + quota.burst - 1.0))


class MemoryPace:
    """The pace of one process. `clock` is monotonic, `epoch` gives seconds since the epoch and decides what day it is."""

    def __init__(
        self, quota: Quota, *, clock: Callable[[], float] = time.monotonic, epoch: Callable[[], float] = time.time
    ) -> None:
        self._quota = quota
        self._clock = clock
        self._epoch = epoch
        self._flow = fresh(clock())
        self._day = epoch() // DAY
        self._spent = 0

    async def reserve(self, most: int | None) -> Slot:
        """The next free slot, taken. With `most`, only while fewer calls than that were spent today."""
        epoch = self._epoch()
        spent = self._spent_on(epoch // DAY)
        if most is not None and spent >= most:
            return Slot(wait=DAY - epoch % DAY, spent=spent, granted=False)
        now = self._clock()
        wait = wait_at(self._flow, self._quota, now)
        self._flow = reserved(self._flow, self._quota, now)
        self._spent = spent + 1
        return Slot(wait=wait, spent=self._spent)

    async def throttled(self, retry_after: float | None, age: float) -> None:
        """A call that was sent `age` seconds ago was answered 429."""
        self._flow = throttled(self._flow, self._quota, self._clock(), retry_after, age)

    async def standing(self) -> Standing:
        """How things are, without reserving anything."""
        now = self._clock()
        spent = self._spent_on(self._epoch() // DAY)
        return Standing(pace=pace_at(self._flow, now), spent=spent, wait=wait_at(self._flow, self._quota, now))

    def _spent_on(self, day: float) -> int:
        # A clock that is set back across midnight must not bring yesterday's budget again.
        if day > self._day:
            self._day, self._spent = day, 0
        return self._spent
