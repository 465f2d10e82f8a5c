"""`customer-bot forget`, against a running service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import settings
from bot.cli.forget import address
from bot.serving import served
from tests.cli.conftest import Ran, Run
from tests.opened import APP_KEY, Opened, opened
from tests.redis_server import RedisServer
from tests.slack_side import SlackSide, title

NOBODY = "127.0.0.1:1"


@dataclass(frozen=True)
class Administered:
    """A running service, and the command with its settings."""

    service: Opened
    url: str
    run: Run

    async def forget(self, identity: str, **changes: str) -> Ran:
        """Run the command, while the service goes on."""
        return await forget(self.run, self.url, identity, **changes)


async def forget(run: Run, url: str, identity: str = "ada@example.com", **changes: str) -> Ran:
    there = {"app_keys": APP_KEY, "profile_url": "hub:"} | changes
    return await asyncio.to_thread(run, "forget", identity, "--admin", url, **there)


@asynccontextmanager
async def administered(slack: SlackSide, run: Run, **overrides: Any) -> AsyncIterator[Administered]:
    async with opened(slack, **overrides) as service, served(service.service.admin, "127.0.0.1", 0, grace=1.0) as url:
        yield Administered(service, url, run)


@pytest.mark.parametrize("typed", ["ada@example.com", "crm:C-10001"])
async def test_forgotten(slack: SlackSide, run: Run, typed: str) -> None:
    """Who was forgotten, by whichever identity that was asked for, is asked for at Adobe again; nobody else is."""
    async with administered(slack, run) as admin:
        for who in ("ada@example.com", "crm:C-10001", "bob@example.com", "ada@example.com"):
            await admin.service.shown(who)
        before = admin.service.upstream.calls["profile"]
        ran = await admin.forget(typed)
        again = await admin.service.shown("ada@example.com")
        await admin.service.shown("bob@example.com")

        assert (before, admin.service.upstream.calls["profile"]) == (3, 4)
        assert title(again) == "Ada Lovelace"
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Copies deleted in this process: 2.\nThis process shares with no others.\n"


async def test_with_replicas(slack: SlackSide, run: Run, redis: RedisServer) -> None:
    """With Redis all replicas are told."""
    async with administered(slack, run, redis_url=redis.url) as admin:
        ran = await admin.forget("ada@example.com")

    assert (ran.code, ran.out.splitlines()[1]) == (0, "All replicas have been told.")


async def test_without_redis_being_there(slack: SlackSide, run: Run) -> None:
    """While Redis is away others can't be told, and the exit code says so."""
    async with administered(slack, run, redis_url=f"redis://{NOBODY}") as admin:
        ran = await admin.forget("ada@example.com")

    assert ran.code == 1
    assert "other replicas have not been told yet" in ran.out


async def test_what_is_not_understood(slack: SlackSide, run: Run) -> None:
    """What is no identity, or several, is told by its kind, and nothing of it comes back."""
    async with administered(slack, run) as admin:
        none = await admin.forget("ada at example")
        several = await admin.forget("ada@example.com bob@example.com")
        long = await admin.forget("x" * 5_000)

    assert [each.code for each in (none, several, long)] == [2, 2, 2]
    assert none.err == "That isn't one identity (not_an_identity): type it as after /customer.\n"
    assert "(several_identities)" in several.err
    assert "(too_long)" in long.err


async def test_other_keys(slack: SlackSide, run: Run) -> None:
    """Whoever has other keys may not."""
    async with administered(slack, run) as admin:
        await admin.service.shown("ada@example.com")
        ran = await admin.forget("ada@example.com", app_keys="b" * 32)
        await admin.service.shown("ada@example.com")

        assert admin.service.upstream.calls["profile"] == 1
    assert (ran.code, ran.err) == (2, "The service has other keys: APP_KEYS must be the same here.\n")


@pytest.mark.parametrize("url", [f"http://{NOBODY}", "http://[::1", "localhost:9090", "http://bad host:1", "http://h:99999"])
async def test_nobody_there(run: Run, url: str) -> None:
    """Where nobody listens, or nobody could, a sentence says so."""
    ran = await forget(run, url)

    assert (ran.code, ran.err) == (2, f"No service could be asked at {url}; --admin names another address.\n")


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(status_code=404),
        PlainTextResponse("Here is something else."),
        PlainTextResponse('{"copies": 1, "shared": "some"}'),
        PlainTextResponse("[]"),
    ],
    ids=["500", "404", "words", "odd", "list"],
)
async def test_somebody_else_there(run: Run, answer: Response) -> None:
    """An answer that isn't the admin address's, or its own mistake, is not taken for one about the identity."""

    async def other(_request: Request) -> Response:
        return answer

    async with served(Starlette(routes=[Route("/forget", other, methods=["POST"])]), "127.0.0.1", 0) as url:
        ran = await forget(run, url)

    assert ran.code == 2
    assert ran.err == f"{url} answered {answer.status_code}: if that is the service's admin address, its log says more.\n"


def test_without_keys(run: Run) -> None:
    """Without keys it can't be done."""
    ran = run("forget", "ada@example.com", profile_url="hub:")

    assert (ran.code, ran.err) == (2, "APP_KEYS is missing: it must be that of the running service.\n")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:9090"),
        ("0.0.0.0", "http://127.0.0.1:9090"),  # noqa: S104 - nothing is bound
        ("::", "http://[::1]:9090"),
        ("fd00::1", "http://[fd00::1]:9090"),
        ("admin.internal", "http://admin.internal:9090"),
    ],
)
def test_address(place: Path, host: str, expected: str) -> None:
    """By default it is the settings' own address; a service that listens everywhere is here too."""
    chosen = settings.load(slack=False, _env_file=None, profile_url="hub:", admin_host=host)

    assert expected == address(chosen)
