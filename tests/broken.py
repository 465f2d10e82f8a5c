"""A server that is broken in one of many ways, on a real socket. Each way is a few bytes, since no framework would write them.

```python
async with broken_server("gzip bomb") as url: ...
async with broken_server("reset", times=1, good=body) as url: ...   # broken once, then it serves `body`
```
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

GOOD = b"{}"
Break = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_MEGABYTE = b" " * 1_000_000


def answer(body: bytes, *, head: bytes = _HEAD) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _hang_before_head(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _hang_in_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD + b'Content-Length: 100\r\n\r\n{"a":')
    await reader.read()


async def _fifty_megabytes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD + b"Content-Length: 50000000\r\n\r\n")
    for _megabyte in range(50):
        writer.write(_MEGABYTE)
        await writer.drain()


def _sends(content: bytes) -> Break:
    async def send(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()

    return send


def _gzipped(content: bytes, coding: bytes = b"gzip") -> bytes:
    return answer(content, head=_HEAD + b"Content-Encoding: " + coding + b"\r\n")


def _gzip(size: int) -> bytes:
    return gzip.compress(b" " * size, 9)


_BREAKS: dict[str, Break] = {
    "close at once": _sends(b""),
    "reset": _reset,
    "cut head": _sends(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "garbage status line": _sends(b"MUMBLE mumble\r\n\r\n"),
    "bad gzip": _sends(_gzipped(b"\x1f\x8b\x08 this is no gzip")),
    "cut gzip": _sends(_gzipped(gzip.compress(b'{"name": "Ada"}')[:-12])),
    "gzip bomb": _sends(_gzipped(_gzip(50_000_000))),
    "gzip in gzip": _sends(_gzipped(gzip.compress(_gzip(1_000_000)), b"gzip, gzip")),
    "oversize header": _sends(_HEAD + b"X-Large: " + b"a" * 100_000 + b"\r\n\r\n{}"),
    "50 MB body": _fifty_megabytes,
    "hang before head": _hang_before_head,
    "hang in body": _hang_in_body,
    "short body": _sends(_HEAD + b"Content-Length: 100\r\n\r\n{}"),
    "two lengths": _sends(_HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "bad length": _sends(_HEAD + b"Content-Length: many\r\n\r\n{}"),
    "bad chunks": _sends(_HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n"),
    "bytes of TLS": _sends(b"\x15\x03\x03\x00\x02\x02\x28"),
    "redirect": _sends(answer(b"", head=b"HTTP/1.1 302 Found\r\nLocation: /data/core/ups/access/entities\r\n")),
    "redirect to nonsense": _sends(answer(b"", head=b"HTTP/1.1 302 Found\r\nLocation: http://[::1/\r\n")),
    "HTML": _sends(answer(b"<html>Welcome</html>", head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")),
    "not UTF-8": _sends(answer(b'{"name": "\xff\xfe"}')),
    "cut JSON": _sends(answer(b'{"name": ')),
    "empty": _sends(answer(b"")),
    "503": _sends(answer(b"Service Unavailable", head=b"HTTP/1.1 503 Service Unavailable\r\n")),
}

KINDS = tuple(_BREAKS)
"""The ways in which a server can be broken."""


@asynccontextmanager
async def broken_server(kind: str, *, times: int | None = None, good: bytes = GOOD) -> AsyncIterator[str]:
    """The address of a server that is broken in the way of `kind`; after `times` requests it serves `good` (JSON)."""
    left = float("inf") if times is None else times

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            left -= 1
            await (_BREAKS[kind] if left >= 0 else _sends(answer(good)))(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
