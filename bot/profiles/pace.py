"""The pace at which the source may be called: the organisation's quota, halved when the source throttles, and a daily budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Quota:
    """`rate` calls a second, `burst` of them at once; `budget` calls a day (UTC), None for as many as one likes."""

    rate: float
    burst: int
    budget: int | None = None


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
    """How things are: `pace` is the part of the quota's rate that is used just now, `spent` today's calls, `wait` the seconds until
    the next permit.
    """

    pace: float
    spent: int
    wait: float


class Pace(Protocol):
    """Reserves permits, for one process or for all replicas."""

    async def reserve(self, most: int | None) -> Slot:
        """The next free slot, taken. With `most`, only while fewer calls than that were spent today."""
        ...

    async def throttled(self, retry_after: float | None, age: float) -> None:
        """A call that was sent `age` seconds ago was answered 429: halve the pace once for all that were sent before, and let nobody
        go for `retry_after` seconds.
        """
        ...

    async def standing(self) -> Standing:
        """How things are, without reserving anything."""
        ...
