"""An identity → an entry: cache, single flight, quota, source, within one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum

import structlog

from bot.errors import (
    BudgetSpent,
    Busy,
    DeadlinePassed,
    LookupFailed,
    NotFound,
    SourceDown,
    SourceFailed,
    Throttled,
    Unreachable,
)
from bot.flights import Flights
from bot.profiles.cache import Entry, ProfileCache
from bot.profiles.model import Profile
from bot.profiles.ports import Leases, Names, ProfileSource
from bot.profiles.quota import FlightTurn, Turns
from bot.question import Identity, Lane, Rank
from bot.tasks import TaskSet
from bot.telemetry import new_reference, unobserved
from bot.tracing import Trace, untraced

log = structlog.get_logger()

SOURCE_IS_DOWN = (Throttled, Busy, BudgetSpent, SourceDown, SourceFailed, Unreachable, DeadlinePassed)
"""Failures after which an old copy is better than none. A refusal is none of them: access may have been withdrawn."""

BEHIND = Rank(Lane.BEHIND, "")

FIRST_LOOK, LONGEST_PAUSE = 0.01, 0.1
"""Seconds between looks at what another replica brings; each pause is twice the one before."""


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
    """An entry that has a profile."""

    entry: Entry
    state: State


@dataclass(slots=True)
class Flight:
    """One call to the source, under way: it has its own deadline and reference, not those of whoever happened to ask first.

    To `refresh`, what another replica brought before is not enough.
    """

    names: Names
    identity: Identity
    refresh: bool
    reference: str
    turn: FlightTurn


class Lookup:
    """Finds profiles.

    Args:
        source: where they come from.
        cache: what is kept of them.
        tasks: flights run here, and copies are refreshed.
        turns: who may ask the source, and when.
        leases: which replica asks.
        names_of: an identity's names in the cache.
        key_of: the first of them, for which the others need not be worked out.
        clock: seconds since the epoch.
        deadline: seconds that a flight may take.
        linger: seconds for which a failed flight's error is shared.
        valid_until: when time alone would change what a card says of a profile (epoch).
        observe: told what came of each flight: "asked", "shared" (another replica had asked) or "failed", with the error.
        trace: records each flight.
    """

    def __init__(
        self,
        source: ProfileSource,
        cache: ProfileCache,
        tasks: TaskSet,
        turns: Turns,
        leases: Leases,
        *,
        names_of: Callable[[Identity], Names],
        key_of: Callable[[Identity], str] | None = None,
        clock: Callable[[], float],
        deadline: float,
        linger: float,
        valid_until: Callable[[Profile, float], float | None] = lambda _profile, _after: None,
        observe: Callable[[str, LookupFailed | None], None] = unobserved,
        trace: Trace = untraced,
    ) -> None:
        self._source = source
        self._cache = cache
        self._tasks = tasks
        self._turns = turns
        self._leases = leases
        self._names_of = names_of
        self._key_of = key_of or (lambda identity: names_of(identity)[0])
        self._clock = clock
        self._deadline = deadline
        self._linger = linger
        self._valid_until = valid_until
        self._observe = observe
        self._trace = trace
        self._flights: Flights[Entry] = Flights(tasks, linger=linger, lasting=_concerns_all)
        self._aloft: dict[str, Flight] = {}

    async def __call__(self, identity: Identity, rank: Rank, *, until: float, refresh: bool = False) -> Found:
        """The profile of whoever has `identity`, before the event loop's clock shows `until`.

        Raises:
            NotFound: nobody has it.
            LookupFailed: another of its leaves; there is no copy to show instead.
        """
        if not refresh and (fresh := await self._cache.fresh(self._key_of(identity))) is not None:
            return _found(fresh, State.FRESH, identity)
        names = self._names_of(identity)
        kept = await self._cache.get(names)
        now = self._clock()
        if kept is not None and not refresh:
            if now < kept.copy.fresh_until:
                return _found(kept, State.FRESH, identity)
            if now < kept.copy.stale_until:
                self._tasks.start(self._refresh_behind(kept, identity))
                return _found(kept, State.STALE, identity)
        try:
            entry = await self._ask(names, identity, rank, until, refresh)
        except SOURCE_IS_DOWN:
            if kept is None or kept.profile is None or not self._cache.may_show(kept):
                raise
            return _found(kept, State.OLD, identity)
        return _found(entry, State.ASKED, identity)

    async def _ask(self, names: Names, identity: Identity, rank: Rank, until: float, refresh: bool) -> Entry:
        asked = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(until):
                return await self._join(names, identity, rank, refresh)
        except TimeoutError:
            raise DeadlinePassed(deadline=max(until - asked, 0.0)) from None

    async def _refresh_behind(self, kept: Entry, identity: Identity) -> None:
        try:
            await self._join(kept.names, identity, BEHIND, refresh=False)
        except SOURCE_IS_DOWN as error:
            log.warning("refresh_failed", kind=error.kind, flight=error.flight)
        except LookupFailed as error:
            kept.ask_again()  # refused: access may have been withdrawn
            log.warning("refresh_failed", kind=error.kind, flight=error.flight)
        except Exception as error:  # noqa: BLE001 - nobody waits for it, so nobody else would hear of it
            log.error("refresh_failed", exception=type(error).__name__)

    async def _join(self, names: Names, identity: Identity, rank: Rank, refresh: bool) -> Entry:
        """The flight under way for `names`, else a new one. Whoever joins lends it a better place, if theirs is better."""
        if aloft := self._aloft.get(names[0]):
            aloft.turn.shared_with(rank)
            aloft.refresh |= refresh
        return await self._flights.join(names[0], lambda: self._depart(names, identity, rank, refresh))

    def _depart(self, names: Names, identity: Identity, rank: Rank, refresh: bool) -> Coroutine[None, None, Entry]:
        until = asyncio.get_running_loop().time() + self._deadline
        turn = self._turns.turn(rank, until=until, calls=self._source.calls)
        self._aloft[names[0]] = flight = Flight(names, identity, refresh, new_reference(), turn)
        return self._fly(flight)

    async def _fly(self, flight: Flight) -> Entry:
        structlog.contextvars.bind_contextvars(flight=flight.reference)  # of this task alone: a flight is one
        try:
            with self._trace("flight", flight=flight.reference):
                return await self._fetch(flight)
        except LookupFailed as error:
            error.flight = error.flight or flight.reference  # whoever shares another replica's failure is told its reference
            log.warning("flight_failed", kind=error.kind, flight=error.flight)
            self._observe("failed", error)
            raise
        finally:
            del self._aloft[flight.names[0]]

    async def _fetch(self, flight: Flight) -> Entry:
        """Ask the source, unless another replica is doing so: what that brings is awaited, or its place taken if it dies."""
        since, pause = self._clock(), FIRST_LOOK
        while True:
            async with self._leases.lease(flight.names) as leading:
                landed = await self._cache.landed(flight.names, since=since, refresh=flight.refresh)
                if landed is not None:
                    self._observe("shared", None)
                    return landed
                if leading:
                    return await self._ask_source(flight)
            if asyncio.get_running_loop().time() + pause >= flight.turn.until:
                raise DeadlinePassed(deadline=self._deadline)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _ask_source(self, flight: Flight) -> Entry:
        """What comes of it is kept and shared, success and failure alike."""
        started = self._clock()
        try:
            async with asyncio.timeout_at(flight.turn.until):
                await self._source.prepare(flight.turn)
                async with flight.turn:
                    profile = await self._source.fetch(flight.identity, flight.turn)
        except NotFound:
            self._observe("asked", None)
            await self._cache.absent(flight.names)
            return await self._cache.put(flight.names, None, started=started)
        except (LookupFailed, TimeoutError) as error:
            failed = error if isinstance(error, LookupFailed) else DeadlinePassed(deadline=self._deadline)
            failed.flight = flight.reference
        else:
            self._observe("asked", None)
            valid_until = self._valid_until(profile, self._clock())
            return await self._cache.put(flight.names, profile, started=started, valid_until=valid_until)
        if _concerns_all(failed):
            await self._cache.fail(flight.names, failed, self._linger)
        raise failed


def _concerns_all(error: BaseException) -> bool:
    """Whether whoever asked instead would have met the same: others may go first, or have more left of the budget."""
    return not isinstance(error, Busy | BudgetSpent)


def _found(entry: Entry, state: State, identity: Identity) -> Found:
    if entry.profile is None:
        raise NotFound(identity=identity)
    return Found(entry, state)
