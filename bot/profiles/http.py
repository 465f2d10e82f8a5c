"""The one factory for outgoing HTTP, and the border at which foreign errors become ours.

httpx is the interface, aiohttp the transport: httpx's own pool slows down with each connection and doesn't survive a storm of
cancellations (measured; `docs/decisions.md`).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bot.errors import LookupFailed, SourceFailed, Unreachable
from bot.profiles.wire import Answer

ACCEPTED_CODINGS = frozenset({"", "identity", "gzip"})
"""One layer of gzip at most: 16 KB on the wire then are 16 MB at worst, and layers would multiply."""

UNREADABLE = (
    httpx.DecodingError,
    httpx.ProtocolError,
    httpx.TooManyRedirects,
    aiohttp.ClientResponseError,
    aiohttp.ClientPayloadError,
)
"""Something answered, and it wasn't HTTP as we understand it."""

FOREIGN = (httpx.RequestError, aiohttp.ClientError, OSError, ValueError)
"""Whatever sending may raise; ValueError is for headers that aiohttp or the URL library can't read."""


@dataclass(frozen=True, slots=True)
class Network:
    """How this process reaches others. Times are in seconds; `ca_bundle` is a PEM file that takes the place of the system's."""

    proxy: str | None = None
    ca_bundle: str | None = None
    connect: float = 2.0
    read: float = 5.0
    connections: int = 100
    keepalive: float = 30.0
    dns_fresh: int = 300


def create_session(network: Network) -> aiohttp.ClientSession:
    """A session of aiohttp for the running loop: environment and cookies ignored, proxy and certificates from `network`.

    Slack's `AsyncWebClient(session=…)` and `create_client(session=…)` may share one.
    """
    connector = aiohttp.TCPConnector(
        limit=network.connections,
        keepalive_timeout=network.keepalive,
        ttl_dns_cache=network.dns_fresh,
        ssl=_tls(network),
    )
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=network.proxy, trust_env=False)


def create_client(
    network: Network, *, base_url: str = "", session: Callable[[], aiohttp.ClientSession] | None = None
) -> httpx.AsyncClient:
    """A client for `base_url`, one a process. Its session is made at the first call, so that it belongs to the running loop.

    `session` lets several clients share connections; closing any of them closes it.
    """
    transport = AiohttpTransport(verify=_tls(network), trust_env=False, client=session or (lambda: create_session(network)))
    return httpx.AsyncClient(
        base_url=base_url,
        transport=transport,
        timeout=httpx.Timeout(network.read, connect=network.connect, pool=None),
        headers={"accept-encoding": "gzip"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
    )


def _tls(network: Network) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=network.ca_bundle)


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
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, await _body(response, most_bytes))
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
