"""Slack's side of a run: that of the tests, with many members, and its bad days."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from tests.slack_side import SlackSide, granted_scopes

MEMBER = {"locale": "en-GB", "tz": "Europe/Berlin"}

Mood = Callable[[], web.Response]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def member_id(number: int) -> str:
    """The id of member `number`."""
    return f"U0{number:06}"


def throttling(seconds: float) -> Mood:
    """429 for so many seconds from now: it tells the wait that is left, in whole seconds, as the Web API and response_urls do."""
    now = asyncio.get_running_loop().time
    until = now() + seconds
    return lambda: web.Response(status=429, text="rate_limited", headers={"Retry-After": str(max(1, math.ceil(until - now())))})


def failing(status: int) -> Mood:
    """5xx."""
    return lambda: web.Response(status=status, text="server_error")


class MoodySlack:
    """Slack's side in some `mood`; None is a good one. Counts the calls that reached it, in any mood."""

    def __init__(self, members: int) -> None:
        self.side = SlackSide(granted_scopes())
        self.side.members = {member_id(number): dict(MEMBER) for number in range(members)}
        self.mood: Mood | None = None
        self.calls: Counter[str] = Counter()

    def application(self) -> web.Application:
        """The Web API and the response_urls."""
        application = self.side.application()
        application.middlewares.append(self._moody)
        return application

    @web.middleware
    async def _moody(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls["Web API" if request.path.startswith("/api/") else "response_url"] += 1
        return self.mood() if self.mood else await handler(request)


@asynccontextmanager
async def slack(members: int) -> AsyncIterator[tuple[MoodySlack, str]]:
    """Slack's side with so many members, and its own address. `side.url` is to be the one that the service knows."""
    moody = MoodySlack(members)
    runner = web.AppRunner(moody.application(), access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await (site := web.TCPSite(runner, "127.0.0.1", 0, backlog=2048)).start()
        yield moody, site.name
    finally:
        await runner.cleanup()
