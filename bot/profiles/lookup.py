"""An identity → an entry: cache, single flight, source, within one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from bot.errors import DeadlinePassed, LookupFailed, NotFound, SourceFailed, Throttled, Unreachable
from bot.flights import Flights
from bot.profiles.cache import Entry, ProfileCache
from bot.profiles.model import Profile
from bot.profiles.ports import ProfileSource
from bot.question import Identity
from bot.tasks import TaskSet
from bot.telemetry import new_reference

log = structlog.get_logger()

SOURCE_IS_DOWN = (Throttled, SourceFailed, Unreachable, DeadlinePassed)
"""Failures after which an old copy is better than none. A refusal is none of them: access may have been withdrawn."""


class State(StrEnum):
    """How an entry came to be shown."""

    ASKED = "asked"
    """The source was asked for it just now."""
    FRESH = "fresh"
    STALE = "stale"
    """Shown while it is being refreshed behind."""
    OLD = "old"
    """Shown because the source can't be reached."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that has a profile. `key` is where it is kept."""

    key: str
    entry: Entry
    state: State


class Lookup:
    """Finds profiles.

    `key_of` names an identity's place in the cache; `deadline` is how long a call to the source may take, in seconds; after a
    failed call its error is shared for `linger` seconds; `clock` gives seconds since the epoch; `valid_until` tells when time
    alone would change what a card says of a profile.
    """

    def __init__(
        self,
        source: ProfileSource,
        cache: ProfileCache,
        tasks: TaskSet,
        *,
        key_of: Callable[[Identity], str],
        clock: Callable[[], float],
        deadline: float,
        linger: float,
        valid_until: Callable[[Profile, float], float | None] = lambda _profile, _after: None,
    ) -> None:
        self._source = source
        self._cache = cache
        self._tasks = tasks
        self._key_of = key_of
        self._clock = clock
        self._deadline = deadline
        self._valid_until = valid_until
        self._flights: Flights[Entry] = Flights(tasks, linger=linger)

    async def __call__(self, identity: Identity, *, until: float, refresh: bool = False) -> Found:
        """The profile of whoever has `identity`, before the event loop's clock shows `until`.

        Raises:
            NotFound: nobody has it.
            LookupFailed: another of its leaves; there is no copy to show instead.
        """
        key = self._key_of(identity)
        kept = await self._cache.get(key)
        now = self._clock()
        if kept is not None and not refresh:
            if now < kept.fresh_until:
                return _found(key, kept, State.FRESH, identity)
            if now < kept.stale_until:
                self._tasks.start(self._refresh_behind(key, kept, identity))
                return _found(key, kept, State.STALE, identity)
        try:
            entry = await self._ask(key, identity, until)
        except SOURCE_IS_DOWN:
            if kept is None or kept.profile is None:
                raise
            return _found(key, kept, State.OLD, identity)
        return _found(key, entry, State.ASKED, identity)

    async def _ask(self, key: str, identity: Identity, until: float) -> Entry:
        asked = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(until):
                return await self._flights.join(key, lambda: self._fetch(key, identity))
        except TimeoutError:
            raise DeadlinePassed(deadline=max(until - asked, 0.0)) from None

    async def _refresh_behind(self, key: str, kept: Entry, identity: Identity) -> None:
        try:
            await self._flights.join(key, lambda: self._fetch(key, identity))
        except SOURCE_IS_DOWN as error:
            log.warning("refresh_failed", kind=error.kind, flight=error.flight)
        except LookupFailed as error:
            # Refused: access may have been withdrawn, so nobody else sees the copy without asking.
            kept.stale_until = kept.fresh_until
            log.warning("refresh_failed", kind=error.kind, flight=error.flight)
        except Exception as error:  # noqa: BLE001 - nobody waits for it, so nobody else would hear of it
            log.error("refresh_failed", exception=type(error).__name__)

    async def _fetch(self, key: str, identity: Identity) -> Entry:
        """One flight: it has its own deadline and reference, not those of whoever happened to ask first."""
        flight = new_reference()
        structlog.contextvars.bind_contextvars(flight=flight)  # of this task alone: a flight is one
        try:
            async with asyncio.timeout(self._deadline):
                profile = await self._source.fetch(identity)
        except NotFound:
            return await self._cache.put(key, None)
        except TimeoutError:
            raise _in_flight(DeadlinePassed(deadline=self._deadline), flight) from None
        except LookupFailed as error:
            raise _in_flight(error, flight) from None
        return await self._cache.put(key, profile, valid_until=self._valid_until(profile, self._clock()))


def _found(key: str, entry: Entry, state: State, identity: Identity) -> Found:
    if entry.profile is None:
        raise NotFound(identity=identity)
    return Found(key, entry, state)


def _in_flight(error: LookupFailed, flight: str) -> LookupFailed:
    error.flight = flight
    log.warning("flight_failed", kind=error.kind, flight=flight)
    return error
