"""Socket Mode: the same payloads over a WebSocket that we open; every envelope is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from slack_bolt.response import BoltResponse

from bot.app import open_service
from bot.errors import SlackRefused
from bot.slack.socket import answer
from tests.factories import config
from tests.opened import opened, settings_of
from tests.slack_side import PATIENCE, SIGNING_SECRET, Http, Payload, Reply, SlackSide, Socket, command, event, title
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

    async def send_socket_mode_response(self, _response: object) -> None:
        raise ConnectionResetError("ada@example.com")


async def test_lost_connection(events: Events) -> None:
    """An ack for which the connection is gone is logged, and raises nothing."""

    async def dispatch(_payload: Payload, _received: float) -> BoltResponse:
        return BoltResponse(status=200, body="{}")

    await answer(Gone(), "e1", event(), dispatch)  # type: ignore[arg-type]  # a fake with what is used

    assert [(each["event"], each["exception"]) for each in events] == [("ack_not_sent", "ConnectionResetError")]


async def test_refused_token(slack: SlackSide) -> None:
    """An app-level token that Slack refuses stops the start with a sentence, instead of trying for ever."""
    with pytest.raises(SlackRefused, match=r"apps\.connections\.open said invalid_auth"):
        async with opened(slack, "socket", slack_app_token="xapp-wrong"):
            pass


async def test_unreadable_answer(slack: SlackSide) -> None:
    """So does an answer that isn't Slack's."""
    slack.replies["apps.connections.open"].append(Reply(503, "no"))

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
    async with opened(slack, "socket", slack_signing_secret=SIGNING_SECRET) as service:
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
