"""The app was uninstalled: what was known of customers goes too.

(Slack: the events app_uninstalled and tokens_revoked, which need no scope.)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.slack.respond import ack
from bot.tasks import TaskSet


def on_uninstall(request: AsyncBoltRequest, tasks: TaskSet, uninstalled: Callable[[], Awaitable[Any]]) -> BoltResponse:
    """Have everything forgotten, once the app has no token any more. Coming twice does no harm."""
    event = request.body["event"]
    if event["type"] == "app_uninstalled" or _bot_tokens(event):
        tasks.start(_done(uninstalled))
    return ack()


def _bot_tokens(event: dict[str, Any]) -> bool:
    """Whether it is the app's own token that was revoked, rather than one that a member gave it."""
    tokens = event.get("tokens")
    return isinstance(tokens, dict) and bool(tokens.get("bot"))


async def _done(uninstalled: Callable[[], Awaitable[Any]]) -> None:
    await uninstalled()
