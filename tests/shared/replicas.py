"""What the tests of all that is shared have in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from bot.breaker import Breaker
from bot.shared.connection import Guard, open_redis
from tests.slack_side import PATIENCE


class Connect(Protocol):
    """Connects one more replica."""

    async def __call__(
        self, *, patience: float = ..., slow: float = ..., failures: int = ..., pause: float = ..., url: str = ...
    ) -> Guard: ...


def connecting(stack: AsyncExitStack, address: str) -> Connect:
    async def connect(
        *,
        patience: float = PATIENCE,
        slow: float = PATIENCE,
        failures: int = 3,
        pause: float = 0.02,
        url: str = address,
        ca_bundle: str | None = None,
    ) -> Guard:
        breaker = Breaker(clock=time.monotonic, failures=failures, pause=pause)
        opening = open_redis(url, timeout=patience, ca_bundle=ca_bundle, breaker=breaker, slow=slow)
        return await stack.enter_async_context(opening)

    return connect


async def eventually(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until `holds` does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.005)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Guard]:
    """One replica's connection, for a test that has a loop of its own."""
    async with AsyncExitStack() as stack:
        yield await connecting(stack, address)()


SET_TIME = "local now = tonumber(redis.call('GET', 'now'))\n"
"""In place of Redis's clock, one that `set_time` sets."""


async def set_time(guard: Guard, now: float) -> None:
    await guard.run(lambda client: client.set("now", repr(now)))


class Deaf:
    """Counts who connects to its address, and hangs up at once."""

    def __init__(self) -> None:
        self.url = ""
        self.connected = 0

    async def _hang_up(self, _reader: object, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        writer.close()


@asynccontextmanager
async def deaf() -> AsyncIterator[Deaf]:
    one = Deaf()
    server = await asyncio.start_server(one._hang_up, "127.0.0.1", 0)
    one.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield one


async def ping(redis: Any) -> bool:
    return bool(await redis.ping())
