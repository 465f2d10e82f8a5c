"""Every replica hears what is to be forgotten, whatever happens to Redis meanwhile."""

from __future__ import annotations

import time
from typing import Any

from structlog.testing import capture_logs

from bot.profiles.ports import Names
from bot.profiles.tombstones import CLOCKS_APART
from bot.seal import Seal
from bot.shared.tombstones import PAGE, STREAM, TRIES, RedisTidings
from tests.chaos.proxy import FAIR, Weather, fault_proxy
from tests.factories import KEYS
from tests.redis_server import RedisServer
from tests.shared.replicas import Connect, eventually
from tests.slack_side import PATIENCE

ADA, BOB, EVE = ("hash-of-ada",), ("hash-of-bob",), ("hash-of-eve",)
DAY = 86_400.0


class Heard:
    """What a replica heard, and what it remembers without having heard it, in order."""

    def __init__(self) -> None:
        self.tidings: list[tuple[Names, float]] = []
        self.old_news: list[tuple[Names, float]] = []

    async def __call__(self, names: Names, at: float) -> None:
        self.tidings.append((names, at))

    def remember(self, names: Names, at: float) -> None:
        self.old_news.append((names, at))

    @property
    def remembered(self) -> set[Names]:
        return {names for names, _ in self.old_news}

    @property
    def names(self) -> set[Names]:
        return {names for names, _ in self.tidings}


async def replica(connect: Connect, *, patience: float = PATIENCE, block: float = 0.05, settle: float = PATIENCE) -> RedisTidings:
    guard = await connect(patience=patience)
    return RedisTidings(guard, kept=DAY, clock=time.time, block=block, pause=0.01, settle=settle)


async def test_heard(connect: Connect) -> None:
    """Everybody hears what one announces, as it was, the one who did as well."""
    one, other = await replica(connect), await replica(connect)
    by_one, by_other = Heard(), Heard()
    async with one.listening(by_one, by_one.remember), other.listening(by_other, by_other.remember):
        assert await one.announce((*ADA, *BOB), 1_700_000_000.123456)
        await eventually(lambda: bool(by_one.tidings and by_other.tidings))

    assert by_one.tidings == by_other.tidings == [((*ADA, *BOB), 1_700_000_000.123456)]


async def test_from_the_beginning(connect: Connect) -> None:
    """A replica that starts remembers all that was announced before, however much that is, and acts on none of it."""
    one, late = await replica(connect), await replica(connect)
    heard = Heard()
    before = [(f"hash-of-{number}",) for number in range(2 * PAGE + 1)]
    for names in before:
        await one.announce(names, 1.5)
    async with late.listening(heard, heard.remember):
        assert heard.old_news == [(names, 1.5) for names in before]
        await one.announce(ADA, 2.5)
        await eventually(lambda: heard.tidings == [(ADA, 2.5)])

    assert ADA not in heard.remembered


async def test_missed(connect: Connect, redis: RedisServer) -> None:
    """What was announced while a replica's connection was broken is acted on, not only remembered."""
    async with fault_proxy(("127.0.0.1", redis.port)) as proxy:
        one, heard = await replica(connect), Heard()
        guard = await connect(url=f"redis://127.0.0.1:{proxy.port}")
        away = RedisTidings(guard, kept=DAY, clock=time.time, block=0.05, pause=0.01, settle=PATIENCE)
        async with away.listening(heard, heard.remember):
            await proxy.turn(Weather(refused=True))
            await one.announce(ADA, 1.5)
            await proxy.turn(FAIR)
            await eventually(lambda: heard.names == {ADA})

    assert heard.old_news == []


async def test_at_once(connect: Connect) -> None:
    """News is heard when it comes, not when a reading ends."""
    one, heard = await replica(connect, block=3600), Heard()
    async with one.listening(heard, heard.remember):
        await one.announce(ADA, 1.5)
        await eventually(lambda: heard.names == {ADA})


def readings(redis: RedisServer) -> int:
    """How often somebody has read the stream, and waited for news."""
    with redis.client() as client:
        return int(client.info("commandstats").get("cmdstat_xread", {"calls": 0})["calls"])


async def test_long_wait(connect: Connect, redis: RedisServer) -> None:
    """Waiting for news is no failure, even if it takes longer than an exchange may."""
    one, heard = await replica(connect, patience=0.2, block=0.4), Heard()
    with capture_logs() as events:
        async with one.listening(heard, heard.remember):
            before = readings(redis)
            await eventually(lambda: readings(redis) > before + 1)  # a whole wait at least, of twice an exchange's time
            await one.announce(ADA, 1.5)
            await eventually(lambda: heard.names == {ADA})

    assert events == []


async def test_bounded(connect: Connect, redis: RedisServer) -> None:
    """The stream ends by itself; tidings older than they matter leave it."""
    one = await replica(connect)
    old = int((time.time() - 2 * DAY) * 1000)
    with redis.client() as behind:
        for number in range(500):
            behind.xadd(STREAM, {"names": "old", "at": "1.5"}, id=f"{old}-{number + 1}")
        await one.announce(ADA, time.time())
        length = behind.xlen(STREAM)

    assert length <= 200
    assert DAY - 60 < redis.kept()[STREAM] <= DAY


async def test_restart(connect: Connect, redis: RedisServer) -> None:
    """What is announced before, while and after Redis is away is heard by all; who asked is told that it takes a while."""
    one, other = await replica(connect), await replica(connect)
    by_one, by_other = Heard(), Heard()
    with capture_logs() as events:
        async with one.listening(by_one, by_one.remember), other.listening(by_other, by_other.remember):
            await one.announce(ADA, 1.5)
            redis.stop()
            assert not await one.announce(BOB, 2.5)
            assert not await other.announce(EVE, 3.5)
            redis.start()
            await eventually(lambda: by_one.names == by_other.names == {ADA, BOB, EVE})

    assert [event["event"] for event in events].count("tidings_interrupted") == 2


async def test_lost_memory(connect: Connect, redis: RedisServer) -> None:
    """What was announced a moment before a server lost its memory is announced again, for those who had not read it."""
    one, late = await replica(connect), await replica(connect)
    heard = Heard()
    async with one.listening(Heard(), Heard().remember):
        await one.announce(ADA, 1.5)
        redis.stop()
        redis.start()
        async with late.listening(heard, heard.remember):
            await eventually(lambda: heard.names == {ADA})


async def test_other_clock(connect: Connect, redis: RedisServer) -> None:
    """A server that takes another's place is heard, even if its clock is behind."""
    one, other, heard = await replica(connect), await replica(connect), Heard()
    with redis.client() as behind:
        behind.xadd(STREAM, {"names": ADA[0], "at": "1.5"}, id=f"{int((time.time() + DAY) * 1000)}-0")
    async with other.listening(heard, heard.remember):
        assert heard.remembered == {ADA}
        redis.stop()
        redis.start()
        await eventually(lambda: one.announce(BOB, 2.5))
        await eventually(lambda: heard.names == {BOB})


async def test_flush(connect: Connect, redis: RedisServer) -> None:
    """After Redis was emptied, news is heard as before."""
    one, other, heard = await replica(connect), await replica(connect), Heard()
    async with other.listening(heard, heard.remember):
        await one.announce(ADA, 1.5)
        await eventually(lambda: heard.names == {ADA})
        redis.flush()
        await one.announce(BOB, 2.5)
        await eventually(lambda: heard.names == {ADA, BOB})


async def test_hung(connect: Connect, redis: RedisServer) -> None:
    """While Redis hangs nobody waits for it, and afterwards all is heard."""
    one, heard = await replica(connect, patience=0.05), Heard()
    async with one.listening(heard, heard.remember):
        with redis.hung():
            assert not await one.announce(ADA, 1.5)
        await eventually(lambda: heard.names == {ADA})


async def test_dead_at_the_start(connect: Connect, redis: RedisServer) -> None:
    """A replica starts without Redis, and hears what there is once it is there."""
    redis.stop()
    one, heard = await replica(connect), Heard()
    async with one.listening(heard, heard.remember):
        assert not await one.announce(ADA, 1.5)
        redis.start()
        await eventually(lambda: heard.names == {ADA})


async def test_hung_at_the_start(connect: Connect, redis: RedisServer) -> None:
    """A replica doesn't wait for a Redis that hangs."""
    one, heard = await replica(connect, settle=0.05), Heard()
    with redis.hung():
        async with one.listening(heard, heard.remember):
            assert heard.tidings == []


FOREIGN: list[dict[Any, Any]] = [
    {"other": "fields"},
    {"names": "x", "at": "no time"},
    {"names": "x", "at": "nan"},
    {"names": "x", "at": "inf"},
    {"names": "x", "at": "-inf"},
    {"names": " ", "at": "1"},
    {"names": b"\xff", "at": "1"},
]


async def test_foreign_entries(connect: Connect, redis: RedisServer) -> None:
    """What somebody else wrote into the stream is passed over, old and new."""
    one, heard = await replica(connect), Heard()
    with redis.client() as behind:
        for entry in FOREIGN:
            behind.xadd(STREAM, entry)
        await one.announce(ADA, 1.5)
        async with one.listening(heard, heard.remember):
            assert heard.remembered == {ADA}
            for entry in FOREIGN:
                behind.xadd(STREAM, entry)
            await one.announce(BOB, 2.5)
            await eventually(lambda: bool(heard.names))

    assert heard.names == {BOB}


async def test_from_the_future(connect: Connect) -> None:
    """Nothing was buried later than clocks may differ: a replica whose clock is wrong hides no answer that is yet to come."""
    one, heard = await replica(connect), Heard()
    await one.announce(ADA, time.time() + DAY)
    async with one.listening(heard, heard.remember):
        await one.announce(BOB, time.time() + DAY)
        await eventually(lambda: heard.names == {BOB})
        latest = time.time() + CLOCKS_APART

    assert all(latest - PATIENCE <= at <= latest for _, at in heard.old_news + heard.tidings)


async def test_trouble_of_the_hearer(connect: Connect) -> None:
    """Tidings that could not be dealt with are heard again, and the link stays up."""
    one, heard = await replica(connect), Heard()
    failures = iter([ZeroDivisionError] * (TRIES - 1))

    async def hear(names: Names, at: float) -> None:
        for failure in failures:
            raise failure
        await heard(names, at)

    with capture_logs() as events:
        async with one.listening(hear, heard.remember):
            await one.announce(ADA, 1.5)
            await eventually(lambda: heard.names == {ADA})

    assert [(event["event"], event["exception"]) for event in events] == [("tiding_failed", "ZeroDivisionError")] * (TRIES - 1)


async def test_poison(connect: Connect) -> None:
    """A tiding that nobody can deal with is given up, old or new; those after it are heard."""
    one, heard = await replica(connect), Heard()

    async def hear(names: Names, at: float) -> None:
        if names == ADA:
            raise ZeroDivisionError
        await heard(names, at)

    def remember(names: Names, at: float) -> None:
        if names == ADA:
            raise ZeroDivisionError
        heard.remember(names, at)

    for names in (ADA, BOB):
        await one.announce(names, 1.5)
    with capture_logs() as events:
        async with one.listening(hear, remember):
            assert heard.remembered == {BOB}
            for names in (ADA, EVE):
                await one.announce(names, 2.5)
            await eventually(lambda: heard.names == {EVE})

    assert [event["event"] for event in events] == ["tiding_failed"] * 2 * TRIES


async def test_rotation(connect: Connect) -> None:
    """A replica that has the new key is understood by one that hasn't, and the other way round: one name is the same."""
    new, old = KEYS
    rotated, one = Seal((new, old)).names("ada"), Seal((old,)).names("ada")
    announcer, listener, heard = await replica(connect), await replica(connect), Heard()
    async with listener.listening(heard, heard.remember):
        await announcer.announce(rotated, 1.5)
        await eventually(lambda: bool(heard.tidings))

    assert set(one) < set(heard.tidings[0][0])
