"""Whatever is done to flights in whatever order, they are what a small model says. The loop's clock is the test's own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import looptime
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.flights import Flights
from bot.tasks import TaskSet

T = TypeVar("T")

LINGER = 2.0


class Failed(Exception):
    """What a flight may fail with; `lasting` failures concern all."""

    def __init__(self, *, lasting: bool) -> None:
        self.lasting = lasting


@dataclass(eq=False)
class Flight:
    """One call of the source, as the model knows it. `lands` decides how the real one ends; `ended` is how it did."""

    key: str
    lands: asyncio.Future[str]
    ended: str | Failed | None = None
    joinable_until: float = float("inf")
    waiters: list[asyncio.Task[str]] = field(default_factory=list)


class FlightsAgainstAModel(RuleBasedStateMachine):
    """One flight a key; who joins gets its end; who leaves takes nothing from the others; lasting failures linger."""

    keys = st.sampled_from("ab")

    @initialize()
    def start(self) -> None:
        self.loop = looptime.new_event_loop()
        self.tasks = TaskSet()
        self.flights = Flights[str](self.tasks, linger=LINGER, lasting=lambda error: isinstance(error, Failed) and error.lasting)
        self.newest: dict[str, Flight] = {}
        self.left: list[asyncio.Task[str]] = []
        self.landed: list[Flight] = []
        self.flying = Counter[str]()
        self.begun = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def settled(self) -> None:
        for _ in range(6):
            await asyncio.sleep(0)

    async def fetch(self, flight: Flight) -> str:
        self.begun += 1
        self.flying[flight.key] += 1
        try:
            return await flight.lands
        finally:
            self.flying[flight.key] -= 1

    def joinable(self, key: str) -> Flight | None:
        flight = self.newest.get(key)
        return flight if flight and self.loop.time() < flight.joinable_until else None

    def aloft(self) -> list[Flight]:
        return [flight for flight in self.newest.values() if flight.ended is None]

    @rule(key=keys, crowd=st.integers(1, 3))
    def join(self, key: str, crowd: int) -> None:
        async def come() -> None:
            begun, expected = self.begun, self.joinable(key)
            new = Flight(key, self.loop.create_future())
            joined = expected or new
            joined.waiters += [asyncio.create_task(self.flights.join(key, lambda: self.fetch(new))) for _ in range(crowd)]
            await self.settled()
            self.newest[key] = joined

            assert self.begun - begun == (0 if expected else 1)

        self.run(come())

    @rule(key=keys, seconds=st.sampled_from([0.0, 0.5]))
    def succeed(self, key: str, seconds: float) -> None:
        if (flight := self.joinable(key)) and flight.ended is None:
            self.end(flight, f"result of {self.begun}", seconds)

    @rule(key=keys, lasting=st.booleans(), seconds=st.sampled_from([0.0, 0.5]))
    def fail(self, key: str, lasting: bool, seconds: float) -> None:
        if (flight := self.joinable(key)) and flight.ended is None:
            self.end(flight, Failed(lasting=lasting), seconds)

    def end(self, flight: Flight, how: str | Failed, seconds: float) -> None:
        async def land() -> None:
            await asyncio.sleep(seconds)
            if isinstance(how, Failed):
                flight.lands.set_exception(how)
            else:
                flight.lands.set_result(how)
            await self.settled()

        self.run(land())
        flight.ended = how
        flight.joinable_until = self.loop.time() + (LINGER if isinstance(how, Failed) and how.lasting else 0.0)
        self.landed.append(flight)

    @rule(key=keys, which=st.integers(0, 5))
    def a_waiter_leaves(self, key: str, which: int) -> None:
        waiting = [waiter for waiter in self.newest[key].waiters if not waiter.done()] if key in self.newest else []
        if waiting:
            waiter = waiting[which % len(waiting)]
            waiter.cancel()
            self.run(self.settled())
            self.newest[key].waiters.remove(waiter)
            self.left.append(waiter)

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.0]))
    def time_passes(self, seconds: float) -> None:
        async def passes() -> None:
            await asyncio.sleep(seconds)
            await self.settled()

        self.run(passes())

    @precondition(lambda self: bool(self.aloft()))
    @rule()
    def shutdown(self) -> None:
        aloft = self.aloft()

        async def cut() -> None:
            assert await self.tasks.drain(0) == len(aloft)
            await self.settled()

        self.run(cut())
        for flight in aloft:
            assert all(waiter.cancelled() for waiter in flight.waiters)
            del self.newest[flight.key]

    @invariant()
    def one_flight_a_key(self) -> None:
        if hasattr(self, "loop"):
            assert +self.flying == Counter(flight.key for flight in self.aloft())
            assert len(self.tasks) == len(self.aloft())

    @invariant()
    def everybody_gets_the_end_of_their_flight(self) -> None:
        if not hasattr(self, "loop"):
            return
        for flight in self.landed:
            for waiter in flight.waiters:
                ended = waiter.exception() or waiter.result()

                assert ended is flight.ended
        assert all(waiter.cancelled() for waiter in self.left)
        assert not any(waiter.done() for flight in self.aloft() for waiter in flight.waiters)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.tasks.drain(0))
            self.run(self.settled())
            self.loop.close()


TestFlightsAgainstAModel = FlightsAgainstAModel.TestCase
TestFlightsAgainstAModel.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)
