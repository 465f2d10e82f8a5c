"""Who did what how often is counted for all replicas, as one process alone would count it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.limits import Claim, Denied, MemoryLimiter, Rate
from bot.shared.limits import SharedLimiter
from tests.redis_server import RedisServer
from tests.shared.replicas import SET_TIME, Connect, connected, set_time

HOURLY = Rate(interval=3600, burst=10)
EPOCH = 1_800_000_000.0


class Closed:
    """The limiter of a replica that is alone, which tells that it was asked."""

    async def take(self, claims: Sequence[Claim]) -> Denied | None:
        return Denied(claims[0], 42)


def hashed(key: str) -> str:
    return f"hash of {len(key)}"


async def test_all_replicas(connect: Connect) -> None:
    """However many replicas somebody asks, the burst is theirs once."""
    limiters = [SharedLimiter(await connect(), Closed(), hashed) for _ in range(4)]
    claim = Claim("ada", HOURLY)
    outcomes = await asyncio.gather(*(limiter.take([claim]) for limiter in limiters for _ in range(10)))
    denied = [each for each in outcomes if each is not None]

    assert len(denied) == 30
    assert {each.claim for each in denied} == {claim}
    assert all(3590 < each.wait <= 3600 for each in denied)


async def test_all_or_none(connect: Connect) -> None:
    """Who is denied one claim has used up nothing of the others, and hears of the one that takes longest."""
    limiter = SharedLimiter(await connect(), Closed(), hashed)
    person, team = Claim("ada", Rate(interval=60, burst=1)), Claim("team", Rate(interval=3600, burst=2))
    assert await limiter.take([person, team]) is None
    by_person = await limiter.take([person, team])
    assert by_person
    assert by_person.claim == person
    assert await limiter.take([team]) is None
    by_team = await limiter.take([person, team])

    assert by_team
    assert by_team.claim == team


async def test_a_crowd(connect: Connect, redis: RedisServer) -> None:
    """A thousand who ask at once are counted in a few exchanges, each as if they had come one after the other."""
    limiter = SharedLimiter(await connect(), Closed(), hashed)
    with redis.client() as client:
        before = client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
        outcomes = await asyncio.gather(*(limiter.take([Claim("a" * (each % 7 + 1), HOURLY)]) for each in range(1000)))
        after = client.info("commandstats")["cmdstat_evalsha"]["calls"]

    assert sum(each is None for each in outcomes) == 7 * 10
    assert after - before <= 4


async def test_whoever_leaves(connect: Connect) -> None:
    """Who is cancelled while waiting for the count holds up nobody else."""
    limiter = SharedLimiter(await connect(), Closed(), hashed)
    asking = [asyncio.create_task(limiter.take([Claim("ada", HOURLY)])) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()

    assert await asyncio.gather(*asking[1:]) == [None] * 4


async def test_keys(connect: Connect, redis: RedisServer) -> None:
    """Redis knows nobody's id, and forgets a key once its whole burst is back."""
    limiter = SharedLimiter(await connect(), Closed(), hashed)
    for _ in range(3):
        await limiter.take([Claim("ada", HOURLY)])
    kept = redis.kept()

    assert list(kept) == ["cc:limit:hash of 3"]
    assert 3 * 3600 - 60 < kept["cc:limit:hash of 3"] <= 3 * 3600 + 1


async def test_away(connect: Connect, redis: RedisServer) -> None:
    """While Redis is away, each replica counts for itself."""
    limiter = SharedLimiter(await connect(), Closed(), hashed)
    claim = Claim("ada", HOURLY)
    assert await limiter.take([claim]) is None
    redis.stop()

    assert await limiter.take([claim]) == Denied(claim, 42)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.0001, 1.0, 7.3]) | st.floats(0, 500),
            st.lists(
                st.builds(Claim, st.sampled_from(["a", "bb", "ccc"]), st.builds(Rate, st.floats(1, 100), st.integers(1, 5))),
                min_size=1,
                max_size=3,
            ),
        ),
        max_size=30,
    )
)
def test_arithmetic(redis: RedisServer, steps: list[tuple[float, list[Claim]]]) -> None:
    """Redis comes to the same result as the limiter in memory, to the last bit."""
    redis.flush()
    asyncio.run(compare(redis, steps))


async def compare(redis: RedisServer, steps: list[tuple[float, list[Claim]]]) -> None:
    async with connected(redis.url) as guard:
        now = EPOCH
        memory = MemoryLimiter(clock=lambda: now)
        limiter = SharedLimiter(guard, Closed(), hashed, time=SET_TIME)
        for passed, claims in steps:
            now += passed
            await set_time(guard, now)

            assert await limiter.take(claims) == await memory.take(claims)
