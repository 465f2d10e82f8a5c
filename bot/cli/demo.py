"""`customer-bot demo`: hub, service and a stand-in for Slack on this machine, no accounts, invented customers."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

import typer
from starlette.types import ASGIApp

from bot import customer_file, settings
from bot.app import open_service
from bot.cli.screen import as_seen
from bot.cli.stand_in import StandIn
from bot.errors import ConfigurationError
from bot.serving import served
from bot.settings import HUB

FIRST = "ada@example.com"
ANYWHERE = 0
_NOTHING_OF_THE_ENVIRONMENT: dict[str, Any] = dict.fromkeys(
    ("customer_config", "adobe_merge_policy_id", "hub_path", "https_proxy", "ca_bundle")
)
"""What a real set-up has in the environment would break the demo."""


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the first card.")] = False,
    locale: Annotated[str, typer.Option(help="Language and region of whoever asks, e.g. de-DE.")] = "en-US",
    port: Annotated[int, typer.Option(help="Port of the service; a free one if it is taken.")] = 3000,
) -> None:
    """Ask /customer on invented customers, without Slack or Adobe."""
    asyncio.run(_shown(once=once, locale=locale, port=port))


async def _shown(*, once: bool, locale: str, port: int) -> None:
    signing_secret = secrets.token_hex(16)
    slack = StandIn(signing_secret=signing_secret, locale=locale, tz="Europe/Berlin")
    async with served(slack.asgi, "127.0.0.1", ANYWHERE) as here:
        chosen = settings.load(
            slack_api_url=f"{here}/api/",
            slack_bot_token="xoxb-demo",  # noqa: S106 - no secret: the stand-in takes any
            slack_app_token=None,
            slack_signing_secret=signing_secret,
            profile_url=HUB,
            app_keys=secrets.token_hex(32),
            default_locale=locale,
            **_NOTHING_OF_THE_ENVIRONMENT,
        )
        config = customer_file.of(chosen)
        async with open_service(chosen, lambda: config) as service, _served_near(service.asgi, port) as url:
            typer.echo(f"/customer {FIRST}\n")
            typer.echo(as_seen(await slack.command(FIRST, service=url, here=here)))
            typer.echo(f"\nThe service listens at {url}/slack/events, with invented customers from the embedded hub.")
            if not once:
                await _converse(slack, url, here)


@asynccontextmanager
async def _served_near(asgi: ASGIApp, port: int) -> AsyncIterator[str]:
    """On `port`, or on a free one if somebody listens there already."""
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(served(asgi, "127.0.0.1", port))
        except ConfigurationError:
            url = await stack.enter_async_context(served(asgi, "127.0.0.1", ANYWHERE))
        yield url


async def _converse(slack: StandIn, url: str, here: str) -> None:
    typer.echo("Type what you would type after /customer, e.g. help or crm:C-10010. Ctrl-C ends the demo.\n")
    async for line in _lines():
        typer.echo(f"\n{as_seen(await slack.command(line.strip(), service=url, here=here))}\n")


async def _lines() -> AsyncIterator[str]:
    """What is typed, until SIGINT or SIGTERM; the end of the input just means that nothing more is typed."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Queue[str | None] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, typed.put_nowait, None)

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(typed.put_nowait, line)

    # A daemon, since nothing else can interrupt a thread that waits for input.
    threading.Thread(target=read, daemon=True).start()
    while (line := await typed.get()) is not None:
        yield line
