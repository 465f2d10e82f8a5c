"""Socket Mode: the same payloads over a WebSocket that we open; every envelope is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import open_service
from bot.errors import SlackRefused
from bot.slack.socket import answer, connected
from bot.tasks import TaskSet
from tests.factories import config
from tests.opened import opened, settings_of
from tests.slack_side import (
    APP_TOKEN,
    BOT_TOKEN,
    PATIENCE,
    SIGNING_SECRET,
    Http,
    Payload,
    Reply,
    SlackSide,
    Socket,
    command,
    event,
    title,
)
from tests.upstream import Turn, Upstream

Events = list[MutableMapping[str, Any]]


@pytest.mark.parametrize("payload", [None, 5, "text", [], [1], {}, {"command": 5}, {"type": 5}, {"command": "/customer"}])
async def test_malformed_envelope(slack: SlackSide, payload: object) -> None:
    """An envelope that holds nothing one can read is acknowledged without a word: Slack would only send it again."""
    async with opened(slack, "socket") as service:
        assert "payload" not in await slack.envelope("slash_commands", payload)
        assert title(await service.shown("ada@example.com")) == "Ada Lovelace"


async def test_message_that_is_no_envelope(slack: SlackSide) -> None:
    """What is no envelope at all is passed over."""
    async with opened(slack, "socket") as service:
        link = await slack.link()
        await link.send_str("not JSON")
        await link.send_json({"type": "hello"})
        await link.send_json({"type": "slash_commands", "envelope_id": 5, "payload": {}})

        assert title(await service.shown("ada@example.com")) == "Ada Lovelace"


async def test_new_connection(slack: SlackSide) -> None:
    """When Slack asks to change over to a new connection, that is done, and answers come over it."""
    async with opened(slack, "socket") as service:
        link = await slack.link()
        slack.linked.clear()
        await link.send_json({"type": "disconnect", "reason": "refresh_requested"})
        async with asyncio.timeout(PATIENCE):
            await slack.linked.wait()

        assert title(await service.shown("ada@example.com")) == "Ada Lovelace"
        assert slack.calls["apps.connections.open"] == 2


class Gone:
    """A connection that is no longer there."""

    async def send_socket_mode_response(self, _response: SocketModeResponse) -> None:
        raise ConnectionResetError("ada@example.com")


@pytest.mark.parametrize(
    ("payload", "body", "expected"),
    [
        (command("ada@example.com", "https://url"), '{"text":"card"}', [("https://url", '{"text":"card"}')]),
        (command("ada@example.com", "https://url"), "", []),
        (event(), '{"text":"card"}', []),
    ],
)
async def test_lost_connection(events: Events, payload: Payload, body: str, expected: list[tuple[str, str]]) -> None:
    """An ack that can't be sent is logged; if a card was in it, the card goes to the response_url: commands aren't sent again."""
    posted: list[tuple[str, str]] = []

    async def dispatch(_payload: Payload, _received: float) -> BoltResponse:
        return BoltResponse(status=200, body=body)

    async def post(url: str, message: str) -> bool:
        posted.append((url, message))
        return True

    await answer(Gone(), "e1", payload, dispatch, post)

    assert [(each["event"], each["exception"]) for each in events] == [("ack_not_sent", "ConnectionResetError")]
    assert posted == expected


async def test_card_of_a_lost_connection(slack: SlackSide) -> None:
    """A card whose connection is gone before the ack arrives at the response_url."""
    gate, mailbox = asyncio.Event(), slack.mailbox()
    async with opened(slack, "socket", ack_budget=2.0, deadline=5) as service:
        service.upstream.always["profile"] = Turn(gate=gate)
        slack.dead_links = 99
        link = await slack.link()
        await link.send_json({"type": "slash_commands", "envelope_id": "e1", "payload": command("ada@example.com", mailbox.url)})
        async with asyncio.timeout(PATIENCE):
            await service.upstream.asked.wait()
        await link.close()
        gate.set()

        assert title(await mailbox.take()) == "Ada Lovelace"


async def test_first_connection_fails(slack: SlackSide, events: Events) -> None:
    """A connection that fails at start is tried again, at another address each time."""
    slack.dead_links = 2
    async with opened(slack, "socket") as service:
        assert title(await service.shown("ada@example.com")) == "Ada Lovelace"
    assert slack.calls["apps.connections.open"] == 3
    assert [each["count"] for each in events if each["event"] == "socket_not_connected"] == [1, 2]


async def test_no_connection(slack: SlackSide, events: Events) -> None:
    """After a few tries the start fails with a sentence, and nothing stays open."""
    slack.dead_links = 99
    client, tasks = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url), TaskSet()

    with pytest.raises(SlackRefused, match="WebSocket said nothing") as refused:
        async with connected(unused, client, tasks, asyncio.Event(), app_token=APP_TOKEN, drain=unused, post=unused, pause=0.0):
            pass
    assert not refused.value.answered
    assert slack.calls["apps.connections.open"] == len([each for each in events if each["event"] == "socket_not_connected"]) == 4


async def unused(*_args: object) -> Any:
    raise AssertionError


async def test_later_connection_fails(slack: SlackSide) -> None:
    """So does one later on, for as long as it takes."""
    async with opened(slack, "socket") as service:
        slack.dead_links = 2
        link = await slack.link()
        slack.linked.clear()
        await link.send_json({"type": "disconnect", "reason": "refresh_requested"})
        async with asyncio.timeout(PATIENCE):
            await slack.linked.wait()

        assert title(await service.shown("ada@example.com")) == "Ada Lovelace"
        assert slack.calls["apps.connections.open"] == 4


async def test_command_during_shutdown(slack: SlackSide) -> None:
    """While answers under way are waited for, whoever still asks is told to try again, and no question is begun."""
    gate, upstream = asyncio.Event(), Upstream()
    upstream.script["profile"].append(Turn(gate=gate))
    stack = AsyncExitStack()
    settings = settings_of(slack, "socket", ack_budget=2.0, deadline=5)
    await stack.enter_async_context(open_service(settings, config, adobe=upstream.transport()))
    asking = asyncio.create_task(slack.envelope("slash_commands", command("ada@example.com", slack.mailbox().url)))
    async with asyncio.timeout(PATIENCE):
        await upstream.asked.wait()
    ending = asyncio.create_task(stack.aclose())
    await asyncio.sleep(0)  # it has begun
    late = await slack.envelope("slash_commands", command("bob@example.com", slack.mailbox().url))
    gate.set()
    first = await asking
    await ending

    assert title(late["payload"]) == "This app is restarting"
    assert upstream.calls["profile"] == 1
    assert title(first["payload"]) == "Ada Lovelace"


async def test_refused_token(slack: SlackSide) -> None:
    """An app-level token that Slack refuses stops the start with a sentence, instead of trying for ever."""
    with pytest.raises(SlackRefused, match=r"apps\.connections\.open said invalid_auth"):
        async with opened(slack, "socket", slack_app_token="xapp-wrong"):
            pass


async def test_unreadable_answer(slack: SlackSide) -> None:
    """So does an answer that isn't Slack's."""
    slack.replies["apps.connections.open"] += [Reply(503, "no")] * 2

    with pytest.raises(SlackRefused, match=r"apps\.connections\.open said nothing"):
        async with opened(slack, "socket"):
            pass


async def test_no_address_without_signing_secret(slack: SlackSide) -> None:
    """With the app-level token alone nothing listens at /slack/events: nobody could be told from Slack."""
    async with opened(slack, "socket") as service:
        transport = httpx.ASGITransport(app=service.service.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="https://bot.example.com") as client:
            assert (await client.post("/slack/events", json={"type": "url_verification"})).status_code == 404


async def test_both_transports(slack: SlackSide) -> None:
    """With both secrets the service answers over both, from one cache."""
    async with opened(slack, "socket", slack_signing_secret=SIGNING_SECRET, ack_budget=2.0, deadline=5.0) as service:
        transport = httpx.ASGITransport(app=service.service.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="https://bot.example.com") as client:
            url = slack.mailbox().url
            acks = [await wire.send("slash_commands", command("ada@example.com", url)) for wire in (Socket(slack), Http(client))]

        assert [title(each.message) for each in acks] == ["Ada Lovelace", "Ada Lovelace"]
        assert service.upstream.calls["profile"] == 1


async def test_end_while_an_ack_waits(slack: SlackSide) -> None:
    """At the end the connection stays until the acks under way have left, with their cards."""
    gate, upstream = asyncio.Event(), Upstream()
    upstream.always["profile"] = Turn(gate=gate)
    stack = AsyncExitStack()
    settings = settings_of(slack, "socket", ack_budget=2.0, deadline=5)
    await stack.enter_async_context(open_service(settings, config, adobe=upstream.transport()))
    asking = asyncio.create_task(slack.envelope("slash_commands", command("ada@example.com", slack.mailbox().url)))
    async with asyncio.timeout(PATIENCE):
        await upstream.asked.wait()
    ending = asyncio.create_task(stack.aclose())
    asyncio.get_running_loop().call_later(0.05, gate.set)
    acked = await asking
    await ending

    assert title(acked["payload"]) == "Ada Lovelace"
