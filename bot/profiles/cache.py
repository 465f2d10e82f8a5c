"""What is kept of the answers: entries with a life of their own, in a memory that is bounded in bytes."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from bot.profiles.model import Profile
from bot.profiles.ports import Storage

PROFILE = TypeAdapter(Profile)

ENTRY_OVERHEAD = 1_000
"""Bytes an entry takes besides its texts: the objects around them, measured with tracemalloc and rounded up."""

JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long an answer counts as what, in seconds.

    Fresh: returned as it is. Stale: returned, and refreshed behind. Kept: shown only if the source can't be reached.
    """

    fresh: float
    stale: float
    kept: float
    not_found: float
    partial: float = 10.0


@dataclass(slots=True, eq=False)
class Entry:
    """An answer of the source. Times are seconds since the epoch, so that replicas can share entries.

    `profile` is the profile as JSON, None if nobody has the identity. Finished bodies hang on it, so they are gone when it is.
    """

    profile: bytes | None
    fetched: float
    fresh_until: float
    stale_until: float
    expires: float
    bodies: dict[Hashable, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        # A text takes up to four bytes a character, by its widest one.
        return ENTRY_OVERHEAD + len(self.profile or b"") + sum(map(sys.getsizeof, self.bodies.values()))

    def opened(self) -> Profile:
        """The profile as values. Only entries that have one may be asked."""
        return PROFILE.validate_json(self.profile or b"")


class ProfileCache:
    """Entries by key, in an aiocache back end that keeps values as they are.

    `clock` gives seconds since the epoch, `spread` a factor around 1 by which fresh and stale times vary, so that entries that
    came together do not all turn stale together.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        lifetimes: Lifetimes,
        clock: Callable[[], float],
        spread: Callable[[], float] = lambda: random.uniform(1 - JITTER, 1 + JITTER),  # noqa: S311 - no secret hangs on it
    ) -> None:
        self._storage = storage
        self._lifetimes = lifetimes
        self._clock = clock
        self._spread = spread

    async def get(self, key: str) -> Entry | None:
        """The entry kept for `key`, fresh or not; None if there is none or its life is over."""
        entry: Entry | None = await self._storage.get(key)
        return entry if entry is not None and entry.expires > self._clock() else None

    async def put(self, key: str, profile: Profile | None, *, valid_until: float | None = None) -> Entry:
        """Keep a profile, or that nobody was found. Until `valid_until` (epoch) at the latest it needs no asking.

        A profile of which a part is missing for a passing reason is fresh for a shorter time.
        """
        now = self._clock()
        times = self._lifetimes
        if profile is None:
            entry = Entry(None, now, now + times.not_found, now + times.not_found, now + times.not_found)
        else:
            spread = self._spread()
            fresh = times.partial if any(each.why.passes for each in profile.missing) else times.fresh
            latest = valid_until or math.inf
            fresh_until, stale_until = min(now + fresh * spread, latest), min(now + times.stale * spread, latest)
            entry = Entry(PROFILE.dump_json(profile), now, fresh_until, stale_until, now + times.kept)
        await self._keep(key, entry)
        return entry

    async def reweigh(self, key: str, entry: Entry) -> None:
        """Count the bodies that were hung on `entry`, if it is still the one kept for `key`."""
        if await self._storage.get(key) is entry:
            await self._keep(key, entry)

    async def _keep(self, key: str, entry: Entry) -> None:
        await self._storage.set(key, entry, ttl=max(entry.expires - self._clock(), 0.001))
