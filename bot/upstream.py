"""Which source profiles come from: Adobe, or the embedded hub, which speaks the same."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import structlog

from bot.breaker import Breaker, Resting, State
from bot.embedded import HUB_URL, credentials_for, open_hub
from bot.errors import SourceDown
from bot.network import Network, create_client
from bot.profiles import ims
from bot.profiles.client import AdobeClient, Exchange
from bot.profiles.http import OverClient
from bot.profiles.wire import Account
from bot.retries import Retries, Retry
from bot.settings import Settings, secret
from bot.tracing import Trace, untraced

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where profiles come from, and whose they are."""

    url: str
    account: Account
    credentials: ims.Credentials


def upstream_of(settings: Settings) -> Upstream:
    """The source that the settings name."""
    policy = settings.adobe_merge_policy_id
    if settings.uses_hub:
        hub = credentials_for(settings.hub_path)
        account = Account(hub.org_id, hub.sandbox, hub.client_id, policy)
        return Upstream(HUB_URL, account, ims.Credentials(HUB_URL, hub.client_id, hub.client_secret))
    client_id = settings.adobe_client_id or ""
    account = Account(settings.adobe_org_id or "", settings.adobe_sandbox, client_id, policy)
    credentials = ims.Credentials(settings.adobe_ims_url, client_id, secret(settings.adobe_client_secret))
    return Upstream(settings.profile_url or "", account, credentials)


@dataclass(frozen=True, slots=True)
class Breakers:
    """Those in front of the source: one for the platform, one for where its tokens come from."""

    platform: Breaker
    tokens: Breaker

    @classmethod
    def of(cls, settings: Settings) -> Breakers:
        """Closed ones."""
        return cls(breaker(settings, "platform"), breaker(settings, "tokens"))

    @property
    def state(self) -> State:
        """That of the one which lets fewer through."""
        return max(self.platform.state, self.tokens.state, key=tuple(State).index)

    def check(self) -> None:
        """Pass if a call to the platform would be let through now. (That no token can be renewed matters when there is none.)

        Raises:
            SourceDown: it wouldn't.
        """
        try:
            self.platform.check()
        except Resting as resting:
            raise SourceDown(resting.wait) from None


def breaker(settings: Settings, upstream: str) -> Breaker:
    """A closed one in front of `upstream`, which the log then tells of."""

    def changed(state: State) -> None:
        log.log(logging.WARNING if state is State.OPEN else logging.INFO, "breaker", kind=upstream, state=state)

    return Breaker(clock=time.monotonic, failures=settings.breaker_failures, pause=settings.breaker_pause, changed=changed)


def log_exchange(exchange: Exchange) -> None:
    """Log one call, at DEBUG."""
    log.debug(
        "asked_adobe",
        kind=exchange.operation,
        request_id=exchange.request_id,
        status=exchange.status,
        ms=round(1000 * exchange.seconds, 1),
    )


def log_retry(retry: Retry) -> None:
    """Log that a call is sent again."""
    log.info("retrying", kind=retry.error.kind, status=getattr(retry.error, "status", None), count=retry.count)


@asynccontextmanager
async def open_adobe(
    settings: Settings,
    breakers: Breakers,
    *,
    observe: Callable[[Exchange], None] = log_exchange,
    retried: Callable[[Retry], None] = log_retry,
    trace: Trace = untraced,
    adobe: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[AdobeClient]:
    """The client of Adobe's API.

    `observe` is told of each call, `retried` of those that are sent again, and `trace` records them; `adobe` takes the place of
    the network.
    """
    upstream = upstream_of(settings)
    async with AsyncExitStack() as stack:
        if settings.uses_hub and adobe is None:
            adobe = await stack.enter_async_context(open_hub(settings.hub_path))
        send = OverClient(await stack.enter_async_context(create_client(network_of(settings), transport=adobe)))
        tokens = ims.ImsTokens(send, upstream.credentials, breaker=breakers.tokens, clock=time.monotonic)
        stack.push_async_callback(tokens.aclose)
        yield AdobeClient(
            send,
            upstream.url,
            upstream.account,
            tokens,
            breaker=breakers.platform,
            retries=Retries(settings.attempts, settings.retry_pause, retried),
            most_bytes=settings.answer_bytes,
            observe=observe,
            trace=trace,
        )


def network_of(settings: Settings) -> Network:
    """How Slack and Adobe are reached."""
    return Network(
        proxy=settings.https_proxy,
        ca_bundle=str(settings.ca_bundle) if settings.ca_bundle else None,
        connect=settings.connect_timeout,
        read=settings.read_timeout,
    )
