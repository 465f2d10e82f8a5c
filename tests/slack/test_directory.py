"""Who reads: asked of Slack once, kept for a while, never waited for. (What users see of it: test_command.py.)"""

from __future__ import annotations

import asyncio

from slack_sdk.web.async_client import AsyncWebClient

from bot.memory import BoundedMemory
from bot.slack.directory import Directory
from bot.tasks import TaskSet
from formatters.locale import Reader
from tests.slack_side import BOT_TOKEN, MEMBER, Reply, SlackSide

DEFAULT = Reader("en_US", "UTC")


def directory_of(slack: SlackSide, tasks: TaskSet, *, patience: float = 5.0, token: str = BOT_TOKEN) -> Directory:
    client = AsyncWebClient(token=token, base_url=slack.api_url)
    return Directory(client, BoundedMemory(most=10), tasks, default=DEFAULT, patience=patience)


async def test_reader(slack: SlackSide) -> None:
    """A member's language and time zone are what Slack says."""
    assert await directory_of(slack, TaskSet()).reader(MEMBER) == Reader("en_GB", "Europe/Berlin")


async def test_asked_once(slack: SlackSide) -> None:
    """However many commands one member sends at once, Slack is asked once."""
    directory = directory_of(slack, TaskSet())
    readers = await asyncio.gather(*(directory.reader(MEMBER) for _ in range(20)))

    assert set(readers) == {Reader("en_GB", "Europe/Berlin")}
    assert slack.calls["users.info"] == 1


async def test_patience(slack: SlackSide) -> None:
    """Nobody waits longer than the patience, and the call that is under way isn't lost."""
    gate, tasks = asyncio.Event(), TaskSet()
    body = '{"ok": true, "user": {"locale": "de-AT", "tz": "Europe/Vienna"}}'
    slack.replies["users.info"].append(Reply(body=body, content_type="application/json", after=gate))
    directory = directory_of(slack, tasks, patience=0.01)
    first = await directory.reader(MEMBER)
    gate.set()
    await tasks.drain(5)

    assert first == DEFAULT
    assert await directory.reader(MEMBER) == Reader("de_AT", "Europe/Vienna")
    assert slack.calls["users.info"] == 1


async def test_refused_token(slack: SlackSide) -> None:
    """When Slack refuses, the default reads, and Slack isn't asked again at once."""
    directory = directory_of(slack, TaskSet(), token="xoxb-other")

    assert [await directory.reader(MEMBER), await directory.reader(MEMBER)] == [DEFAULT, DEFAULT]
    assert slack.calls["users.info"] == 1
