"""Which payload goes to which door; whatever happens there, Slack gets 200 and the asker an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from slack_bolt.response import BoltResponse
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
from tests.limits import violations
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

    async def at_hand(self, _user: str) -> Reader:
        raise RuntimeError("ada@example.com")


async def nothing() -> None:
    """Nobody has uninstalled anything."""


def broken_dispatch(tasks: TaskSet, *, stopping: bool = False) -> Dispatch:
    doors = Doors(Home(team=TEAM), Broken(), Broken(), Forms(), Broken(), tasks, 1.5)  # type: ignore[arg-type]  # broken on purpose
    return dispatch_to(doors, stopping=lambda: stopping)


def dispatch_to(doors: Doors, *, stopping: Callable[[], bool], uninstalled: Callable[[], Awaitable[None]] = nothing) -> Dispatch:
    return create_dispatch(
        doors,
        client=AsyncWebClient(),
        installation=Installation(Home(team=TEAM), BOT_TOKEN, "B0BOT", "U0BOT"),
        seal=Seal([APP_KEY]),
        default_reader=Reader("de_DE", "UTC"),
        stopping=stopping,
        uninstalled=uninstalled,
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


# While the service is being stopped


@dataclass
class Posted:
    """A responder that writes down what it is given."""

    posts: list[tuple[str, str]] = field(default_factory=list)

    async def post(self, url: str, body: str) -> bool:
        self.posts.append((url, body))
        return True


@dataclass
class AtHand:
    """A directory that knows who reads German, and must not be asked for more."""

    known: Mapping[str, Reader] = field(default_factory=lambda: {"U0BERLIN": Reader("de_DE", "Europe/Berlin")})

    async def at_hand(self, user: str) -> Reader:
        return self.known.get(user, Reader("en_US", "UTC"))


@dataclass
class Stopping:
    """The way in, of a service that is being stopped from the moment on in which `begun` is set."""

    posted: Posted = field(default_factory=Posted)
    tasks: TaskSet = field(default_factory=TaskSet)
    begun: bool = True
    uninstalled: int = 0

    def __post_init__(self) -> None:
        parts = Broken(), self.posted, Forms(), AtHand()
        doors = Doors(Home(team=TEAM), *parts, self.tasks, 1.5)  # type: ignore[arg-type]  # only what may be used is there
        self._dispatch = dispatch_to(doors, stopping=lambda: self.begun, uninstalled=self.forget)

    async def forget(self) -> None:
        self.uninstalled += 1

    async def send(self, payload: Payload) -> BoltResponse:
        response = await self._dispatch(payload, 0.0)
        await self.tasks.drain(5)
        return response


@pytest.mark.parametrize(("user", "expected"), [("U0BERLIN", "Diese App startet gerade neu"), ("U1", "This app is restarting")])
async def test_command_while_stopping(events: Events, user: str, expected: str) -> None:
    """While the service is being stopped, whoever asks is told so in the ack, in their language if it is known already."""
    response = await Stopping().send(command("ada@example.com", URL, user=user))
    message = orjson.loads(response.body)

    assert (response.status, title(message), message["response_type"]) == (200, expected, "ephemeral")
    assert violations({key: value for key, value in message.items() if key != "response_type"}) == []
    assert events == []


async def test_button_while_stopping(events: Events) -> None:
    """Whoever presses a button is told at its response_url, beside the card, which stays."""
    service = Stopping()
    response = await service.send(press({"action_id": "refresh", "value": "x"}, URL, user="U0BERLIN"))
    [(url, body)] = service.posted.posts
    message = orjson.loads(body)

    assert (response.status, response.body, url) == (200, "", URL)
    assert (title(message), message["response_type"]) == ("Diese App startet gerade neu", "ephemeral")
    assert "replace_original" not in message
    assert events == []


@pytest.mark.parametrize("payload", [{"ssl_check": "1", "token": "t"}, {"type": "view_closed", "user": {"id": "U1"}}])
async def test_nobody_to_tell_while_stopping(payload: Payload) -> None:
    """Where nobody waits for an answer nobody is told."""
    service = Stopping()
    response = await service.send(payload)

    assert (response.status, response.body, service.posted.posts) == (200, "", [])


@pytest.mark.parametrize(
    "odd", [{"user": "U1"}, {"user": 5}, {"user": None}, {"user": {}}, {"type": "block_actions", "user": [1]}]
)
async def test_odd_shapes_while_stopping(odd: Payload) -> None:
    """A payload of which nobody can make sense is acknowledged all the same."""
    assert (await Stopping().send(odd)).status == 200


async def test_directory_that_raises_while_stopping(events: Events) -> None:
    """When even that breaks, the asker gets a notice with a reference."""
    response = await broken_dispatch(TaskSet(), stopping=True)(command("ada@example.com", URL), 0.0)
    reference = next(each["reference"] for each in events if each["event"] == "dispatch_failed")

    assert (response.status, reference in response.body) == (200, True)
    assert "ada@example.com" not in response.body + str(events)


async def test_events_while_stopping() -> None:
    """Events pass: nobody would send them again to another."""
    service = Stopping()
    await service.send(event("app_uninstalled"))

    assert (service.uninstalled, service.posted.posts) == (1, [])


async def test_stopping_begins(events: Events) -> None:
    """Whether it is being stopped is asked with each request."""
    service = Stopping(begun=False)
    before = await service.send(command("help", URL))
    service.begun = True
    after = await service.send(command("help", URL))

    assert "Hier ist etwas schiefgegangen" in before.body
    assert "This app is restarting" in after.body
