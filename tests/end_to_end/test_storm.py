"""A thousand members ask for the same customer at once: Adobe is asked once, and everybody gets an answer."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.opened import opened
from tests.slack_side import SlackSide, title
from tests.upstream import Turn

MANY = 1000


def askers() -> list[str]:
    return [f"U{number:06}" for number in range(MANY)]


@pytest.fixture
def crowd(slack: SlackSide) -> list[str]:
    for user in askers():
        slack.members[user] = {"locale": "en-US", "tz": "America/New_York"}
    return askers()


async def test_one_call_for_all(slack: SlackSide, crowd: list[str]) -> None:
    """A thousand commands for a customer who isn't cached, over Socket Mode: one call for the profile, a thousand cards."""
    gate = asyncio.Event()
    async with opened(slack, "socket", deadline=20) as service:
        service.upstream.script["profile"].append(Turn(gate=gate))
        asked = await asyncio.gather(*(service.ask("ada@example.com", user=user) for user in crowd))
        gate.set()
        shown = await asyncio.gather(*(each.shown() for each in asked))
        await service.quiet()

        assert Counter(map(title, shown)) == {"Ada Lovelace": MANY}
        assert service.upstream.calls["profile"] == 1
        assert Counter(len(each.mailbox.posts) for each in asked) == {1: MANY}


async def test_one_call_while_quick(slack: SlackSide, crowd: list[str]) -> None:
    """Over HTTP, while Adobe is quick, some cards are in the ack and some come by response_url: each asker has exactly one."""
    async with opened(slack, deadline=20) as service:
        service.upstream.always["profile"] = Turn(latency=0.2)
        asked = await asyncio.gather(*(service.ask("ada@example.com", user=user) for user in crowd))
        shown = await asyncio.gather(*(each.shown() for each in asked))
        await service.quiet()
        cards = Counter(("blocks" in each.ack.message) + len(each.mailbox.posts) for each in asked)

        assert Counter(map(title, shown)) == {"Ada Lovelace": MANY}
        assert service.upstream.calls["profile"] == 1
        assert cards == {1: MANY}


async def test_one_call_that_fails(slack: SlackSide, crowd: list[str]) -> None:
    """When Adobe fails, all share that failure: one call, a thousand notices; whoever asks later has another call."""
    gate = asyncio.Event()
    async with opened(slack, deadline=20, failure_shared=0.0) as service:
        service.upstream.script["profile"] += [Turn(500, {"statusCode": "500"}, gate=gate), Turn(500, {"statusCode": "500"})]
        asked = await asyncio.gather(*(service.ask("ada@example.com", user=user) for user in crowd))
        gate.set()
        shown = await asyncio.gather(*(each.shown() for each in asked))

        assert Counter(map(title, shown)) == {"Adobe has a problem": MANY}
        assert service.upstream.calls["profile"] == 1
        assert title(await service.shown("ada@example.com")) == "Adobe has a problem"
        assert service.upstream.calls["profile"] == 2
        assert title(await service.shown("ada@example.com")) == "Ada Lovelace"
