"""Tells all replicas what is to be forgotten, through a stream in Redis: whoever was away reads on where it stopped."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import islice
from typing import NamedTuple

import structlog
from redis.asyncio import Redis
from redis.typing import EncodableT, FieldT

from bot.profiles.ports import Heard, Names, Remembered
from bot.profiles.tombstones import CLOCKS_APART
from bot.shared.connection import Guard, Run

log = structlog.get_logger()

STREAM = "cc:tombstones"

MOST = 100_000
"""Tidings that the stream holds, about; and that a replica keeps which can't be sent."""

PAGE = 500
"""Tidings read, or sent, at a time."""

BEGINNING = b"0-0"
"""The number before the first. Numbers are milliseconds since the epoch by Redis's clock, and count within one of them."""

TRIES = 3
"""Times that a tiding is told to a listener who fails; then the next is told."""


class Tiding(NamedTuple):
    """What is called `names` was buried at `at` (epoch)."""

    names: Names
    at: float


class RedisTidings:
    """Tidings in a Redis stream, each for about `kept` seconds. `clock` gives seconds since the epoch.

    What can't be sent is kept, and sent once Redis is back. What was sent in the last `again` seconds before a listener's
    connection broke is sent once more: a server that lost its memory may have lost it before everybody had read it. `block` is
    how long one reading waits for news, `pause` how long a listener waits before it connects, or tells something, again, in
    seconds.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        kept: float,
        clock: Callable[[], float],
        block: float = 1.0,
        pause: float = 0.5,
        again: float = 60.0,
        settle: float = 2.0,
    ) -> None:
        self._guard = guard
        self._kept = kept
        self._clock = clock
        self._block = block
        self._pause = pause
        self._again = again
        self._settle = settle
        self._sending = asyncio.Lock()
        self._unsent: dict[Tiding, None] = {}
        self._last = BEGINNING
        self._caught_up = False
        self._following: bool | None = None
        self._sent: deque[tuple[float, Tiding]] = deque(maxlen=MOST)

    async def announce(self, names: Names, at: float, /) -> bool:
        """Tell all replicas that what is called `names` was buried at `at` (epoch). False if they can't be told now."""
        self._keep([Tiding(names, at)])
        return await self._send()

    @asynccontextmanager
    async def listening(self, heard: Heard, remembered: Remembered) -> AsyncIterator[None]:
        """While the block runs, call `heard` for everything announced, by this replica too; what there is already when it begins
        is old news, on which the others have acted, and only `remembered`.

        The block begins once that was done, or Redis turned out to be away, but after `settle` seconds at the latest.
        """
        begun = asyncio.Event()
        listener = asyncio.create_task(self._listen(heard, remembered, begun))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settle):
                    await begun.wait()
            yield
        finally:
            listener.cancel()
            await asyncio.wait([listener])

    async def _listen(self, heard: Heard, remembered: Remembered, begun: asyncio.Event) -> None:
        while True:
            try:
                async with self._guard.apart(self._block) as run:
                    await self._follow(run, heard, remembered, begun)
            except Exception as error:  # noqa: BLE001 - nobody would miss a listener that stopped
                self._interrupted(error)
            begun.set()
            await asyncio.sleep(self._pause)
            self._keep([tiding for sent, tiding in self._sent if sent > self._clock() - self._again])
            self._sent.clear()

    async def _follow(self, run: Run, heard: Heard, remembered: Remembered, begun: asyncio.Event) -> None:
        newest = await run(lambda redis: redis.xrevrange(STREAM, count=1))
        if not newest or _order(newest[0][0]) < _order(self._last):
            self._last = BEGINNING  # another server's stream, and its clock may be behind

        async def remember(names: Names, at: float) -> None:
            remembered(names, at)

        while await self._read(run, heard if self._caught_up else remember):
            pass
        self._following = self._caught_up = True
        begun.set()
        while True:
            await self._send()
            await self._read(run, heard, block=int(self._block * 1000))

    async def _read(self, run: Run, heard: Heard, block: int | None = None) -> int:
        """Hear the next page, and tell how much that was. Only with `block` (milliseconds) it is waited for."""
        streams = await run(lambda redis: redis.xread({STREAM: self._last}, count=PAGE, block=block))
        entries = streams[0][1] if streams else []
        for number, told in entries:
            if (tiding := _tiding_of(told, latest=self._clock() + CLOCKS_APART)) is not None:
                await self._tell(tiding, heard)
            self._last = number
        return len(entries)

    async def _tell(self, tiding: Tiding, heard: Heard) -> None:
        """Try a few times: one tiding with which something is wrong must not keep all others from being heard."""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(self._pause)
            try:
                await heard(*tiding)
            except Exception as error:  # noqa: BLE001 - the next tiding may be heard
                log.warning("tiding_failed", exception=type(error).__name__)
            else:
                return

    def _interrupted(self, error: Exception) -> None:
        if self._following is not False:
            log.warning("tidings_interrupted", exception=type(error).__name__)
        self._following = False

    def _keep(self, tidings: Iterable[Tiding]) -> None:
        self._unsent.update(dict.fromkeys(tidings))
        while len(self._unsent) > MOST:
            del self._unsent[next(iter(self._unsent))]

    async def _send(self) -> bool:
        async with self._sending:
            while batch := list(islice(self._unsent, PAGE)):
                if not await self._guard.tell(partial(self._add, batch)):
                    return False
                for tiding in batch:
                    self._unsent.pop(tiding, None)
                    self._sent.append((self._clock(), tiding))
        return True

    async def _add(self, batch: Sequence[Tiding], redis: Redis) -> None:
        oldest = int((self._clock() - self._kept) * 1000)
        async with redis.pipeline(transaction=True) as together:
            for tiding in batch:
                together.xadd(STREAM, _told(tiding), minid=oldest)
            together.xtrim(STREAM, maxlen=MOST)
            together.pexpire(STREAM, int(self._kept * 1000))
            await together.execute()


def _order(number: bytes) -> list[int]:
    return [int(part) for part in number.split(b"-")]


def _told(tiding: Tiding) -> dict[FieldT, EncodableT]:
    return {"names": " ".join(tiding.names), "at": repr(tiding.at)}


def _tiding_of(told: Mapping[bytes, bytes], *, latest: float) -> Tiding | None:
    """None for what another version, or somebody else, has written. Nothing was buried after `latest`, whatever it says."""
    try:
        names, at = tuple(told[b"names"].decode().split()), float(told[b"at"])
    except (KeyError, ValueError):
        return None
    return Tiding(names, min(at, latest)) if names and math.isfinite(at) else None
