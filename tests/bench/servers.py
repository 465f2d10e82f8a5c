"""What is measured: each server runs in a process of its own, on a core of its own, and tells its address on standard output.

`bare` is what Bolt itself costs: a signed command in, a fixed card in the ack, nothing looked up.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import orjson
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot import customer_file, settings
from bot.app import open_service
from bot.cli.stand_in import TEAM, StandIn
from bot.serving import served
from bot.settings import HUB
from bot.telemetry import configure_logging

SECRET = "bench"
CORE = 1


@asynccontextmanager
async def bare() -> AsyncIterator[ASGIApp]:
    """Bolt as its documentation sets it up for a platform where the ack is the answer."""
    card: dict[str, Any] = orjson.loads(os.environ["BENCH_CARD"])

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_token="xoxb-bench", bot_id="B0", bot_user_id="U0")

    bolt = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    @bolt.command("/customer")
    async def customer(ack: AsyncAck, request: AsyncBoltRequest) -> None:
        await ack(text=card["text"], blocks=card["blocks"], response_type="ephemeral")

    handler = AsyncSlackRequestHandler(bolt)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    yield Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


@asynccontextmanager
async def service() -> AsyncIterator[ASGIApp]:
    """This service with its defaults, over the embedded hub; logs go to standard error as in production."""
    async with AsyncExitStack() as stack:
        slack = StandIn(signing_secret=SECRET, locale="en-US", tz="Europe/Berlin")
        here = await stack.enter_async_context(served(slack.asgi, "127.0.0.1", 0))
        configure_logging()
        chosen = settings.load(
            slack_api_url=f"{here}/api/",
            slack_bot_token="xoxb-bench",
            slack_app_token=None,
            slack_signing_secret=SECRET,
            profile_url=HUB,
            app_keys="b" * 32,
        )
        config = customer_file.of(chosen)
        yield (await stack.enter_async_context(open_service(chosen, lambda: config))).asgi


SERVERS = {"bare": bare, "service": service}


async def main(name: str) -> None:
    """Serve until standard input closes."""
    os.sched_setaffinity(0, {CORE % (os.cpu_count() or 1)})
    async with SERVERS[name]() as asgi, served(asgi, "127.0.0.1", 0) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
