"""The border towards Adobe: send, and turn foreign errors into ours."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import httpx

from bot.errors import LookupFailed, SourceFailed, Unreachable
from bot.network import WholeURL
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


class OverClient:
    """Sends with a client of `bot.network.create_client`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        # What the client would add to each request, by a longer way.
        self._headers = dict(client.headers)
        self._extensions = {"timeout": client.timeout.as_dict()}

    async def __call__(self, request: Outgoing, /, *, most_bytes: int) -> Answer:
        """As `Send` says."""
        try:
            return await self._sent(request, most_bytes)
        except FOREIGN as error:
            failed = translate(error)
        raise failed  # outside the handler: a foreign text, with its URL, would hang on ours as its context

    async def _sent(self, request: Outgoing, most_bytes: int) -> Answer:
        response = await self._client.send(self._built(request), stream=True)
        try:
            check_location(response.status_code, response.headers)
            coding = response.headers.get("content-encoding", "").strip().lower()
            body = await _whole(response.stream, most_bytes)
        finally:
            await response.aclose()
        return Answer(
            response.status_code, response.headers, body if coding in NOTHING_CODED else _decoded(body, coding, most_bytes)
        )

    def _built(self, request: Outgoing) -> httpx.Request:
        url, host = _endpoint(request.url.partition("?")[0])
        built = httpx.Request(
            request.method,
            url,
            headers={"host": host, **self._headers, **request.headers},
            # With `content` it would go through all headers twice more, for a host and a length, which whoever sends it adds.
            stream=httpx.ByteStream(request.body or b""),
            extensions=self._extensions,
        )
        built.read()
        built.url = WholeURL(request.url)
        return built


@lru_cache(maxsize=64)
def _endpoint(address: str) -> tuple[httpx.URL, str]:
    """An address without its query, taken apart, and its host: the same few again and again."""
    url = httpx.URL(address)
    return url, url.netloc.decode()


async def _whole(parts: object, most_bytes: int) -> bytes:
    assert isinstance(parts, httpx.AsyncByteStream)  # noqa: S101 - httpx types it for both kinds of clients alike
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
