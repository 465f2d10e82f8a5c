"""Forgetting wins every race: each scenario is played once for each order in which its steps can happen.

Two replicas share copies and tidings; every exchange with either, and with the source, has steps between which anything else may
happen. Between two steps more time passes than clocks may be apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from bot.profiles.cache import SWEPT_AFTER, Entry
from bot.profiles.model import Profile
from bot.profiles.ports import Names
from tests.factories import profile
from tests.profiles.replicas import EVERYTHING, Bus, Clock, Replica, Shared, Steps, every_order, marks_of

pytestmark = pytest.mark.looptime

ADDRESS, NUMBER = ("ada's address", "her address by an older key"), ("ada's number",)
ADA = profile()
MOST = 250
BOB, BOBS = profile(xid="invented bob"), ("bob's address",)


@dataclass
class Scene:
    """Two replicas, in which everything takes steps."""

    clock: Clock
    steps: Steps
    shared: Shared
    bus: Bus
    one: Replica
    other: Replica

    @classmethod
    def set(cls, clock: Clock, steps: Steps) -> Scene:
        shared, bus = Shared(clock, steps), Bus(steps)
        return cls(clock, steps, shared, bus, Replica(shared, bus, clock), Replica(shared, bus, clock))

    async def given(self, replica: Replica, names: Names, customer: Profile = ADA, *, only_in_memory: bool = False) -> None:
        """Before it begins, `replica` has brought somebody."""
        self.shared.step, step = _no_step, self.shared.step
        await replica.cache.put(names, customer, started=self.clock())
        self.shared.step = step
        if only_in_memory:
            del self.shared.copies[names[0]]
        self.clock.now += 60

    async def flight(self, replica: Replica, names: Names, customer: Profile | None = ADA) -> None:
        """The source is asked, and says after a while what it knew."""
        started = self.clock()
        await self.steps()
        if customer is None:
            await replica.cache.forget(names)
        await replica.cache.put(names, customer, started=started)

    async def quiet(self) -> None:
        """Nothing is under way any more."""
        assert len(self.bus.tasks) == 0
        self.shared.step = _no_step
        await asyncio.sleep(SWEPT_AFTER + 1)

    @property
    def buried(self) -> float:
        """When it was told first that somebody is to be forgotten."""
        return min(at for _, at in self.bus.told)

    async def left(self) -> list[tuple[Names, float]]:
        """Which copies are left that were asked for before, in any memory or among what is shared; Bob's may be."""
        spared = () if EVERYTHING in (names for names, _ in self.bus.told) else marks_of(BOB)
        remembered = [(entry.names, entry.copy) for replica in (self.one, self.other) for entry in await replica.remembered()]
        copies = [*remembered, *(((name,), copy) for name, copy in self.shared.copies.items())]
        return [
            (names, copy.started)
            for names, copy in copies
            if copy.profile and copy.started <= self.buried and copy.marks != spared
        ]

    async def shown(self, *asked: Names) -> list[Entry]:
        """What either replica shows without asking the source, though it was asked for before."""
        entries = [await replica.cache.get(names) for replica in (self.one, self.other) for names in asked]
        return [entry for entry in entries if entry and entry.profile and entry.copy.started <= self.buried]


async def _no_step() -> None:
    pass


async def played(scenario: Callable[[Scene], Awaitable[None]], *, fewest: int) -> None:
    """In each order; at the end nothing is left of Ada but what was asked for after she was forgotten."""

    async def play(clock: Clock, steps: Steps) -> None:
        scene = Scene.set(clock, steps)
        await scenario(scene)
        await scene.quiet()

        assert (await scene.left(), await scene.shown(ADDRESS, NUMBER)) == ([], [])

    assert await every_order(play, most=MOST) >= fewest


async def test_flight_here_forgotten_there() -> None:
    """A flight that began in one replica before another was told to forget keeps nothing, whenever the tidings arrive."""

    async def scenario(scene: Scene) -> None:
        await scene.steps.run(scene.flight(scene.one, ADDRESS), scene.other.cache.forget(ADDRESS))

    await played(scenario, fewest=50)


async def test_flight_here_forgotten_here() -> None:
    """So it is where the flight itself is; and what another replica reads meanwhile doesn't stay there either."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.one, ADDRESS)
        await scene.steps.run(scene.flight(scene.one, ADDRESS), scene.one.cache.forget(ADDRESS), scene.other.cache.get(ADDRESS))

    await played(scenario, fewest=50)


async def test_read_there_while_forgotten_here() -> None:
    """A copy that a replica is reading when it is forgotten elsewhere isn't shown by it once it has heard."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.one, ADDRESS)
        await scene.given(scene.one, NUMBER)
        await scene.steps.run(scene.other.cache.get(ADDRESS), scene.other.cache.get(NUMBER), scene.one.cache.forget(ADDRESS))

    await played(scenario, fewest=50)


async def test_other_identity_in_flight() -> None:
    """Who is forgotten by one identity isn't kept by another, for which a flight is up in another replica."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.other, NUMBER)
        await scene.steps.run(scene.flight(scene.one, ADDRESS), scene.other.cache.forget(NUMBER))

    await played(scenario, fewest=50)


async def test_whose_it_is_turns_out_later() -> None:
    """Who is forgotten while nobody knows yet whose identity it is goes by the others too, once a flight has told."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.one, NUMBER)
        await scene.given(scene.other, NUMBER, only_in_memory=True)
        await scene.steps.run(scene.flight(scene.one, ADDRESS), scene.other.cache.forget(ADDRESS))

    await played(scenario, fewest=50)


async def test_not_found_by_one_identity() -> None:
    """Who isn't found any more by one identity isn't kept by another that was asked for before, in whichever replica."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.one, NUMBER)
        await scene.steps.run(scene.flight(scene.one, NUMBER, None), scene.flight(scene.other, ADDRESS))

    await played(scenario, fewest=50)


async def test_uninstalled() -> None:
    """When everything is forgotten, what flights bring that were up before goes as well, in either replica."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.other, BOBS, BOB)
        await scene.steps.run(
            scene.flight(scene.one, ADDRESS), scene.flight(scene.other, NUMBER), scene.one.cache.forget_everything()
        )

    await played(scenario, fewest=50)


async def test_uninstalled_elsewhere() -> None:
    """So it is where the event came to another replica than the flight."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.one, NUMBER)
        await scene.steps.run(scene.flight(scene.one, ADDRESS), scene.other.cache.forget_everything())

    await played(scenario, fewest=50)


async def test_told_twice() -> None:
    """Two replicas may be told at once."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.one, ADDRESS)
        await scene.steps.run(scene.one.cache.forget(ADDRESS), scene.other.cache.forget(ADDRESS))

    await played(scenario, fewest=50)


async def test_others_stay() -> None:
    """Whoever else is kept stays, in any order."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.one, ADDRESS)
        await scene.given(scene.one, BOBS, BOB)
        await scene.steps.run(scene.other.cache.get(BOBS), scene.other.cache.forget(ADDRESS))
        scene.shared.step = _no_step
        entries = [await replica.cache.get(BOBS) for replica in (scene.one, scene.other)]

        assert [entry.opened() for entry in entries if entry] == [BOB, BOB]

    await played(scenario, fewest=50)


async def test_asked_anew() -> None:
    """Who is asked for after having been forgotten everywhere is kept again."""

    async def scenario(scene: Scene) -> None:
        await scene.given(scene.one, ADDRESS)
        await scene.steps.run(scene.other.cache.forget(ADDRESS))
        await scene.steps.run(scene.flight(scene.one, ADDRESS), scene.flight(scene.other, NUMBER))
        scene.shared.step = _no_step
        entries = [await replica.cache.get(names) for replica in (scene.one, scene.other) for names in (ADDRESS, NUMBER)]

        assert [entry.opened() for entry in entries if entry] == [ADA] * 4

    await played(scenario, fewest=50)
