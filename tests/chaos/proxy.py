"""A TCP proxy that makes a network bad on purpose. Loopback, no privileges.

```python
async with fault_proxy(("127.0.0.1", 6379)) as proxy:
    client = Redis(port=proxy.port)
    await proxy.turn(Weather(latency=0.5))      # open connections feel it as well as new ones
    await proxy.turn(FAIR)
```
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

HOST = "127.0.0.1"
PIECE = 65_536
TICKS = 20
"""Pieces a second into which a slow stream is cut."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What passes through the proxy meets. By default, nothing.

    `latency` is in seconds, for each piece in either direction; all else concerns what comes back. `bandwidth` is in bytes a
    second; after `cut_after` bytes the connection ends as if that were all; `noise` comes in place of an answer, and ends it too.
    While `frozen` nothing passes, and afterwards all that was held does, as TCP sends again what was lost. `reset` answers the
    first byte with RST; `refused` lets nobody connect.
    """

    latency: float = 0.0
    bandwidth: float | None = None
    cut_after: int | None = None
    noise: bytes | None = None
    frozen: bool = False
    reset: bool = False
    refused: bool = False

    @property
    def breaks_connections(self) -> bool:
        """Whether connections that are open end when it comes up."""
        return self.reset or self.refused


FAIR = Weather()


class Ended(Exception):
    """The weather ended a connection."""


class FaultProxy:
    """Forwards to `target` (host, port). Use `fault_proxy()`. Its port stays the same, in every weather."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.port = 0
        self.weather = FAIR
        self._changed = asyncio.Event()
        self._listening: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()

    async def turn(self, weather: Weather) -> None:
        """Let the weather be `weather` from now on, for open connections too."""
        self.weather = weather
        self._changed.set()
        self._changed = asyncio.Event()
        if weather.breaks_connections:
            await self.drop()
        if weather.refused:
            self._deafen()
        elif self._listening is None:
            await self._listen()

    async def drop(self) -> None:
        """Reset every open connection."""
        links = tuple(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def aclose(self) -> None:
        """Listen no more, and reset every open connection."""
        self._deafen()
        await self.drop()

    async def _listen(self) -> None:
        self._listening = await asyncio.start_server(self._accept, HOST, self.port, backlog=2048)
        self.port = self._listening.sockets[0].getsockname()[1]

    def _deafen(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.create_task(self._link(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its end. However it ends, nothing of it stays open."""
        there: asyncio.StreamWriter | None = None
        try:
            first = await reader.read(PIECE)
            if not first:
                writer.close()
                return
            if self.weather.reset:
                _reset(writer)
                return
            back, there = await asyncio.open_connection(*self.target)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._there(first, reader, there))
                both.create_task(self._back(back, writer))
            writer.close()
        except (OSError, Ended, ExceptionGroup, asyncio.CancelledError):
            # Cancelled by `drop` alone, which waits for the end and nothing else.
            _reset(writer)
        finally:
            if there is not None:
                there.transport.abort()

    async def _there(self, piece: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece:
            await self._passing()
            writer.write(piece)
            await writer.drain()
            piece = await reader.read(PIECE)
        writer.write_eof()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed, since = 0, self.weather
        while piece := await reader.read(PIECE):
            weather = await self._passing()
            if weather is not since:
                passed, since = 0, weather
            if weather.noise is not None:
                await _send(writer, weather.noise, weather.bandwidth)
                writer.close()
                raise Ended
            if weather.cut_after is not None and passed + len(piece) > weather.cut_after:
                await _send(writer, piece[: weather.cut_after - passed], weather.bandwidth)
                writer.close()
                raise Ended
            passed += len(piece)
            await _send(writer, piece, weather.bandwidth)
        with suppress(OSError):
            writer.write_eof()

    async def _passing(self) -> Weather:
        """Hold one piece back for as long as the weather says."""
        while self.weather.frozen:
            await self._changed.wait()
        weather = self.weather
        if weather.latency:
            await asyncio.sleep(weather.latency)
        return weather


async def _send(writer: asyncio.StreamWriter, piece: bytes, bandwidth: float | None) -> None:
    size = len(piece) if bandwidth is None else max(1, round(bandwidth / TICKS))
    for start in range(0, len(piece), size or 1):
        writer.write(piece[start : start + size])
        await writer.drain()
        if bandwidth is not None:
            await asyncio.sleep(1 / TICKS)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End with RST, unless the end has come already."""
    if writer.is_closing():
        return
    connection: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def fault_proxy(target: tuple[str, int]) -> AsyncIterator[FaultProxy]:
    """A proxy on a free port, in fair weather."""
    proxy = FaultProxy(target)
    await proxy.turn(FAIR)
    try:
        yield proxy
    finally:
        await proxy.aclose()
