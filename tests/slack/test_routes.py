"""Which payload goes to which door; whatever happens there, Slack gets 200 and the asker an answer."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.access import Home
from bot.seal import Seal
from bot.slack.doors import Doors
from bot.slack.ingress import Dispatch
from bot.slack.installation import Installation
from bot.slack.respond import Forms
from bot.slack.routes import create_dispatch
from bot.tasks import TaskSet
from formatters.locale import Reader
from tests.opened import APP_KEY, Opened
from tests.slack_side import BOT_TOKEN, TEAM, Payload, command, event, press, title

Events = list[MutableMapping[str, Any]]
URL = "http://127.0.0.1:1/commands/1"


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("events_api", event()),
        ("events_api", event("app_mention")),
        ("events_api", event("an_event_of_next_year")),
        ("interactive", {"type": "shortcut", "callback_id": "c", "user": {"id": "U1", "team_id": TEAM}, "team": {"id": TEAM}}),
        ("interactive", {"type": "message_action", "callback_id": "c", "user": {"id": "U1"}, "team": {"id": TEAM}}),
        ("interactive", {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "c", "type": "modal"}}),
        ("interactive", {"type": "view_closed", "user": {"id": "U1"}, "view": {"callback_id": "c", "type": "modal"}}),
        ("interactive", {"type": "block_suggestion", "action_id": "a", "block_id": "b", "value": "x", "user": {"id": "U1"}}),
        ("interactive", {"type": "a_kind_of_next_year", "user": {"id": "U1"}, "team": {"id": TEAM}}),
        ("interactive", press({"action_id": "another_button"}, URL)),
        ("slash_commands", {"ssl_check": "1", "token": "invented-verification-token"}),
    ],
)
async def test_nothing_to_say(service: Opened, events: Events, kind: str, payload: Payload) -> None:
    """What there is no door for is acknowledged, without a word and without an alarm."""
    answer = await service.wire.send(kind, payload)

    assert (answer.status, answer.body) == (200, b"")
    assert [each for each in events if each["log_level"] == "error"] == []


async def test_challenge(service: Opened) -> None:
    """Slack's challenge for a new address is answered with itself."""
    answer = await service.wire.send("events_api", {"type": "url_verification", "token": "t", "challenge": "invented"})

    assert answer.message == {"challenge": "invented"}


class Broken:
    """Stands where a part of ours is, and raises."""

    async def __call__(self, *_args: object, **_options: object) -> None:
        raise RuntimeError("ada@example.com")

    async def reader(self, _user: str, **_options: object) -> Reader:
        raise RuntimeError("ada@example.com")


def broken_dispatch(tasks: TaskSet) -> Dispatch:
    doors = Doors(Home(team=TEAM), Broken(), Broken(), Forms(), Broken(), tasks, 1.5)  # type: ignore[arg-type]  # broken on purpose
    return create_dispatch(
        doors,
        client=AsyncWebClient(),
        installation=Installation(Home(team=TEAM), BOT_TOKEN, "B0BOT", "U0BOT"),
        seal=Seal([APP_KEY]),
        default_reader=Reader("de_DE", "UTC"),
    )


async def test_door_that_raises(events: Events) -> None:
    """When a door itself breaks, the asker gets a notice with a reference that is in the log; the exception's text is nowhere."""
    tasks = TaskSet()
    response = await broken_dispatch(tasks)(command("ada@example.com", URL), 0.0)
    await tasks.drain(5)
    reference = next(each["reference"] for each in events if each["event"] == "dispatch_failed")

    assert response.status == 200
    assert reference in response.body
    assert "Hier ist etwas schiefgegangen" in response.body
    assert "ada@example.com" not in response.body + str(events)


async def test_button_that_raises(events: Events) -> None:
    """An answer that breaks on its way to a response_url is logged, and nothing else stops."""
    tasks = TaskSet()
    response = await broken_dispatch(tasks)(press({"action_id": "refresh", "value": "x"}, URL), 0.0)
    await tasks.drain(5)

    assert (response.status, response.body) == (200, "")
    assert [each["exception"] for each in events if each["event"] == "undelivered"] == ["RuntimeError"]
    assert "ada@example.com" not in str(events)


@pytest.mark.parametrize("odd", [{"authorizations": 5}, {"team": 5}, {"event": {"type": "message", "channel": 5}}, {"view": 5}])
async def test_odd_shapes(service: Opened, odd: Payload) -> None:
    """A payload over which Bolt stumbles is acknowledged all the same."""
    assert (await service.wire.send("events_api", event() | odd)).status == 200
    assert title(await service.shown("ada@example.com")) == "Ada Lovelace"


async def test_bolt_says_nothing_at_start(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """That the bot's token is in the environment, where it belongs, is nothing that Bolt warns of."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    broken_dispatch(TaskSet())

    assert caplog.records == []
