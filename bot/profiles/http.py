"""The border towards Adobe: send, and turn foreign errors into ours.

What goes to the network goes straight over aiohttp. By way of httpx each call would take a third of a millisecond more, most of
it to look at every letter of a long address. httpx's transports serve where Adobe isn't behind a socket.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import httpx
from yarl import URL

from bot.errors import LookupFailed, SourceFailed, Unreachable
from bot.network import Network
from bot.profiles.wire import Answer

ONE_LAYER = "gzip"
"""The one coding that is asked for and read, and only once: layers would multiply."""

NOTHING_CODED = frozenset({"", "identity"})

REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)

UNREADABLE = (
    httpx.DecodingError,
    httpx.ProtocolError,
    httpx.TooManyRedirects,
    httpx.InvalidURL,
    aiohttp.ClientResponseError,
    zlib.error,
    ValueError,
)
"""Something answered, and it wasn't HTTP as we understand it. (ValueError is for headers that a library can't read.)"""

NOT_REACHED = (OSError, aiohttp.InvalidURL, aiohttp.ClientHttpProxyError)
"""These are of the kinds above, and yet nobody answered."""

FOREIGN = (httpx.RequestError, aiohttp.ClientError, OSError, *UNREADABLE)
"""Whatever sending may raise."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it is sent. `url` is whole and encoded. Its repr tells nothing of a customer, nor the token."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


class Send(Protocol):
    """Sends requests. A redirect is an answer like others: nobody follows it with a token in hand."""

    async def __call__(self, request: Outgoing, /, *, most_bytes: int) -> Answer:
        """Send, and read at most `most_bytes` of the decoded body.

        Raises:
            Unreachable: no answer came, or only a part of it.
            SourceFailed: the answer isn't readable HTTP, or is larger than `most_bytes`.
        """
        ...


class OverSession:
    """Sends to the network, over a session of `bot.network.create_session`."""

    def __init__(self, session: aiohttp.ClientSession, network: Network) -> None:
        self._session = session
        self._timeout = aiohttp.ClientTimeout(sock_connect=network.connect, sock_read=network.read)

    async def __call__(self, request: Outgoing, /, *, most_bytes: int) -> Answer:
        """As `Send` says."""
        try:
            return await self._sent(request, most_bytes)
        except FOREIGN as error:
            failed = translate(error)
        raise failed  # outside the handler: a foreign text, with its URL, would hang on ours as its context

    async def _sent(self, request: Outgoing, most_bytes: int) -> Answer:
        async with self._session.request(
            request.method,
            URL(request.url, encoded=True),
            headers={"accept-encoding": ONE_LAYER, **request.headers},
            data=request.body,
            allow_redirects=False,
            auto_decompress=False,
            timeout=self._timeout,
        ) as response:
            headers = response.headers
            check_location(response.status, headers)
            coding = ",".join(headers.getall("content-encoding", ())).strip().lower()
            body = await _whole(response.content.iter_any(), most_bytes)
        return Answer(response.status, headers, body if coding in NOTHING_CODED else _decoded(body, coding, most_bytes))


class OverTransport:
    """Sends over a transport of httpx, which takes the network's place."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def __call__(self, request: Outgoing, /, *, most_bytes: int) -> Answer:
        """As `Send` says."""
        try:
            return await self._sent(request, most_bytes)
        except FOREIGN as error:
            failed = translate(error)
        raise failed  # as above

    async def _sent(self, request: Outgoing, most_bytes: int) -> Answer:
        built = httpx.Request(request.method, request.url, headers=request.headers, content=request.body)
        response = await self._transport.handle_async_request(built)
        try:
            check_location(response.status_code, response.headers)
            return Answer(response.status_code, response.headers, await _whole(response.aiter_bytes(), most_bytes))
        finally:
            await response.aclose()


async def _whole(parts: AsyncIterator[bytes], most_bytes: int) -> bytes:
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > most_bytes:
            raise SourceFailed
    return bytes(body)


def _decoded(body: bytes, coding: str, most_bytes: int) -> bytes:
    if coding != ONE_LAYER:
        raise SourceFailed
    decoded = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, most_bytes + 1)
    if len(decoded) > most_bytes:
        raise SourceFailed
    return decoded


def check_location(status: int, headers: Mapping[str, str]) -> None:
    """Nobody goes where a redirect leads, but one to no address at all isn't HTTP.

    Raises:
        ValueError: it is no address.
    """
    if status in REDIRECTS:
        urlsplit(headers.get("location", ""))


def translate(error: Exception) -> LookupFailed:
    """A foreign error → ours, which keeps nothing of its text."""
    garbled = isinstance(error, UNREADABLE) and not isinstance(error, NOT_REACHED)
    return SourceFailed() if garbled else Unreachable()
