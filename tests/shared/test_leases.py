"""One replica asks the source, and the others wait."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from bot.profiles.ports import Names
from bot.seal import Seal
from bot.shared.leases import RedisLeases
from tests.factories import KEYS
from tests.redis_server import RedisServer
from tests.shared.replicas import Connect, eventually

NEW, OLD = KEYS
NAMES, BOTH = Seal((OLD,)).names("ada"), Seal((NEW, OLD)).names("ada")
BRIEF = 0.06


async def free(leases: RedisLeases, names: Names = NAMES) -> bool:
    async with leases.lease(names) as mine:
        return mine


async def test_one_winner(connect: Connect, redis: RedisServer) -> None:
    """However many try at once, one of them gets it; after it is given back, the next one may."""
    replicas = [RedisLeases(await connect()) for _ in range(20)]
    async with AsyncExitStack() as all_of_them:
        tried = await asyncio.gather(*(all_of_them.enter_async_context(each.lease(NAMES)) for each in replicas))
        kept = redis.kept()

        assert sorted(tried) == [False] * 19 + [True]
    assert all(0 < ttl <= 1.5 for ttl in kept.values())
    assert redis.kept() == {}
    assert await free(replicas[0])


async def test_names(connect: Connect) -> None:
    """Other names have another lease."""
    leases = RedisLeases(await connect())
    async with leases.lease(NAMES):
        assert await free(leases, ("other",))


@pytest.mark.parametrize(("first", "second"), [(NAMES, BOTH), (BOTH, NAMES), (BOTH, (BOTH[0],))])
async def test_rotation(connect: Connect, redis: RedisServer, first: Names, second: Names) -> None:
    """Replicas exclude each other as soon as they have one key in common; one that was refused holds nothing."""
    one, other = RedisLeases(await connect()), RedisLeases(await connect())
    async with one.lease(first) as mine:
        async with other.lease(second) as also:
            assert (mine, also, len(redis.kept())) == (True, False, len(first))
        assert not await free(other, second)
    assert await free(other, second)


async def test_kept_alive(connect: Connect) -> None:
    """A lease lasts as long as it is held, however short its life is."""
    one, other = RedisLeases(await connect(), ttl=BRIEF), RedisLeases(await connect(), ttl=BRIEF)
    until = asyncio.get_running_loop().time() + 4 * BRIEF
    async with one.lease(NAMES):
        while asyncio.get_running_loop().time() < until:
            assert not await free(other)
    assert await free(other)


async def test_cancelled(connect: Connect, redis: RedisServer) -> None:
    """A holder that is cancelled gives its lease back."""
    leases = RedisLeases(await connect())
    holds = asyncio.Event()

    async def hold() -> None:
        async with leases.lease(NAMES):
            holds.set()
            await asyncio.Event().wait()

    holder = asyncio.create_task(hold())
    await holds.wait()
    holder.cancel()
    await asyncio.wait([holder])

    assert (holder.cancelled(), redis.kept()) == (True, {})


async def test_cancelled_early(connect: Connect, redis: RedisServer) -> None:
    """Who is cancelled while trying holds nothing, whether Redis had heard of it or not."""
    leases = RedisLeases(await connect(), ttl=3600)
    for turns in range(30):
        trying = asyncio.create_task(free(leases))
        for _ in range(turns):
            await asyncio.sleep(0)
        trying.cancel()
        await asyncio.wait([trying])

    await eventually(lambda: redis.kept() == {})


async def test_vanished(connect: Connect, redis: RedisServer) -> None:
    """After a holder died without a word, the lease runs out, and another replica gets it."""
    with redis.client() as behind:
        behind.set(f"cc:lease:{NAMES[0]}", "of one that died", px=int(BRIEF * 1000))
    leases = RedisLeases(await connect())
    assert not await free(leases)

    await eventually(lambda: free(leases))


async def test_somebody_elses(connect: Connect, redis: RedisServer) -> None:
    """A lease that was lost, and is another's now, is neither renewed nor given back."""
    leases = RedisLeases(await connect(), ttl=BRIEF)
    with redis.client() as behind:
        async with leases.lease(NAMES):
            behind.set(f"cc:lease:{NAMES[0]}", "another's", px=3_600_000)
            await asyncio.sleep(BRIEF)

        assert behind.get(f"cc:lease:{NAMES[0]}") == "another's"
    assert redis.kept()[f"cc:lease:{NAMES[0]}"] > 3500


async def test_away(connect: Connect, redis: RedisServer) -> None:
    """Where nobody can tell, everybody may; a holder doesn't mind that Redis goes, or forgets."""
    one, other = RedisLeases(await connect(), ttl=BRIEF), RedisLeases(await connect(), ttl=BRIEF)
    async with one.lease(NAMES):
        redis.flush()
        assert await free(other)
        redis.stop()
        assert await free(other)
        await asyncio.sleep(BRIEF)
        redis.start()
    await eventually(lambda: redis.kept() == {})


async def test_hung(connect: Connect, redis: RedisServer) -> None:
    """A lease that Redis grants too late to tell is given back, or runs out."""
    leases = RedisLeases(await connect(patience=0.05), ttl=BRIEF)
    with redis.hung():
        async with leases.lease(NAMES) as mine:
            assert mine

    await eventually(lambda: redis.kept() == {})
