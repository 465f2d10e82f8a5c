"""All replicas together keep to one pace, which is the one that a process alone would keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.profiles.pace import DAY, MemoryPace, Pace, Quota, Slot, Standing
from bot.shared.connection import Guard
from bot.shared.pace import SharedPace
from tests.redis_server import RedisServer
from tests.shared.replicas import SET_TIME, Connect, connected, eventually, set_time

NOON = 20_000 * DAY + DAY / 2
QUOTA = Quota(rate=100, burst=10)


class Clock:
    """Seconds since the epoch, for Redis as well."""

    def __init__(self, guard: Guard, now: float = NOON) -> None:
        self._guard = guard
        self.now = now

    def __call__(self) -> float:
        return self.now

    async def set(self, now: float) -> None:
        self.now = now
        await set_time(self._guard, now)


def pace_of(
    guard: Guard, clock: Callable[[], float], replica: str = "one", alone: Callable[[Quota], Pace] | None = None
) -> SharedPace:
    by_itself = alone or partial(MemoryPace, clock=clock, epoch=clock)
    return SharedPace(guard, QUOTA, name="tests", replica=replica, alone=by_itself, epoch=clock, time=SET_TIME)


async def test_never_more(connect: Connect) -> None:
    """In no second do four replicas get more permits than the rate and one burst."""
    guards = [await connect() for _ in range(4)]
    clock = Clock(guards[0])
    paces = [pace_of(guard, clock, str(number)) for number, guard in enumerate(guards)]
    times: list[float] = []
    for step in range(12):
        await clock.set(NOON + step * 0.4)
        slots = await asyncio.gather(*(pace.reserve(None) for pace in paces for _ in range(step % 5 * 6)))
        times += [clock.now + slot.wait for slot in slots]
    times.sort()
    in_a_second = [sum(begin <= moment < begin + 1 for moment in times) for begin in times]

    assert QUOTA.rate / 2 < max(in_a_second) <= QUOTA.rate + QUOTA.burst
    assert len(times) == 4 * 6 * sum(step % 5 for step in range(12))


async def test_redis_clock(connect: Connect) -> None:
    """By Redis's own clock, the burst is to be had at once, and then one permit after another."""
    paces = [
        SharedPace(await connect(), Quota(rate=1, burst=3), name="tests", replica=str(number), alone=MemoryPace)
        for number in range(2)
    ]
    waits = sorted([(await pace.reserve(None)).wait for _ in range(4) for pace in paces])

    assert waits[:3] == [0, 0, 0]
    assert waits[3:] == pytest.approx([1, 2, 3, 4, 5], abs=0.9)


async def test_throttled(connect: Connect) -> None:
    """One replica's 429 halves the pace of all, and holds all of them."""
    guard = await connect()
    clock = Clock(guard)
    one, other = pace_of(guard, clock, "one"), pace_of(await connect(), clock, "other")
    await clock.set(NOON)
    await one.throttled(5.0, 0.1)
    await other.throttled(None, 0.1)
    standing = await other.standing()

    assert standing.pace == 0.5
    assert standing.wait >= 5


async def test_replicas(connect: Connect, redis: RedisServer) -> None:
    """While Redis is away, each replica keeps to its part of the rate: by how many were seen within a minute."""
    guards = [await connect() for _ in range(3)]
    clock = Clock(guards[0])
    quotas: list[Quota] = []

    def alone(quota: Quota) -> Pace:
        quotas.append(quota)
        return MemoryPace(quota, clock=clock, epoch=clock)

    paces = [pace_of(guard, clock, str(number), alone) for number, guard in enumerate(guards)]
    await clock.set(NOON)
    for pace in (*paces, paces[0]):
        await pace.reserve(None)
    redis.stop()
    slots = [await paces[0].reserve(None) for _ in range(3)]
    standing = await paces[0].standing()

    assert quotas == [Quota(rate=100 / 3, burst=1)]
    assert [slot.wait * 100 for slot in slots] == pytest.approx([0, 3, 6], abs=1e-3)
    assert (standing.pace, standing.share, standing.wait * 100) == pytest.approx((1, 1 / 3, 9), abs=1e-3)


async def test_gone_replica(connect: Connect, redis: RedisServer) -> None:
    """A replica that was not seen for a minute doesn't count any more."""
    guard = await connect()
    clock = Clock(guard)
    one, other = pace_of(guard, clock, "one"), pace_of(guard, clock, "other")
    await clock.set(NOON)
    await other.reserve(None)
    await clock.set(NOON + 61)
    await one.reserve(None)
    redis.stop()

    assert (await one.standing()).share == 1


async def test_throttled_while_away(connect: Connect, redis: RedisServer) -> None:
    """A 429 slows a replica down that is alone, or will be in a moment."""
    guard = await connect()
    clock = Clock(guard)
    pace = pace_of(guard, clock)
    await clock.set(NOON)
    await pace.throttled(None, 0.1)
    redis.stop()
    assert (await pace.standing()).pace == 0.5

    clock.now += 1
    await pace.throttled(7.0, 0.1)
    assert (await pace.standing()).wait >= 7


async def test_budget(connect: Connect, redis: RedisServer) -> None:
    """All replicas have one budget, which neither an outage nor a flush renews, but the next day."""
    guard = await connect()
    clock = Clock(guard)
    one, other = pace_of(guard, clock, "one"), pace_of(guard, clock, "other")
    await clock.set(NOON)
    assert [(await pace.reserve(3)).granted for pace in (one, other, one, other)] == [True, True, True, False]
    assert await other.reserve(3) == Slot(wait=DAY / 2, spent=3, granted=False)

    redis.flush()
    await clock.set(NOON)
    assert await one.reserve(3) == Slot(wait=DAY / 2, spent=3, granted=False)

    redis.stop()
    assert await one.reserve(3) == Slot(wait=DAY / 2, spent=3, granted=False)
    assert [(await other.reserve(None)).spent, (await other.standing()).spent] == [5, 5]
    redis.start()
    await eventually(lambda: guard.tell(lambda client: client.set("now", repr(clock.now))))
    assert (await other.reserve(None)).spent == 6

    redis.stop()
    clock.now += DAY / 2
    assert ((await one.reserve(3)).spent, (await other.standing()).spent) == (1, 0)
    redis.start()
    await eventually(lambda: guard.tell(lambda client: client.set("now", repr(clock.now))))
    assert (await other.reserve(3)).spent == 1
    assert (await one.reserve(3)).spent == 2


async def test_keys(connect: Connect, redis: RedisServer) -> None:
    """What is kept outlasts the day that it counts, and what somebody must wait for, but not for ever."""
    guard = await connect()
    clock = Clock(guard)
    pace = pace_of(guard, clock)
    await clock.set(NOON)
    await pace.throttled(50, 0)
    await pace.reserve(None)
    kept = redis.kept()

    assert 2 * DAY + 40 < kept["cc:pace:tests"] <= 2 * DAY + 51
    assert 0 < kept["cc:pace:tests:replicas"] <= 60


RESERVE = st.tuples(st.just("reserve"), st.none() | st.integers(0, 30), st.just(0.0))
THROTTLED = st.tuples(st.just("throttled"), st.none() | st.floats(0, 100), st.floats(0, 10))
STANDING = st.tuples(st.just("standing"), st.none(), st.just(0.0))
PASSED = st.sampled_from([0.0, 0.001, 0.5, 3.0, DAY / 3]) | st.floats(0, 20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PASSED, RESERVE | THROTTLED | STANDING), max_size=40))
def test_arithmetic(redis: RedisServer, steps: list[tuple[float, tuple[str, float | None, float]]]) -> None:
    """Redis comes to the same result as the pace in memory, whatever happens."""
    redis.flush()
    asyncio.run(compare(redis, steps))


async def compare(redis: RedisServer, steps: list[tuple[float, tuple[str, float | None, float]]]) -> None:
    async with connected(redis.url) as guard:
        clock = Clock(guard)
        shared, memory = pace_of(guard, clock), MemoryPace(QUOTA, clock=clock, epoch=clock)
        for passed, (what, number, age) in [(0.0, ("reserve", None, 0.0)), *steps]:
            await clock.set(clock.now + passed)
            one, other = [await taken(pace, what, number, age) for pace in (shared, memory)]

            assert one == other


async def taken(pace: Pace, what: str, number: float | None, age: float) -> Slot | Standing | None:
    match what:
        case "reserve":
            return await pace.reserve(None if number is None else int(number))
        case "throttled":
            await pace.throttled(number, age)
            return None
        case _:
            return await pace.standing()
