"""Whatever is asked, kept and forgotten in whatever order: the cache is what a small model says, by a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import looptime
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.profiles.cache import SWEPT_AFTER, Entry
from bot.profiles.ports import Names
from bot.profiles.tombstones import CLOCKS_APART, LONGEST_FLIGHT
from tests.factories import EPOCH, LIFETIMES, profile
from tests.profiles.replicas import EVERYTHING, Bus, Replica, Shared

T = TypeVar("T")

PEOPLE = {"ada's address": "ada", "ada's number": "ada", "bob's address": "bob"}
NEVER = float("-inf")


@dataclass(frozen=True)
class Flight:
    """The source is being asked for `name`, on behalf of the replica with this `number`."""

    name: str
    number: int
    started: float


@dataclass(frozen=True)
class Brought:
    """What a flight has brought, and when; `found` unless nobody was."""

    flight: Flight
    at: float
    found: bool

    @property
    def expires(self) -> float:
        return self.at + (LIFETIMES.kept if self.found else LIFETIMES.not_found)


class CacheAgainstAModel(RuleBasedStateMachine):
    """Two replicas. The model knows what was brought and what was buried, and nothing of how either is kept."""

    names = st.sampled_from(sorted(PEOPLE))
    replicas = st.sampled_from([0, 1])

    @initialize()
    def start(self) -> None:
        self.loop = looptime.new_event_loop()
        self.parked: list[asyncio.Future[None]] = []
        self.shared, self.bus = Shared(self.now), Bus(self.on_the_way)
        self.replica = [Replica(self.shared, self.bus, self.now) for _ in range(2)]
        self.flights: list[Flight] = []
        self.brought: list[Brought] = []

    def now(self) -> float:
        return EPOCH + self.loop.time()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def on_the_way(self) -> None:
        self.parked.append(parked := self.loop.create_future())
        await parked

    async def settled(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    def last_burial(self, number: int, name: str) -> float:
        """When the person called `name` was buried last, as far as this replica knows."""
        return _last(name, self.bus.known[self.replica[number]])

    # What may happen

    @rule(name=names, number=replicas)
    def depart(self, name: str, number: int) -> None:
        self.flights.append(Flight(name, number, self.now()))

    @precondition(lambda self: bool(self.flights))
    @rule(which=st.integers(0, 9), found=st.booleans() | st.just(True))
    def land(self, which: int, found: bool) -> None:
        flight = self.flights.pop(which % len(self.flights))
        assume(self.now() - flight.started <= LONGEST_FLIGHT)
        cache = self.replica[flight.number].cache
        if found:
            customer = profile(xid=PEOPLE[flight.name])
            entry = self.run(cache.put((flight.name,), customer, started=flight.started))
            times = (LIFETIMES.fresh, LIFETIMES.stale, LIFETIMES.kept)
        else:
            self.forget(flight.name, flight.number)
            entry = self.run(cache.put((flight.name,), None, started=flight.started))
            times = (LIFETIMES.not_found,) * 3
        self.brought.append(Brought(flight, self.now(), found))
        copy = entry.copy

        assert (copy.fresh_until, copy.stale_until, copy.expires) == tuple(self.now() + each for each in times)

    @rule(name=names, number=replicas)
    def ask(self, name: str, number: int) -> None:
        self.check(name, number)

    @rule(name=names, number=replicas)
    def forget(self, name: str, number: int) -> None:
        self.run(self.replica[number].cache.forget((name,)))

        assert not any(PEOPLE[entry.names[0]] == PEOPLE[name] for entry in self.kept_before(number, name, self.now()))

    @rule(number=replicas)
    def forget_everything(self, number: int) -> None:
        self.run(self.replica[number].cache.forget_everything())

        assert (self.profiles_of(number), self.shared.copies) == ([], {})

    @precondition(lambda self: bool(self.parked))
    @rule(which=st.integers(0, 9))
    def tidings_arrive(self, which: int) -> None:
        self.parked.pop(which % len(self.parked)).set_result(None)
        self.run(self.settled())

    @rule(seconds=st.sampled_from([1.0, 5.0, 31.0, 61.0, 3600.0, 86_400.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule()
    def all_is_quiet(self) -> None:
        """Then nobody who was forgotten anywhere is left anywhere, but for what was asked for afterwards."""
        while self.parked:
            self.tidings_arrive(0)
        self.run(asyncio.sleep(SWEPT_AFTER + 1))
        for entry in (*self.profiles_of(0), *self.profiles_of(1)):
            assert entry.copy.started > _last(entry.names[0], self.bus.told)
        for name, copy in self.shared.copies.items():
            assert copy.profile is None or copy.started > _last(name, self.bus.told)

    # What must hold

    @invariant()
    def nobody_is_shown_who_was_forgotten(self) -> None:
        if hasattr(self, "loop"):
            for number in (0, 1):
                for name in PEOPLE:
                    self.check(name, number)

    def check(self, name: str, number: int) -> None:
        entry = self.run(self.replica[number].cache.get((name,)))
        if entry is not None:
            assert self.now() < entry.copy.expires
            assert entry.profile is None or entry.copy.started > self.last_burial(number, name)
        newest = self.newest_that_nothing_covers(name, number)
        if newest is not None:
            assert entry is not None
            assert entry.copy.fetched >= newest.at

    def newest_that_nothing_covers(self, name: str, number: int) -> Brought | None:
        """What this replica itself brought last, if neither time nor any burial, told or untold, concerns it."""
        own = [each for each in self.brought if (each.flight.name, each.flight.number) == (name, number)]
        if not own or self.now() >= own[-1].expires:
            return None
        return own[-1] if own[-1].flight.started > _last(name, self.bus.told) + CLOCKS_APART else None

    def profiles_of(self, number: int) -> list[Entry]:
        return [entry for entry in self.run(self.replica[number].remembered()) if entry.profile]

    def kept_before(self, number: int, name: str, at: float) -> list[Entry]:
        return [entry for entry in self.profiles_of(number) if entry.names == (name,) and entry.copy.started <= at]

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            while self.parked:
                self.parked.pop().set_result(None)
                self.run(self.settled())
            self.loop.close()


def _last(name: str, burials: list[tuple[Names, float]]) -> float:
    """When the person called `name` was buried last, among these."""
    concerned = {name, f"xid {PEOPLE[name]}", *EVERYTHING}
    return max((at for names, at in burials if concerned & set(names)), default=NEVER)


TestCacheAgainstAModel = CacheAgainstAModel.TestCase
TestCacheAgainstAModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
