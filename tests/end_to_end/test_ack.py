"""Slack waits three seconds: an answer in the ack if it is quick, else at the response_url, and never nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message

from tests.opened import Opened, opened
from tests.slack_side import PATIENCE, SlackSide, command, encoded, form_of, signed, title
from tests.upstream import Turn


async def test_quick_customer_in_the_ack(service: Opened) -> None:
    """A customer that Adobe finds quickly is in the ack's body, for the asker's eyes alone, and nowhere else."""
    asked = await service.ask("ada@example.com")
    await service.quiet()

    assert title(asked.ack.message) == "Ada Lovelace"
    assert asked.ack.message["response_type"] == "ephemeral"
    assert form_of(asked.ack.message) == "classic"
    assert asked.mailbox.posts == []


async def test_cached_customer_in_the_ack(service: Opened) -> None:
    """A customer that was shown before is in the ack's body, even if Adobe would take for ever."""
    await service.shown("ada@example.com")
    service.upstream.always["profile"] = Turn(gate=asyncio.Event())
    asked = await service.ask("ADA@example.com")

    assert title(asked.ack.message) == "Ada Lovelace"
    assert service.upstream.calls["profile"] == 1


async def test_slow_customer(slack: SlackSide, transport: str) -> None:
    """A customer that takes longer than the budget is announced in the ack, and arrives once, by response_url."""
    gate = asyncio.Event()
    async with opened(slack, transport, port=True, deadline=5.0) as service:
        service.upstream.always["profile"] = Turn(gate=gate)
        asked = await service.ask("ada@example.com")  # acknowledged although the gate is closed
        before = list(asked.mailbox.posts)
        gate.set()
        card = await asked.shown()
        await service.quiet()

        assert asked.ack.message == {"response_type": "ephemeral", "text": "Looking, the card follows."}
        assert before == []
        assert title(card) == "Ada Lovelace"
        assert len(asked.mailbox.posts) == 1


async def test_customer_that_never_comes(slack: SlackSide, transport: str) -> None:
    """When Adobe never answers, a notice says so, with a reference."""
    async with opened(slack, transport, port=True) as service:
        service.upstream.always["profile"] = Turn(gate=asyncio.Event())
        notice = await service.shown("ada@example.com")

        assert title(notice) == "Adobe took too long"
        assert "Reference: " in str(notice)


async def test_real_numbers(slack: SlackSide, transport: str) -> None:
    """With the numbers that come with the service: Adobe takes 2.5 s, the ack leaves within 1.6 s, the card follows once."""
    as_shipped: dict[str, Any] = {"ack_budget": 1.5, "deadline": 8.0, "locale_patience": 0.3, "events_grace": 2.0}
    async with opened(slack, transport, port=True, **as_shipped) as service:
        service.upstream.always["profile"] = Turn(latency=2.5)
        began = asyncio.get_running_loop().time()
        asked = await service.ask("ada@example.com")
        card = await asked.shown()
        took = asyncio.get_running_loop().time() - began
        await service.quiet()

        assert 1.4 < asked.ack.seconds <= 1.6
        assert title(card) == "Ada Lovelace"
        assert took < 4.0
        assert len(asked.mailbox.posts) == 1


async def test_body_in_pieces(slack: SlackSide) -> None:
    """The budget counts from the first byte: once a slow sender has used it up, the ack leaves without another wait."""
    async with opened(slack, ack_budget=1.0, deadline=5.0) as service:
        service.upstream.always["profile"] = Turn(gate=asyncio.Event())
        mailbox = slack.mailbox()
        content, content_type = encoded("slash_commands", command("ada@example.com", mailbox.url))
        sent = asyncio.Queue[tuple[bytes, bool]]()
        acked = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def receive() -> Message:
            body, more = await sent.get()
            return {"type": "http.request", "body": body, "more_body": more}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                acked.set()

        headers = [(name.lower().encode(), value.encode()) for name, value in signed(content).items()]
        headers.append((b"content-type", content_type.encode()))
        scope = {"type": "http", "method": "POST", "path": "/slack/events", "headers": headers, "query_string": b""}
        serving = asyncio.ensure_future(service.service.asgi(scope, receive, send))
        sent.put_nowait((content[:10], True))
        await asyncio.sleep(1.05)
        complete = loop.time()
        sent.put_nowait((content[10:], False))
        await asyncio.wait_for(acked.wait(), PATIENCE)
        took = loop.time() - complete
        await serving

        assert took < 0.8
