"""Who reads: asked of Slack once, kept for a while, never waited for. (What users see of it: test_command.py.)"""

from __future__ import annotations

import asyncio

import pytest
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.memory import BoundedMemory
from bot.slack.directory import Directory
from bot.tasks import TaskSet
from formatters.locale import Reader
from tests.slack_side import BOT_TOKEN, MEMBER, PATIENCE, Reply, SlackSide

DEFAULT = Reader("en_US", "UTC")


def directory_of(
    slack: SlackSide, tasks: TaskSet, *, patience: float = 5.0, longest: float = 5.0, token: str = BOT_TOKEN
) -> Directory:
    client = AsyncWebClient(token=token, base_url=slack.api_url, retry_handlers=[AsyncRateLimitErrorRetryHandler()])
    return Directory(client, BoundedMemory(most=10), tasks, default=DEFAULT, patience=patience, longest=longest)


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


async def test_within(slack: SlackSide) -> None:
    """Whoever has less time than the patience waits for less; what is known needs none."""
    slack.replies["users.info"].append(Reply(after=asyncio.Event()))
    directory = directory_of(slack, TaskSet(), patience=3600)

    assert await directory.reader("U0SLOW", within=0.01) == DEFAULT
    await directory.reader(MEMBER)
    assert await directory.reader(MEMBER, within=0) == Reader("en_GB", "Europe/Berlin")


@pytest.mark.parametrize("reply", [Reply(after=asyncio.Event()), Reply(429, "{}", {"Retry-After": "3600"}, "application/json")])
async def test_shutdown_does_not_wait(slack: SlackSide, reply: Reply) -> None:
    """However long Slack takes, or asks to wait for, the call ends after a while by itself, and a shutdown with it."""
    slack.replies["users.info"].append(reply)
    tasks = TaskSet()
    directory = directory_of(slack, tasks, patience=0.01, longest=0.05)
    await directory.reader(MEMBER)

    assert await tasks.drain(PATIENCE) == 0


async def test_refused_token(slack: SlackSide) -> None:
    """When Slack refuses, the default reads, and Slack isn't asked again at once."""
    directory = directory_of(slack, TaskSet(), token="xoxb-other")

    assert [await directory.reader(MEMBER), await directory.reader(MEMBER)] == [DEFAULT, DEFAULT]
    assert slack.calls["users.info"] == 1


async def test_at_hand(slack: SlackSide) -> None:
    """What is known already is at hand, else the default is: nobody is asked, and nobody waited for."""
    directory = directory_of(slack, TaskSet())
    assert await directory.at_hand(MEMBER) == DEFAULT
    assert slack.calls["users.info"] == 0

    await directory.reader(MEMBER)
    assert await directory.at_hand(MEMBER) == Reader("en_GB", "Europe/Berlin")
    assert slack.calls["users.info"] == 1
