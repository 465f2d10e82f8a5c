"""What was forgotten, and when: an answer that was asked for before that is neither kept nor shown from a cache."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from bot.profiles.ports import Names, Tidings

CLOCKS_APART = 2.0
"""Seconds by which the clocks of two replicas may differ; what was asked for just after a burial isn't kept either."""

LONGEST_FLIGHT = 60.0
"""Seconds at most between a flight's start, which counts here, and the birth of its copy. (No DEADLINE is longer.)"""

MOST = 100_000


class Tombstones:
    """One for each name that was buried, of copies asked for under it and of XIDs alike.

    Args:
        tidings: how other replicas are told.
        everything: names that stand for all there is.
        clock: seconds since the epoch.
        kept: seconds for which a copy lives; a tombstone matters for as long, and a flight besides.
    """

    def __init__(self, tidings: Tidings, *, everything: Names, clock: Callable[[], float], kept: float) -> None:
        self._tidings = tidings
        self._everything = everything
        self._clock = clock
        self._kept = kept + LONGEST_FLIGHT + CLOCKS_APART
        self._buried: OrderedDict[str, float] = OrderedDict()

    async def bury(self, names: Names) -> bool:
        """Bury `names` here and in all replicas; False if those could not be told yet."""
        at = self._clock()
        self.heard(names, at)
        return await self._tidings.announce(names, at)

    async def bury_everything(self) -> bool:
        """As `bury`, for all that was asked for until now."""
        return await self.bury(self._everything)

    async def bury_also(self, marks: Names, names: Names) -> None:
        """Bury `marks` here and in all replicas, as of when one of `names` was: it turned out that they are the same person's."""
        at = max((self._buried.get(name, 0.0) for name in names), default=0.0)
        if any(self._buried.get(mark, 0.0) < at for mark in marks):
            self.heard(marks, at)
            await self._tidings.announce(marks, at)

    def mean_everything(self, names: Names) -> bool:
        """Whether `names` stand for all there is."""
        return not set(self._everything).isdisjoint(names)

    def heard(self, names: Names, at: float) -> None:
        """`names` were buried at `at`, here or elsewhere."""
        for name in names:
            self._buried[name] = max(at, self._buried.pop(name, at))
        while self._buried and (len(self._buried) > MOST or next(iter(self._buried.values())) < self._clock() - self._kept):
            self._buried.popitem(last=False)

    def cover(self, names: Names, started: float) -> bool:
        """Whether what is called any of `names` was buried since `started`, or so shortly before that no clock can tell."""
        if not self._buried:
            return False
        return any(self._buried.get(name, 0.0) + CLOCKS_APART >= started for name in (*names, *self._everything))
