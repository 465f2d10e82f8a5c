"""What every door needs: the use case, the ways out, and the two ways to hand an answer over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

import structlog
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.access import Home
from bot.answering import Answer, Answering
from bot.question import Asker
from bot.slack.directory import Directory
from bot.slack.respond import Forms, Responder
from bot.tasks import TaskSet

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Doors:
    """`home` is where the app is installed; `ack_budget` is how long an ack may wait for the answer, in seconds from the
    request's first byte.
    """

    home: Home
    answering: Answering
    responder: Responder
    forms: Forms
    directory: Directory
    tasks: TaskSet
    ack_budget: float

    async def deliver(self, asked: Awaitable[Answer], url: str, asker: Asker, *, replace: bool = False) -> None:
        """Send the answer to `url` when it is there."""
        try:
            answer = await asked
            reader = await self.directory.reader(asker.user)
            await self.responder.respond(url, answer, reader, home=self.home.id, replace=replace)
        except Exception as error:  # noqa: BLE001 - a task of its own: nobody else would ever hear of it
            log.error("undelivered", team=asker.team, exception=type(error).__name__)


def received(request: AsyncBoltRequest) -> float:
    """When the request's first byte came, on the event loop's clock."""
    at: float = request.context["received"]
    return at


def left(budget: float, since: float) -> float:
    """What is left of `budget` seconds that began at `since`."""
    return max(0.0, since + budget - asyncio.get_running_loop().time())
