"""The embedded hub within this process: over a file with an organisation's own data, or over a sample that is invented anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bot.errors import ConfigurationError
from bot.hub.api.app import create_hub
from bot.hub.database.connection import Database, WrongFile
from bot.hub.ims import Credentials
from bot.hub.ingestion.inlet import Here
from bot.hub.sampling import sample_database
from bot.hub.times import milliseconds

HUB_URL = "http://hub"


def credentials_for(path: Path | None) -> Credentials:
    """What the hub wants to see. The sandbox is told on each card."""
    return Credentials(
        client_id="embedded",
        client_secret="embedded",  # noqa: S106 - no secret: it never leaves this process
        org_id="embedded@AdobeOrg",
        sandbox="embedded" if path else "sample",
    )


@asynccontextmanager
async def open_hub(path: Path | None) -> AsyncIterator[httpx.ASGITransport]:
    """The way to the hub at `path`, or to one with the sample.

    Raises:
        ConfigurationError: there is no hub at `path`.
    """
    async with AsyncExitStack() as stack:
        if path:
            database = _found(path)
        else:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="customer-context-")))
            database = await asyncio.to_thread(sample_database, folder, now=_present())
        stack.enter_context(closing(database))
        # Nobody can reach this hub's own ways in: what goes into the file goes in through another process.
        inlet = stack.enter_context(closing(Here(database, lambda: milliseconds(_present()))))
        app = create_hub(database=database, credentials=credentials_for(path), clock=_present, inlet=inlet)
        yield httpx.ASGITransport(app=app, raise_app_exceptions=False)


def _found(path: Path) -> Database:
    if not path.exists():
        made = "`customer-bot hub serve` makes one, docs/hub.md says how"
        raise ConfigurationError((f"HUB_PATH: there is no hub at {path}; {made}.",))
    try:
        return Database.open(path)
    except WrongFile as error:
        raise ConfigurationError((f"HUB_PATH: {error}.",)) from None


def _present() -> datetime:
    return datetime.now(UTC)
