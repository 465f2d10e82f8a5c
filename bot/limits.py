"""How often somebody may: the generic cell rate algorithm (GCRA), which also tells how long to wait.

Pure, but for the limiter in memory, which is given its clock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then one each `interval` seconds."""

    interval: float
    burst: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One more for `key`, which may have it at `rate`."""

    key: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Denied:
    """`claim` is exhausted; in `wait` seconds there is one more."""

    claim: Claim
    wait: float


class Limiter(Protocol):
    """Counts who did what how often."""

    async def take(self, claims: Sequence[Claim]) -> Denied | None:
        """Take one of each, or of none: then the claim with the longest wait is denied."""
        ...


TOLERANCE = 1e-3
"""Seconds that one may be early: sums of floating-point numbers are not exact, and a told wait must do."""


def arrival_after(arrival: float, rate: Rate, now: float) -> float:
    """The theoretical arrival time once one more is taken at `now`; `arrival` is that before."""
    return max(arrival, now) + rate.interval


def wait_for(after: float, rate: Rate, now: float) -> float:
    """Seconds until that may be taken which makes the theoretical arrival time `after`; 0 if it may at once."""
    wait = after - now - rate.burst * rate.interval
    return wait if wait > TOLERANCE else 0.0


class MemoryLimiter:
    """Counts for one process. `clock` is monotonic, in seconds.

    Keys that have their whole burst again are forgotten, and never more than `most` are known: beyond, those go first that were
    used least recently.
    """

    def __init__(self, *, clock: Callable[[], float], most: int = 100_000) -> None:
        self._clock = clock
        self._most = most
        self._arrivals: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are known."""
        return len(self._arrivals)

    async def take(self, claims: Sequence[Claim]) -> Denied | None:
        """Take one of each, or of none: then the claim with the longest wait is denied."""
        now = self._clock()
        arrivals = self._arrivals
        denied: Denied | None = None
        taken: dict[str, float] = {}
        for claim in claims:
            key, rate = claim.key, claim.rate
            after = arrival_after(taken[key] if key in taken else arrivals.get(key, now), rate, now)
            wait = wait_for(after, rate, now)
            if wait and (denied is None or wait > denied.wait):
                denied = Denied(claim, wait)
            taken[key] = after
        if denied is None:
            for key, after in taken.items():
                arrivals[key] = after
                arrivals.move_to_end(key)
        self._forget(now)
        return denied

    def _forget(self, now: float) -> None:
        arrivals = self._arrivals
        while arrivals:
            oldest = next(iter(arrivals))
            if arrivals[oldest] > now and len(arrivals) <= self._most:
                return
            del arrivals[oldest]
