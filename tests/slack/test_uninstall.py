"""The app was uninstalled: what was known of customers goes too, once the app itself has no token any more."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.manifest import EVENTS
from bot.slack.uninstall import on_uninstall
from bot.tasks import TaskSet
from tests.opened import Opened
from tests.slack_side import ELSEWHERE, Payload, Reply, event, title


class Uninstalled:
    """What is done then; it takes until `done` is set, and counts."""

    def __init__(self) -> None:
        self.times = 0
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        await self.done.wait()
        self.times += 1


def told(**what: object) -> Payload:
    """An event of ours."""
    return event() | {"event": {"event_ts": "1.2", **what}}


async def came_of(payload: Payload) -> int:
    """How often that was an uninstallation. It is acknowledged before anything is done about it."""
    uninstalled, tasks = Uninstalled(), TaskSet()
    response = on_uninstall(AsyncBoltRequest(mode="socket_mode", body=payload), tasks, uninstalled)
    assert (response.status, response.body) == (200, "")

    uninstalled.done.set()
    await tasks.drain(5)
    return uninstalled.times


@pytest.mark.parametrize(
    ("what", "times"),
    [
        ({"type": "app_uninstalled"}, 1),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"]}}, 1),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U0MEMBER"], "bot": ["U0BOT"]}}, 1),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U0MEMBER"]}}, 0),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U0MEMBER"], "bot": []}}, 0),
        ({"type": "tokens_revoked", "tokens": {}}, 0),
        ({"type": "tokens_revoked", "tokens": None}, 0),
        ({"type": "tokens_revoked", "tokens": "bot"}, 0),
        ({"type": "tokens_revoked"}, 0),
    ],
)
async def test_events(what: Payload, times: int) -> None:
    """The app has no token any more when it was uninstalled or its own token revoked; a member's own token is another thing."""
    assert await came_of(told(**what)) == times


async def test_subscribed() -> None:
    """Those are the events that the app is told of."""
    assert {"app_uninstalled", "tokens_revoked"} == EVENTS


def gone() -> Reply:
    """Slack's answer to whoever has no token any more."""
    return Reply(200, '{"ok": false, "error": "account_inactive"}', content_type="application/json")


@pytest.mark.parametrize("kind", sorted(EVENTS))
async def test_forgets(service: Opened, kind: str) -> None:
    """Then nobody is shown from a copy any more, however fresh, and it isn't ready; coming twice does no harm."""
    await service.shown("ada@example.com")
    assert service.upstream.calls["profile"] == 1
    service.slack.replies["auth.test"] += [gone(), gone()]
    for _ in range(2):
        answer = await service.wire.send("events_api", told(type=kind, tokens={"bot": ["U0BOT"]}))
        assert (answer.status, answer.body) == (200, b"")
    await service.quiet()

    assert title(await service.shown("ada@example.com")) == "Ada Lovelace"
    assert service.upstream.calls["profile"] == 2
    assert await ready(service) == (503, ["token_rejected"])


async def test_not_ours(service: Opened) -> None:
    """An app may be installed elsewhere too, and tidings may be late: while Slack takes our token, nothing is forgotten."""
    await service.shown("ada@example.com")
    await service.wire.send("events_api", told(type="app_uninstalled") | {"team_id": ELSEWHERE})
    await service.quiet()

    assert title(await service.shown("ada@example.com")) == "Ada Lovelace"
    assert service.upstream.calls["profile"] == 1
    assert await ready(service) == (200, [])


async def ready(service: Opened) -> tuple[int, list[str]]:
    admin = httpx.ASGITransport(app=service.service.admin)
    async with httpx.AsyncClient(transport=admin, base_url="http://admin.example.com") as http:
        answer = await http.get("/ready")
    return answer.status_code, answer.json()["reasons"]
