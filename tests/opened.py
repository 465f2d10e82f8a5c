"""The whole service as it runs, between Slack's side and Adobe's, in either transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bot import settings
from bot.app import Service, open_service
from bot.config import CustomerConfig
from bot.serving import served
from bot.settings import Settings
from bot.tracing import Trace, untraced
from tests import slack_side
from tests.factories import config as packaged
from tests.slack_side import APP_TOKEN, BOT_TOKEN, PATIENCE, SIGNING_SECRET, Ack, Http, Mailbox, Payload, SlackSide, Socket, Wire
from tests.upstream import CREDENTIALS, URL, Upstream

TRANSPORTS = ("http", "socket")
AUTHORITY = Path(__file__).with_name("authority.pem")
"""An invented authority, whose key nobody has: no test gets anywhere over TLS. (And the system's 140 take 35 ms to read.)"""

APP_KEY = "an-invented-application-key-of-32"

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
DEAD_PROXY = "http://127.0.0.1:1"
"""Where a library goes that listens to the environment."""

BRISK = {
    "ack_budget": 0.15,
    "deadline": 0.8,
    "locale_patience": 0.1,
    "failure_shared": 0.2,
    "events_grace": 0.2,
    "retry_pause": 0.02,
    "breaker_pause": 0.2,
    "attempts": 1,
}
"""The real durations, scaled down; and each call is sent once, unless a test is about more."""

GENEROUS = {"person_burst": 1_000_000, "team_burst": 1_000_000, "quota_rate": 1_000_000, "quota_burst": 1_000_000}
"""Limits that no test meets by accident."""


def settings_of(slack: SlackSide, transport: str = "http", **overrides: Any) -> Settings:
    reached = {"slack_signing_secret": SIGNING_SECRET} if transport == "http" else {"slack_app_token": APP_TOKEN}
    values: dict[str, Any] = {
        "slack_api_url": slack.api_url,
        "slack_bot_token": BOT_TOKEN,
        "ca_bundle": AUTHORITY,
        "app_keys": APP_KEY,
        "profile_url": URL,
        "adobe_ims_url": URL,
        "adobe_client_id": CREDENTIALS.client_id,
        "adobe_client_secret": CREDENTIALS.client_secret,
        "adobe_org_id": CREDENTIALS.org_id,
        "adobe_sandbox": CREDENTIALS.sandbox,
    }
    return settings.load(_env_file=None, **(values | reached | BRISK | GENEROUS | overrides))


@dataclass(frozen=True)
class Asked:
    """One request of Slack's, and where the rest of its answer arrives."""

    ack: Ack
    mailbox: Mailbox

    async def shown(self, within: float = PATIENCE) -> Payload:
        """The card or notice that the asker sees, wherever it came."""
        assert self.ack.status == 200
        return self.ack.message if "blocks" in self.ack.message else await self.mailbox.take(within)


@dataclass(frozen=True)
class Opened:
    """The running service. `transport` is the one that `wire` uses."""

    slack: SlackSide
    upstream: Upstream
    service: Service
    wire: Wire
    transport: str

    async def ask(self, text: str, **who: str) -> Asked:
        """Type `/customer <text>`."""
        mailbox = self.slack.mailbox()
        return Asked(
            await self.wire.send("slash_commands", slack_side.command(text, **({"response_url": mailbox.url} | who))), mailbox
        )

    async def press(self, button: Payload, **who: Any) -> Asked:
        """Press a button."""
        mailbox = self.slack.mailbox()
        return Asked(
            await self.wire.send("interactive", slack_side.press(button, **({"response_url": mailbox.url} | who))), mailbox
        )

    async def shown(self, text: str, **who: str) -> Payload:
        """Type `/customer <text>` and see the answer."""
        return await (await self.ask(text, **who)).shown()

    async def quiet(self) -> None:
        """Wait until nothing is under way any more."""
        assert await self.service.tasks.drain(PATIENCE) == 0


@asynccontextmanager
async def opened(
    slack: SlackSide,
    transport: str = "http",
    *,
    upstream: Upstream | None = None,
    adobe: httpx.AsyncBaseTransport | None = None,
    network: bool = False,
    port: bool = False,
    config: Callable[[], CustomerConfig] = packaged,
    clock: Callable[[], float] = time.time,
    trace: Trace = untraced,
    **overrides: Any,
) -> AsyncIterator[Opened]:
    """`upstream` stands where Adobe is; with `network` the service goes to `profile_url` over sockets instead. With `port`
    Slack reaches it over a socket too. `trace` records spans.
    """
    upstream = upstream or Upstream()
    seam = None if network else adobe or upstream.transport()
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(
            open_service(settings_of(slack, transport, **overrides), config, adobe=seam, clock=clock, trace=trace)
        )
        wire: Wire = Socket(slack)
        if transport == "http":
            leads_to = httpx.ASGITransport(app=service.asgi)
            client = httpx.AsyncClient(transport=leads_to, base_url="https://bot.example.com", timeout=PATIENCE)
            if port:
                url = await stack.enter_async_context(served(service.asgi, "127.0.0.1", 0, grace=1))
                client = httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE, limits=httpx.Limits())
            wire = Http(await stack.enter_async_context(client))
        else:
            async with asyncio.timeout(PATIENCE):
                await slack.linked.wait()
        yield Opened(slack, upstream, service, wire, transport)
