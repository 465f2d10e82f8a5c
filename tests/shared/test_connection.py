"""Redis may be slow, or gone, at any time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from bot.shared.connection import SLOW, TROUBLE, Guard, Unavailable
from tests.chaos.proxy import FAIR, Weather, fault_proxy
from tests.redis_server import RedisServer
from tests.shared.replicas import Connect, Deaf, deaf, eventually, ping
from tests.slack_side import PATIENCE


@pytest.fixture
async def hanging_up() -> AsyncIterator[Deaf]:
    async with deaf() as one:
        yield one


async def answers(guard: Guard) -> bool:
    return await guard.tell(ping)


async def test_exchange(connect: Connect) -> None:
    """An exchange gives what Redis answers."""
    guard = await connect()

    assert await guard.run(ping)
    assert await guard.tell(ping)


async def test_nobody_there(connect: Connect) -> None:
    """Without a server nothing fails before it is used, and then in one way."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        guard = await connect(url=f"redis://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Unavailable) as raised:
            await guard.run(ping)

    assert (str(raised.value), raised.value.__suppress_context__, await guard.tell(ping)) == ("", True, False)


async def test_left_alone(connect: Connect, hanging_up: Deaf) -> None:
    """After the first failures nobody tries any more; after the pause one does."""
    guard = await connect(url=hanging_up.url, failures=3, pause=3600)
    told = [await guard.tell(ping) for _ in range(1000)]

    assert (any(told), hanging_up.connected) == (False, 3)


async def test_no_retries(connect: Connect, hanging_up: Deaf) -> None:
    """An exchange that fails isn't tried again by itself."""
    guard = await connect(url=hanging_up.url, failures=1000)
    for _ in range(5):
        await guard.tell(ping)

    assert hanging_up.connected == 5


async def test_stop_and_restart(connect: Connect, redis: RedisServer) -> None:
    """A server that comes back is used again, over new connections; what failed is told at DEBUG, by its type."""
    guard = await connect(failures=2, pause=0.01)
    assert await answers(guard)
    redis.stop()
    with capture_logs() as events:
        for _ in range(5):
            assert not await answers(guard)
        redis.start()
        await eventually(lambda: answers(guard))

    assert {(event["event"], event["log_level"]) for event in events} == {("redis_failed", "debug")}
    assert {event["exception"] for event in events} <= {"ConnectionError", "TimeoutError"}


async def test_hung(connect: Connect, redis: RedisServer) -> None:
    """A server that answers nothing is given up after the timeout, whatever the exchange is about."""
    guard = await connect(patience=0.05, pause=0.01)
    assert await answers(guard)
    with redis.hung():
        assert not await answers(guard)
        assert not await guard.tell(lambda client: client.blpop(["nothing"], timeout=5))

    await eventually(lambda: answers(guard))


async def test_refusal(connect: Connect) -> None:
    """A server that refuses to do it is of no use, either."""

    async def wrong(client: Any) -> None:
        raise ResponseError("OOM command not allowed")

    guard = await connect(failures=1, pause=3600)

    assert (await guard.tell(wrong), await guard.tell(ping)) == (False, False)


async def test_garbage(connect: Connect) -> None:
    """A server that doesn't speak Redis is of no use."""

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"*1\r\n:x\r\n")
        writer.close()

    async with await asyncio.start_server(nonsense, "127.0.0.1", 0) as server:
        guard = await connect(url=f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")

        assert not await answers(guard)


async def test_storm(connect: Connect) -> None:
    """More callers than connections all get their answer, also after many were cancelled in the middle."""
    guard = await connect(slow=SLOW)
    for _ in range(20):
        callers = [asyncio.create_task(answers(guard)) for _ in range(200)]
        await asyncio.sleep(0.001)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)

    assert all(await asyncio.gather(*(answers(guard) for _ in range(1000))))


async def test_cancelled_probe(connect: Connect, redis: RedisServer) -> None:
    """Who is cancelled while trying whether Redis is back leaves that to the next."""
    guard = await connect(patience=0.05, failures=1, pause=0.0)
    with redis.hung():
        assert not await answers(guard)
        probe = asyncio.create_task(answers(guard))
        await asyncio.sleep(0)
        probe.cancel()

    await eventually(lambda: answers(guard))


async def test_password(connect: Connect, redis: RedisServer) -> None:
    """User, password and database are the URL's."""
    with redis.client() as behind:
        behind.execute_command("ACL", "SETUSER", "bot", "on", ">se cret", "~*", "+@all")
    address = redis.url.removeprefix("redis://").removesuffix("/0")
    right = await connect(url=f"redis://bot:se%20cret@{address}/3")
    wrong = await connect(url=f"redis://bot:wrong@{address}/3")
    await right.run(lambda client: client.set("cc:here", "x", ex=5))

    assert (await answers(wrong), await right.run(lambda client: client.exists("cc:here"))) == (False, 1)


async def test_apart(connect: Connect, redis: RedisServer) -> None:
    """An exchange that waits has a connection of its own, and may outlast the timeout of the others."""
    guard = await connect(patience=0.2)
    async with guard.apart(0.4) as run:
        assert await run(lambda client: client.blpop(["nothing"], timeout=0.3)) is None
        with redis.hung(), pytest.raises(TROUBLE):
            await run(lambda client: client.blpop(["nothing"], timeout=0.3))


async def test_cancellation(connect: Connect) -> None:
    """Whoever is cancelled between any two steps of an exchange stops. (asyncio.wait_for would lose that now and then.)"""
    guard = await connect()

    async def on_and_on() -> None:
        while True:
            await guard.tell(ping)

    for turns in range(60):
        running = asyncio.create_task(on_and_on())
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=PATIENCE)

        assert done


async def test_a_stalled_loop(connect: Connect) -> None:
    """While our own loop is held up, the time that Redis has stands still: what it said meanwhile is read."""
    guard = await connect(patience=0.05)
    await guard.run(ping)
    asking = asyncio.create_task(guard.run(ping))
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - the stall itself

    assert await asking


async def test_slow(connect: Connect, redis: RedisServer) -> None:
    """A server that always answers in time, but slowly, is left alone after a few answers, which are used."""
    async with fault_proxy(("127.0.0.1", redis.port)) as proxy:
        guard = await connect(url=f"redis://127.0.0.1:{proxy.port}", slow=0.05, failures=3, pause=3600)
        await proxy.turn(Weather(latency=0.05))
        used = 0
        async with asyncio.timeout(PATIENCE):
            while await answers(guard):
                used += 1

    # On a machine that is busy, not every answer is known to be Redis's own slowness.
    assert used >= 3
    assert not await answers(guard)


async def test_slow_no_more(connect: Connect, redis: RedisServer) -> None:
    """Whoever tries after the pause finds out whether it still is: then it is left alone again, or else used as before."""
    async with fault_proxy(("127.0.0.1", redis.port)) as proxy:
        guard = await connect(url=f"redis://127.0.0.1:{proxy.port}", slow=0.05, failures=1, pause=0.1)
        await proxy.turn(Weather(latency=0.05))
        for _ in range(2):
            await eventually(lambda: answers(guard))
            await eventually(lambda: left_alone(guard))
        await proxy.turn(FAIR)
        await eventually(lambda: answers(guard))
        told = [await answers(guard) for _ in range(5)]

    assert told == [True] * 5


async def left_alone(guard: Guard) -> bool:
    return not await answers(guard)


async def test_slow_now_and_then(connect: Connect, redis: RedisServer) -> None:
    """One slow answer among others is no reason to do without Redis."""
    async with fault_proxy(("127.0.0.1", redis.port)) as proxy:
        guard = await connect(url=f"redis://127.0.0.1:{proxy.port}", slow=0.05, failures=2, pause=3600)
        told = []
        for weather in (Weather(latency=0.05), FAIR) * 3:
            await proxy.turn(weather)
            told.append(await answers(guard))

    assert told == [True] * 6


async def test_a_stalled_loop_is_not_a_slow_server(connect: Connect) -> None:
    """While our own loop is held up, once for long or again and again for a moment, nothing is said about Redis."""
    guard = await connect(slow=0.05, failures=1, pause=3600)
    await guard.run(ping)
    for stalls in (1, 20):
        asking = asyncio.create_task(slowly(guard, turns=stalls))
        for _ in range(stalls):
            await asyncio.sleep(0)
            time.sleep(0.2 / stalls)  # noqa: ASYNC251 - the stall itself
        assert await asking

    assert await answers(guard)


async def slowly(guard: Guard, turns: int) -> bool:
    """An exchange that takes our loop so many turns, and Redis hardly any time."""

    async def call(client: Any) -> bool:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await ping(client)

    return await guard.run(call)


async def test_address_is_not_told(connect: Connect, redis: RedisServer) -> None:
    """The URL's password is in no representation of what knows it."""
    guard = await connect(url=redis.url.replace("redis://", "redis://bot:secret@"))

    assert "secret" not in repr(guard) + "".join(map(repr, vars(guard).values()))
