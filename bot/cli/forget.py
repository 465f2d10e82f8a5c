"""`customer-bot forget IDENTITY`: have a running service, and its replicas, forget what they keep of a customer."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
import typer

from bot import settings
from bot.errors import ConfigurationError
from bot.forgetting import Forgotten, Reach
from bot.network import Network, create_client
from bot.seal import Seal
from bot.settings import Settings

NOT_ALL = 1
PATIENCE = 10.0

HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound
"""How a service that listens on all addresses is reached from its own machine."""

TOLD = {
    Reach.ALL: "All replicas have been told.",
    Reach.LATER: "Redis can't be reached: other replicas have not been told yet. They will be once it is back.",
    Reach.ALONE: "This process shares with no others.",
}


def forget(
    identity: Annotated[str, typer.Argument(help="What you would type after /customer.")],
    admin: Annotated[str | None, typer.Option(help="Admin address of the service; by default that of the settings.")] = None,
) -> None:
    """Delete the copies of a customer. Exit code 1 if not all replicas have been told. Adobe's own data stays as it is."""
    chosen = settings.load(slack=False)
    if not chosen.keys:
        raise ConfigurationError(("APP_KEYS is missing: it must be that of the running service.",))
    forgotten = asyncio.run(_forgotten(admin or address(chosen), Seal(chosen.keys).bearer(), identity))
    typer.echo(f"Copies deleted in this process: {forgotten.copies}.")
    typer.echo(TOLD[forgotten.shared])
    if forgotten.shared is Reach.LATER:
        raise typer.Exit(NOT_ALL)


def address(chosen: Settings) -> str:
    """The admin address of the service that these settings are for, from where it runs."""
    host = HERE.get(chosen.admin_host, chosen.admin_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{chosen.admin_port}"


async def _forgotten(address: str, bearer: str, identity: str) -> Forgotten:
    try:
        async with create_client(Network(connect=PATIENCE, read=PATIENCE), base_url=address) as http:
            answer = await http.post("/forget", json={"identity": identity}, headers={"authorization": f"Bearer {bearer}"})
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        raise ConfigurationError((f"No service could be asked at {address}; --admin names another address.",)) from None
    match answer.status_code, _told(answer):
        case httpx.codes.OK, {"copies": int(copies), "shared": ("all" | "later" | "alone") as shared}:
            return Forgotten(copies, Reach(shared))
        case httpx.codes.UNAUTHORIZED, _:
            raise ConfigurationError(("The service has other keys: APP_KEYS must be the same here.",))
        case httpx.codes.BAD_REQUEST | httpx.codes.REQUEST_ENTITY_TOO_LARGE, {"problem": problem}:
            raise ConfigurationError((f"That isn't one identity ({problem}): type it as after /customer.",))
        case status, _:
            raise ConfigurationError(
                (f"{address} answered {status}: if that is the service's admin address, its log says more.",)
            )


def _told(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
