"""Redis, which may be slow, or gone, at any time: every exchange is short, and none is tried while Redis is known to be away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.breaker import Breaker, Resting

log = structlog.get_logger()

T = TypeVar("T")

Run = Callable[[Callable[[Redis], Awaitable[Any]]], Awaitable[Any]]
"""Runs one exchange."""

CONNECTIONS = 50
"""At most, for exchanges that are short."""

TROUBLE = (RedisError, OSError, TimeoutError, ValueError)
"""What an exchange may meet. redis-py meets a garbled answer with a bare ValueError."""


STALLED = 0.1
"""Part of its time by which a timer that fires late tells that it was our own loop that was slow."""

EXTENSIONS = 4
"""Times that an exchange is given its time anew because of that."""

SLOW = 0.1
"""Seconds: whoever takes longer for an answer, several times in a row, is of no use, even if each comes in time. All that Redis
is here for is to save time.
"""

TICKS = 4
"""Parts in which that time is measured. Those in which our own loop stalled don't count."""

LATE = 0.2
"""Part of a tick by which a timer that fires late tells that it did."""


class Unavailable(Exception):
    """Redis did not answer in time, or not as it should, or is being left alone."""


@dataclass(frozen=True, slots=True)
class _Address:
    """Where Redis is: `rediss://` speaks TLS, and trusts the authorities of the PEM file `ca_bundle`, or else the system's."""

    url: str = field(repr=False)
    patience: float
    ca_bundle: str | None

    def pool(self, connections: int) -> BlockingConnectionPool:
        """Connections that are made when they are needed, each within `patience` seconds."""
        tls: dict[str, Any] = {"ssl_ca_certs": self.ca_bundle} if urlsplit(self.url).scheme == "rediss" else {}
        return BlockingConnectionPool.from_url(
            self.url,
            max_connections=connections,
            timeout=self.patience,
            socket_connect_timeout=self.patience,
            # redis-py's own timeout of reads and writes is asyncio.wait_for, which loses cancellations in Python 3.11.
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # one round trip less for each connection, and the same shapes of answers from every server
            driver_info=None,
            **tls,
        )


class Guard:
    """Exchanges with Redis.

    Each may take `timeout` seconds in all; after several that failed, or took longer than `slow`, `breaker` spares the rest.
    """

    def __init__(self, address: _Address, redis: Redis, *, timeout: float, slow: float, breaker: Breaker) -> None:
        self._address = address
        self._redis = redis
        self._timeout = timeout
        self._slow = slow
        self._breaker = breaker

    async def run(self, call: Callable[[Redis], Awaitable[T]]) -> T:
        """What `call` gets from Redis.

        Raises:
            Unavailable: it got nothing.
        """
        caller = object()
        try:
            self._breaker.admit(caller)
        except Resting:
            raise Unavailable from None
        try:
            with _Stopwatch(self._slow) as watch:
                async with within(self._timeout):
                    answer = await call(self._redis)
            if watch.expired:
                log.debug("redis_slow")
                self._breaker.failed(caller)
            else:
                self._breaker.succeeded()
        except TROUBLE as error:
            log.debug("redis_failed", exception=type(error).__name__)
            self._breaker.failed(caller)
            raise Unavailable from None
        finally:
            self._breaker.left(caller)
        return answer

    async def tell(self, call: Callable[[Redis], Awaitable[object]]) -> bool:
        """Do without the answer of `call`: False if there was none."""
        try:
            await self.run(call)
        except Unavailable:
            return False
        return True

    @asynccontextmanager
    async def apart(self, wait: float) -> AsyncIterator[Run]:
        """A connection of one's own, for exchanges in which Redis waits up to `wait` seconds. Its errors are redis-py's."""
        async with _client(self._address.pool(1)) as redis:

            async def run(call: Callable[[Redis], Awaitable[Any]]) -> Any:
                async with asyncio.timeout(wait + self._timeout):
                    return await call(redis)

            yield run


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """`asyncio.timeout`, but while our own loop stalls the clock stands still.

    In a burst of questions an answer may long have come and wait to be read; Redis isn't to be blamed for that.

    Raises:
        TimeoutError: the block took longer.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def watch(limit: asyncio.Timeout, left: int) -> None:
        nonlocal timer
        timer = loop.call_later(seconds, expire, limit, loop.time() + seconds, left)

    def expire(limit: asyncio.Timeout, due: float, left: int) -> None:
        if left and loop.time() - due > STALLED * seconds:
            watch(limit, left - 1)
        else:
            limit.reschedule(due)

    async with asyncio.timeout(None) as limit:
        watch(limit, EXTENSIONS)
        try:
            yield
        finally:
            if timer:
                timer.cancel()


class _Stopwatch:
    """Has `expired` once the block has taken `seconds`, those not counted in which our own loop stalled.

    A busy loop reads an answer late as well, a little in each of many turns. So this is stricter than `within`: rather nothing
    is said about Redis than something wrong.
    """

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._tick = seconds / TICKS
        self._left = TICKS

    def __enter__(self) -> Self:
        self._wind()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()

    @property
    def expired(self) -> bool:
        return not self._left

    def _wind(self) -> None:
        self._timer = self._loop.call_later(self._tick, self._ticked, self._loop.time() + self._tick)

    def _ticked(self, due: float) -> None:
        if self._loop.time() - due <= LATE * self._tick:
            self._left -= 1
        if self._left:
            self._wind()


@asynccontextmanager
async def open_redis(
    url: str,
    *,
    timeout: float,  # noqa: ASYNC109 - of each exchange
    ca_bundle: str | None,
    breaker: Breaker,
    slow: float = SLOW,
) -> AsyncIterator[Guard]:
    """Redis at `url`, which holds user, password and database. Nothing is sent yet: it need not be there at the start."""
    address = _Address(url, timeout, ca_bundle)
    async with _client(address.pool(CONNECTIONS)) as redis:
        yield Guard(address, redis, timeout=timeout, slow=slow, breaker=breaker)


@asynccontextmanager
async def _client(pool: BlockingConnectionPool) -> AsyncIterator[Redis]:
    try:
        yield Redis(connection_pool=pool)
    finally:
        await pool.aclose()
