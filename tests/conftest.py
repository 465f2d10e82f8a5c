"""For all tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.slack_side import MEMBER, SlackSide, slack_side


@pytest.fixture(scope="session", autouse=True)
def no_loop_of_its_own() -> None:
    """looptime asks for a loop even for tests without one; asyncio would make one that nobody closes."""
    asyncio.set_event_loop(None)


@pytest.fixture
async def slack() -> AsyncIterator[SlackSide]:
    """Slack's side, with one member."""
    async with slack_side() as slack:
        slack.members[MEMBER] = {"locale": "en-GB", "tz": "Europe/Berlin"}
        yield slack
