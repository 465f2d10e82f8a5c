"""`customer-bot forget IDENTITY`: have a running service, and its replicas, forget what they keep of a customer."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
import typer

from bot import settings
from bot.errors import ConfigurationError
from bot.network import Network, create_client
from bot.seal import Seal

NOT_ALL = 1
PATIENCE = 10.0


def forget(
    identity: Annotated[str, typer.Argument(help="What you would type after /customer.")],
    admin: Annotated[str | None, typer.Option(help="Admin address of the service; by default that of the settings.")] = None,
) -> None:
    """Delete the copies of a customer. Exit code 1 if not all replicas have been told. Adobe's own data stays as it is."""
    chosen = settings.load(slack=False)
    if not chosen.keys:
        raise ConfigurationError(("APP_KEYS is missing: it must be that of the running service.",))
    told = asyncio.run(_told(admin or f"http://{chosen.admin_host}:{chosen.admin_port}", Seal(chosen.keys).bearer(), identity))
    typer.echo(f"Copies deleted in this process: {told['copies']}.")
    if told["shared"]:
        typer.echo("All replicas have been told.")
    else:
        typer.echo("Redis can't be reached: other replicas have not been told yet. They will be once it is back.")
        raise typer.Exit(NOT_ALL)


async def _told(address: str, bearer: str, identity: str) -> dict[str, Any]:
    network = Network(connect=PATIENCE, read=PATIENCE)
    async with create_client(network, base_url=address) as http:
        try:
            answer = await http.post("/forget", json={"identity": identity}, headers={"authorization": f"Bearer {bearer}"})
            told: dict[str, Any] = answer.json() if answer.content else {}
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            raise ConfigurationError((f"No service could be asked at {address}; --admin names another address.",)) from None
    match answer.status_code:
        case httpx.codes.OK:
            return told
        case httpx.codes.UNAUTHORIZED:
            raise ConfigurationError(("The service has other keys: APP_KEYS must be the same here.",))
        case _:
            raise ConfigurationError((f"That isn't one identity ({told.get('problem')}): type it as after /customer.",))
