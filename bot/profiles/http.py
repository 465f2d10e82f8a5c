"""The border towards Adobe: send, and turn foreign errors into ours."""

from __future__ import annotations

import aiohttp
import httpx

from bot.errors import LookupFailed, SourceFailed, Unreachable
from bot.profiles.wire import Answer

ACCEPTED_CODINGS = frozenset({"", "identity", "gzip"})
"""One layer of gzip at most: 16 KB on the wire then are 16 MB at worst, and layers would multiply."""

UNREADABLE = (
    httpx.DecodingError,
    httpx.ProtocolError,
    httpx.TooManyRedirects,
    httpx.InvalidURL,
    aiohttp.ClientResponseError,
    aiohttp.ClientPayloadError,
)
"""Something answered, and it wasn't HTTP as we understand it."""

FOREIGN = (httpx.RequestError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError)
"""Whatever sending may raise; ValueError is for headers that aiohttp or the URL library can't read."""


async def send(client: httpx.AsyncClient, request: httpx.Request, *, most_bytes: int) -> Answer:
    """Send, and read at most `most_bytes` of the decoded body.

    Raises:
        Unreachable: no answer came, or only a part of it.
        SourceFailed: the answer isn't readable HTTP, or is larger than `most_bytes`.
    """
    try:
        return await _sent(client, request, most_bytes)
    except FOREIGN as error:
        failed = translate(error)
    raise failed  # outside the handler: a foreign text, with its URL, would hang on ours as its context


async def _sent(client: httpx.AsyncClient, request: httpx.Request, most_bytes: int) -> Answer:
    response = await client.send(request, stream=True)
    try:
        if response.has_redirect_location:
            httpx.URL(response.headers["location"])  # nobody goes there, but a redirect to no address at all isn't HTTP
        return Answer(response.status_code, response.headers, await _body(response, most_bytes))
    finally:
        await response.aclose()


async def _body(response: httpx.Response, most_bytes: int) -> bytes:
    if response.headers.get("content-encoding", "").strip().lower() not in ACCEPTED_CODINGS:
        raise SourceFailed
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > most_bytes:
            raise SourceFailed
    return bytes(body)


def translate(error: Exception) -> LookupFailed:
    """A foreign error → ours, which keeps nothing of its text."""
    garbled = isinstance(error, UNREADABLE) or (isinstance(error, ValueError) and not isinstance(error, OSError))
    return SourceFailed() if garbled else Unreachable()
