"""Replicas of one service, and what they share: fakes that keep the ports' promises, as slowly as a test wants."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from bot.errors import LookupFailed
from bot.flights import Flights
from bot.memory import BoundedMemory
from bot.profiles.cache import Entry, Lifetimes, ProfileCache
from bot.profiles.model import Profile
from bot.profiles.ports import Copy, Names, SharedCopies
from bot.profiles.tombstones import Tombstones
from bot.tasks import TaskSet
from tests.factories import EPOCH, LIFETIMES

Step = Callable[[], Awaitable[None]]
EVERYTHING = ("everything",)
LEASE = 2.0
"""Seconds after which the lease of a holder who died runs out."""


async def at_once() -> None:
    """A step that takes no time."""


def marks_of(profile: Profile) -> Names:
    return (f"xid {profile.xid}",)


@dataclass
class Clock:
    now: float = EPOCH

    def __call__(self) -> float:
        return self.now


def by_the_loop() -> float:
    """Seconds since the epoch, by the running loop's clock."""
    return EPOCH + asyncio.get_running_loop().time()


@dataclass
class Shared:
    """`SharedCopies` in memory. Each call takes a `step` on one side of its effect, and putting on both."""

    clock: Callable[[], float]
    step: Step = at_once
    copies: dict[str, Copy] = field(default_factory=dict)
    failures: dict[str, tuple[LookupFailed, float]] = field(default_factory=dict)
    gets: int = 0

    async def get(self, names: Names) -> Copy | LookupFailed | None:
        self.gets += 1
        found = max(self._copies(names), key=lambda copy: copy.fetched, default=None) or self._failure(names)
        await self.step()
        return found

    async def put(self, names: Names, copy: Copy) -> None:
        await self.step()
        self.copies[names[0]] = copy
        await self.step()

    async def fail(self, names: Names, error: LookupFailed, ttl: float) -> None:
        self.failures[names[0]] = (error, self.clock() + ttl)

    async def drop(self, names: Names, marks: Names) -> None:
        await self.step()
        self.copies = {name: copy for name, copy in self.copies.items() if name not in names and not set(copy.marks) & set(marks)}
        await self.step()

    async def drop_all(self) -> None:
        await self.step()
        self.copies = {}

    def _copies(self, names: Names) -> list[Copy]:
        copies = [self.copies[name] for name in names if name in self.copies]
        return [copy for copy in copies if self.clock() < copy.expires]

    def _failure(self, names: Names) -> LookupFailed | None:
        failures = (self.failures[name] for name in names if name in self.failures)
        return next((error for error, until in failures if self.clock() < until), None)


class Leases:
    """`Leases` in memory. A holder that has `died` never gives its lease back: it runs out."""

    def __init__(self, clock: Callable[[], float] = by_the_loop) -> None:
        self._clock = clock
        self._held: dict[str, float] = {}

    def hold(self, names: Names, *, alive: bool = True) -> None:
        """Some replica holds the lease; if it isn't alive any more, not for long."""
        self._held[names[0]] = float("inf") if alive else self._clock() + LEASE

    def release(self, names: Names) -> None:
        self._held.pop(names[0], None)

    @asynccontextmanager
    async def lease(self, names: Names) -> AsyncIterator[bool]:
        if self._held.get(names[0], 0.0) > self._clock():
            yield False
            return
        self.hold(names)
        try:
            yield True
        finally:
            self.release(names)


class Bus:
    """Carries tidings from replica to replica; each takes one `step` on its way. `told` are those that were announced,
    `known` those of which a replica knows.
    """

    def __init__(self, step: Step = at_once, *, reachable: bool = True) -> None:
        self.reachable = reachable
        self.told: list[tuple[Names, float]] = []
        self.known: dict[Replica, list[tuple[Names, float]]] = {}
        self.tasks = TaskSet()
        self._step = step
        self._replicas: list[Replica] = []

    def connect(self, replica: Replica) -> Line:
        self._replicas.append(replica)
        self.known[replica] = []
        return Line(self, replica)

    def carry(self, sender: Replica, names: Names, at: float) -> bool:
        if self.reachable:
            self.told.append((names, at))
            self.known[sender].append((names, at))
            for replica in self._replicas:
                if replica is not sender:
                    self.tasks.start(self._deliver(replica, names, at))
        return self.reachable

    async def _deliver(self, replica: Replica, names: Names, at: float) -> None:
        await self._step()
        self.known[replica].append((names, at))
        await replica.cache.heard(names, at)


@dataclass(frozen=True)
class Line:
    """One replica's `Tidings`."""

    bus: Bus
    replica: Replica

    async def announce(self, names: Names, at: float) -> bool:
        return self.bus.carry(self.replica, names, at)


class Replica:
    """A process: its own memory and tombstones, over what all share."""

    def __init__(
        self,
        shared: SharedCopies,
        bus: Bus,
        clock: Callable[[], float],
        *,
        lifetimes: Lifetimes = LIFETIMES,
        observe: Callable[[str, str], None] = lambda _layer, _result: None,
    ) -> None:
        self.clock = clock
        self.tasks = TaskSet()
        self.memory = BoundedMemory(most=1_000)
        self.tombstones = Tombstones(bus.connect(self), everything=EVERYTHING, clock=clock, kept=lifetimes.kept)
        self.cache = ProfileCache(
            self.memory,
            shared,
            self.tombstones,
            reads=Flights(self.tasks),
            lifetimes=lifetimes,
            clock=clock,
            marks_of=marks_of,
            spread=lambda: 1.0,
            observe=observe,
        )

    async def remembered(self) -> list[Entry]:
        """All that is in its memory, shown or not."""
        found: list[Entry] = []

        def look(entry: object) -> bool:
            assert isinstance(entry, Entry)
            found.append(entry)
            return False

        await self.memory.discard(look)
        return found


class Steps:
    """Holds back everybody who takes a step, and lets one at a time go on: whom, `choose` tells among how many."""

    def __init__(self, choose: Callable[[int], int], clock: Clock) -> None:
        self._choose = choose
        self._clock = clock
        self._parked: list[asyncio.Future[None]] = []

    async def __call__(self) -> None:
        self._parked.append(parked := asyncio.get_running_loop().create_future())
        await parked

    async def run(self, *actors: Coroutine[object, object, object]) -> None:
        """Until nobody takes a step any more. Between two of them more time passes than clocks may be apart."""
        running = [asyncio.create_task(actor) for actor in actors]
        while await self._somebody_waits():
            self._clock.now += 3
            self._parked.pop(self._choose(len(self._parked))).set_result(None)
        await asyncio.gather(*running)

    async def _somebody_waits(self) -> bool:
        for _ in range(8):
            await asyncio.sleep(0)
        return bool(self._parked)


async def every_order(scenario: Callable[[Clock, Steps], Awaitable[None]], *, most: int) -> int:
    """Play a scenario once for each order in which its steps can be taken, and tell how many those are.

    Where they are more than `most`, as many are drawn instead, always the same ones.
    """
    schedule: list[int] = []
    for played in range(1, most + 1):
        taken: list[tuple[int, int]] = []
        await scenario(clock := Clock(), Steps(partial(_by_schedule, schedule, taken), clock))
        if (following := _next(taken)) is None:
            return played
        schedule = following
    drawn = random.Random(most)  # noqa: S311 - no secret hangs on it
    for _ in range(most):
        await scenario(clock := Clock(), Steps(drawn.randrange, clock))
    return 2 * most


def _by_schedule(schedule: list[int], taken: list[tuple[int, int]], width: int) -> int:
    """After its end, always the first."""
    choice = schedule[len(taken)] if len(taken) < len(schedule) else 0
    taken.append((choice, width))
    return choice


def _next(taken: list[tuple[int, int]]) -> list[int] | None:
    choices = [choice for choice, _ in taken]
    for at in range(len(taken) - 1, -1, -1):
        if choices[at] + 1 < taken[at][1]:
            return [*choices[:at], choices[at] + 1]
    return None
