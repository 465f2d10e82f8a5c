"""What is kept of the answers: entries in a memory that is bounded in bytes, and behind it the copies that replicas share."""

from __future__ import annotations

import asyncio
import math
import random
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from bot.errors import LookupFailed
from bot.flights import Flights
from bot.profiles.model import Profile
from bot.profiles.ports import Copy, Memory, Names, SharedCopies
from bot.profiles.tombstones import Tombstones
from bot.telemetry import unobserved

PROFILE = TypeAdapter(Profile)

ENTRY_OVERHEAD = 1_500
"""Bytes an entry takes besides its texts: the objects around them, measured with tracemalloc and rounded up."""

VALUES_WEIGH = 3
"""Bytes that a profile takes as values, for each byte of its JSON; measured with tracemalloc and rounded up."""

JITTER = 0.1

SWEPT_AFTER = 10.0
"""Seconds after which what was forgotten, and so isn't shown any more, leaves memory. One look at all serves for many tidings."""


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
    """A copy in memory, called `names`. Finished bodies hang on it, so they are gone when it is.

    `values` are the profile's as the source brought them, until they are opened for the first time: most entries never are again.
    """

    names: Names
    copy: Copy
    values: Profile | None = None
    bodies: dict[Hashable, str] = field(default_factory=dict)

    @property
    def profile(self) -> bytes | None:
        """The profile as JSON, None if nobody has the identity."""
        return self.copy.profile

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        profile = len(self.profile or b"") * (1 if self.values is None else 1 + VALUES_WEIGH)
        # A text takes up to four bytes a character, by its widest one.
        return ENTRY_OVERHEAD + profile + sum(map(sys.getsizeof, self.bodies.values()))

    def opened(self) -> Profile:
        """The profile as values. Only entries that have one may be asked."""
        values, self.values = self.values, None
        return PROFILE.validate_json(self.profile or b"") if values is None else values

    def ask_again(self) -> None:
        """Nobody else is shown this without the source being asked, once it isn't fresh any more."""
        self.copy = replace(self.copy, stale_until=self.copy.fresh_until)


@dataclass(frozen=True, slots=True)
class Buried:
    """What came of forgetting: how many copies this process had, and whether all replicas have been told."""

    copies: int
    told: bool


class ProfileCache:
    """Entries by name.

    Args:
        storage: this process's memory, an aiocache back end that keeps values as they are.
        shared: what replicas share.
        tombstones: what was forgotten.
        reads: flights in which shared copies are read, one at a time for each name; None where there are none to be read.
        lifetimes: how long an answer counts as what.
        clock: seconds since the epoch, so that replicas can share copies.
        marks_of: by what else a profile's person may be asked for.
        spread: a factor around 1 by which fresh and stale times vary, so that what came together doesn't turn stale together.
        observe: told of each look into a layer, "memory" or "shared", and what was there: "fresh", "stale", "old" or a "miss".
    """

    def __init__(
        self,
        storage: Memory,
        shared: SharedCopies,
        tombstones: Tombstones,
        *,
        reads: Flights[Entry | None] | None,
        lifetimes: Lifetimes,
        clock: Callable[[], float],
        marks_of: Callable[[Profile], Names],
        spread: Callable[[], float] = lambda: random.uniform(1 - JITTER, 1 + JITTER),  # noqa: S311 - no secret hangs on it
        observe: Callable[[str, str], None] = unobserved,
    ) -> None:
        self._storage = storage
        self._shared = shared
        self._tombstones = tombstones
        self._reads = reads
        self._lifetimes = lifetimes
        self._clock = clock
        self._marks_of = marks_of
        self._spread = spread
        self._observe = observe
        self._sweep: asyncio.Task[None] | None = None

    async def fresh(self, name: str) -> Entry | None:
        """The entry that memory has under its first name, if it is fresh: the short way, which most answers take."""
        entry: Entry | None = await self._storage.get(name)
        if entry is None or self._clock() >= entry.copy.fresh_until or not self.may_show(entry):
            return None
        self._observe("memory", "fresh")
        return entry

    async def get(self, names: Names) -> Entry | None:
        """The entry called `names`, fresh or not, from memory or else from what replicas share; None if there is none alive."""
        entry: Entry | None = await self._storage.get(names[0])
        if entry is not None and self.may_show(entry):
            self._observe("memory", self._age(entry))
            return entry
        self._observe("memory", "miss")
        return await (self._reads.join(names[0], lambda: self._read(names)) if self._reads else self._read(names))

    async def landed(self, names: Names, *, since: float, refresh: bool) -> Entry | None:
        """What another replica has brought since `since` (epoch), or, unless to `refresh`, what is still fresh.

        Raises:
            LookupFailed: it has just failed.
        """
        found = await self._shared.get(names)
        if isinstance(found, LookupFailed):
            raise found
        if found is None or not (found.fetched >= since or (self._clock() < found.fresh_until and not refresh)):
            return None
        return await self._adopted(names, found)

    async def put(self, names: Names, profile: Profile | None, *, started: float, valid_until: float | None = None) -> Entry:
        """Keep a profile that was asked for from `started` on, or that nobody was found; unless it was forgotten meanwhile.

        Until `valid_until` (epoch) at the latest it needs no asking. A profile of which a part is missing for a passing reason is
        fresh for a shorter time.
        """
        now = self._clock()
        times = self._lifetimes
        if profile is None:
            until = now + times.not_found
            copy = Copy(None, started, now, until, until, until)
        else:
            spread = self._spread()
            fresh = times.partial if any(each.why.passes for each in profile.missing) else times.fresh
            latest = valid_until or math.inf
            copy = Copy(
                PROFILE.dump_json(profile),
                started,
                now,
                fresh_until=min(now + fresh * spread, latest),
                stale_until=min(now + times.stale * spread, latest),
                expires=now + times.kept,
                marks=self._marks_of(profile),
            )
        entry = Entry(names, copy, values=profile)
        if self.may_show(entry):
            await self._keep(entry)
            await self._shared.put(names, copy)
        if not self.may_show(entry):  # forgotten meanwhile, perhaps by somebody who could not know yet whose identity it is
            await self._tombstones.bury_also(copy.marks, names)
            self._sweep_soon()
            await self._drop(names, copy.marks)
        return entry

    async def fail(self, names: Names, error: LookupFailed, ttl: float) -> None:
        """Share, for `ttl` seconds, that asking failed."""
        await self._shared.fail(names, error, ttl)

    async def reweigh(self, entry: Entry) -> None:
        """Count the bodies that were hung on `entry`, if it is still the one that is kept."""
        if await self._storage.get(entry.names[0]) is entry:
            await self._storage.reweigh(entry.names[0])

    async def forget(self, names: Names) -> Buried:
        """Whatever is called `names`, and whatever else is known of the same person, here and in all replicas."""
        shared = await self._bury(names)
        return Buried(await self._purge(), shared)

    async def absent(self, names: Names) -> None:
        """As `forget`, since nobody has that identity any more; memory is swept later, with others."""
        await self._bury(names)
        self._sweep_soon()

    async def forget_everything(self) -> Buried:
        """All copies of all customers, here and in all replicas."""
        shared = await self._tombstones.bury_everything()
        copies = await self._purge()
        await self._shared.drop_all()
        return Buried(copies, shared)

    async def heard(self, names: Names, at: float) -> None:
        """A replica was told at `at` to forget what is called `names`.

        What has been shared since then, by a flight that had not heard of it, goes too; and whatever else is known of the same
        person, since only this replica may know whose identity it is.
        """
        self.remember(names, at)
        if self._tombstones.mean_everything(names):
            await self._shared.drop_all()
            return
        marks = await self._marks_of_forgotten(names)
        await self._tombstones.bury_also(marks, names)
        found = await self._shared.get(names)
        # Whoever buried them because nobody was found has shared that by now, and it stays.
        told_anew = isinstance(found, Copy) and self.may_show(Entry(names, found))
        await self._shared.drop(() if told_anew else names, (*names, *marks))

    def remember(self, names: Names, at: float) -> None:
        """As `heard`, of what was announced before this process followed: whoever announced it has dropped what was shared."""
        self._tombstones.heard(names, at)
        self._sweep_soon()

    def may_show(self, entry: Entry) -> bool:
        """Whether `entry`, however long somebody has held it, may be shown: it was not forgotten meanwhile, nor is its life over.

        That nobody was found is told to whoever asks within its short life, forgotten or not: it says nothing about anyone.
        """
        copy = entry.copy
        if copy.expires <= self._clock():
            return False
        return copy.profile is None or not self._tombstones.cover((*entry.names, *copy.marks), copy.started)

    async def _bury(self, names: Names) -> bool:
        """Bury `names` and what else is known of the same person, and drop what is shared; whether all replicas were told."""
        entry = await self.get(names)
        marks = entry.copy.marks if entry else ()
        shared = await self._tombstones.bury((*names, *marks))
        await self._shared.drop(names, (*names, *marks))
        return shared

    async def _marks_of_forgotten(self, names: Names) -> Names:
        entries = [await self._storage.get(name) for name in names]
        return tuple(mark for entry in entries if entry is not None and not self.may_show(entry) for mark in entry.copy.marks)

    def _sweep_soon(self) -> None:
        if self._sweep is None:
            self._sweep = asyncio.create_task(self._sweep_later())

    async def _sweep_later(self) -> None:
        await asyncio.sleep(SWEPT_AFTER)
        self._sweep = None
        await self._purge()

    async def _purge(self) -> int:
        """Take what isn't shown any more out of this process's memory, and tell how much it was."""
        return await self._storage.discard(lambda entry: not self.may_show(entry))

    async def _read(self, names: Names) -> Entry | None:
        found = await self._shared.get(names)
        entry = await self._adopted(names, found) if isinstance(found, Copy) else None
        self._observe("shared", self._age(entry) if entry else "miss")
        return entry

    async def _adopted(self, names: Names, copy: Copy) -> Entry | None:
        entry = Entry(names, copy)
        if not self.may_show(entry):
            return None
        newer: Entry | None = await self._storage.get(names[0])
        if newer is not None and newer.copy.fetched >= copy.fetched and self.may_show(newer):
            return newer  # it came while this one was read
        await self._keep(entry)
        return entry

    def _age(self, entry: Entry) -> str:
        now = self._clock()
        if now < entry.copy.fresh_until:
            return "fresh"
        return "stale" if now < entry.copy.stale_until else "old"

    async def _keep(self, entry: Entry) -> None:
        await self._storage.set(entry.names[0], entry, ttl=max(entry.copy.expires - self._clock(), 0.001))

    async def _drop(self, names: Names, marks: Names) -> None:
        await self._storage.delete(names[0])
        await self._shared.drop(names, marks)
