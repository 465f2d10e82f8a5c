"""The one factory for outgoing HTTP, towards Adobe and Slack alike.

aiohttp carries everything: httpx's own pool slows down with each connection and doesn't survive a storm of cancellations
(measured; `docs/decisions.md`). Towards Slack httpx is the interface to it; Adobe is asked over a session (`bot.profiles.http`).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport


@dataclass(frozen=True, slots=True)
class Network:
    """How this process reaches others. Times are in seconds; `ca_bundle` is a PEM file that takes the place of the system's.

    `connections` are as many calls under way at once; further ones wait. It is for the quota to slow calls down: with two calls a
    card, the 100 connections that aiohttp would allow are 50 cards at a time.
    """

    connect: float
    read: float
    proxy: str | None = None
    ca_bundle: str | None = None
    connections: int = 400
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
    session = aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=network.proxy, trust_env=False
    )
    # aiohttp would send a GET again, once, when a kept connection turns out dead: a call that no quota knows of. There is no
    # setting for that (aiohttp.test_utils sets the attribute as well). Whoever sends through this session retries by himself.
    session._retry_connection = False  # noqa: SLF001
    return session


def create_client(
    network: Network,
    *,
    base_url: str = "",
    session: Callable[[], aiohttp.ClientSession] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """A client for `base_url`, one a process. Its session is made at the first call, so that it belongs to the running loop.

    `session` lets several clients share connections; closing any of them closes it. `transport` takes the place of the network.
    """
    return _Straight(
        transport or AiohttpTransport(verify=_tls(network), trust_env=False, client=session or (lambda: create_session(network))),
        base_url=base_url,
        timeout=httpx.Timeout(network.read, connect=network.connect, pool=None),
        headers={"accept-encoding": "gzip"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
    )


class _Straight(httpx.AsyncClient):
    """Hands requests straight to its transport: the inherited rounds of auth, redirects, hooks and cookies, of which none is used
    here, and of logging, which would tell whom a URL names, take more time than all the rest.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self._straight = transport

    async def send(self, request: httpx.Request, *, stream: bool = False, **rounds: Any) -> httpx.Response:
        """As the inherited one; an argument that asks for any of the rounds makes them."""
        if any(asked is not httpx.USE_CLIENT_DEFAULT for asked in rounds.values()):
            return await super().send(request, stream=stream, **rounds)
        if "timeout" not in request.extensions:
            request.extensions = {**request.extensions, "timeout": self.timeout.as_dict()}
        response = await self._straight.handle_async_request(request)
        response.request = request
        if not stream:
            try:
                await response.aread()
            finally:
                await response.aclose()
        return response


class WholeURL(httpx.URL):
    """An address that is encoded already. It is taken apart only if somebody asks for a part of it.

    httpx looks at each letter of an address several times, which for a long list of fields takes 0.15 ms, twice a customer.
    """

    def __init__(self, text: str) -> None:
        """`text` is the whole address."""
        self._text = text

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _uri_reference(self) -> Any:  # type: ignore[override]
        return httpx.URL(self._text)._uri_reference  # noqa: SLF001 - on which all that httpx.URL can do rests


def _tls(network: Network) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=network.ca_bundle)
