"""`customer-bot hub serve`: Adobe's API over the hub's file, on a port."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.hub_file import HubOption, chosen, opened
from bot.errors import ConfigurationError
from bot.hub.api.app import create_hub
from bot.hub.database.connection import Database
from bot.hub.ims import Credentials
from bot.hub.ingestion.elsewhere import open_elsewhere
from bot.serving import served, settle
from bot.settings import Settings, secret


def serve(
    hub: HubOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8300,
) -> None:
    """Serve the hub to any client of Adobe's API, until told to stop. A hub that isn't there is made.

    Clients bring what ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET, ADOBE_ORG_ID and ADOBE_SANDBOX say.
    """
    credentials = credentials_of(chosen())
    with opened(hub, make=True) as database:
        asyncio.run(_served(database, credentials, host, port))


def credentials_of(settings: Settings) -> Credentials:
    """What the hub's clients must bring. Raises ConfigurationError with all that is missing."""
    if problems := tuple(_missing(settings)):
        raise ConfigurationError(problems)
    return Credentials(
        client_id=settings.adobe_client_id or "",
        client_secret=secret(settings.adobe_client_secret),
        org_id=settings.adobe_org_id or "",
        sandbox=settings.adobe_sandbox,
    )


def _missing(settings: Settings) -> Iterator[str]:
    if not settings.adobe_client_id:
        yield "ADOBE_CLIENT_ID is missing: the client id that the hub's clients must bring, any you like."
    if not secret(settings.adobe_client_secret):
        yield "ADOBE_CLIENT_SECRET is missing: the secret that goes with it, e.g. from `openssl rand -hex 32`."
    if not settings.adobe_org_id:
        yield "ADOBE_ORG_ID is missing: the organisation that the hub's clients must name, any that ends in @AdobeOrg."


async def _served(database: Database, credentials: Credentials, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_elsewhere(database.path) as inlet:
        app = create_hub(database=database, credentials=credentials, clock=lambda: datetime.now(UTC), inlet=inlet)
        async with served(app, host, port) as url:
            settle()
            typer.echo(f"The hub {database.path} listens at {url}.")
            await stop.wait()
