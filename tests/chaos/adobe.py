"""Adobe's side of a run: the hub over invented customers, on a port, and its bad days."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.serving import served
from tests.chaos import customers
from tests.upstream import CREDENTIALS, hub, kind_of

LATENCY = 0.08
SLOW_LATENCY = 1.8
"""Adobe's look-up has a long tail: see `customers.is_slow`. It takes longer than an ack can wait."""

Mood = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Refusing:
    """Every call gets the same answer."""

    status: int
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse one call."""
        await Response(self.body, self.status, media_type="application/json")(scope, receive, send)


def throttling(retry_after: float) -> Refusing:
    """429 in the Profile service's shape: an array, and numbers are strings."""
    told = {"message": "Too many requests", "cause": "quota", "retryAfterMs": str(round(1000 * retry_after)), "statusCode": "429"}
    return Refusing(429, orjson.dumps([told]))


def failing(status: int) -> Refusing:
    """5xx in the Profile service's shape."""
    cause = f"Status Code - {status} : Connection Timeout"
    return Refusing(status, orjson.dumps({"message": "Internal failure", "cause": cause, "statusCode": str(status)}))


async def hanging(_scope: Scope, receive: Receive, _send: Send) -> None:
    """Whoever is taken in now is never answered, not even when the bad day is over."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def garbling(scope: Scope, receive: Receive, send: Send) -> None:
    """200, and a page that some gateway shows while it is being mended."""
    await Response(b"<html>We'll be back soon</html>", 200, media_type="application/json")(scope, receive, send)


class Adobe:
    """The hub in some `mood`; None is a good one. Counts the calls that reached it, in any mood, and notes when they came."""

    def __init__(self, hub: ASGIApp) -> None:
        self.mood: Mood | None = None
        self.calls: Counter[str] = Counter()
        self.times: list[float] = []
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the mood has it."""
        self.calls[kind_of(scope)] += 1
        self.times.append(asyncio.get_running_loop().time())
        if self.mood:
            await self.mood(scope, receive, send)
            return
        await asyncio.sleep(_latency(scope))
        await self._hub(scope, receive, send)


def _latency(scope: Scope) -> float:
    asked = parse_qs(scope["query_string"].decode()).get("entityId", [""])[0]
    return SLOW_LATENCY if customers.is_slow(asked) else LATENCY


@asynccontextmanager
async def adobe(size: int) -> AsyncIterator[tuple[Adobe, str]]:
    """Adobe's side with `size` customers, and its address."""
    with (
        TemporaryDirectory(prefix="adobe-") as folder,
        closing(customers.database(Path(folder), size, datetime.now(UTC))) as kept,
    ):
        asgi = Adobe(hub(kept, CREDENTIALS))
        async with served(asgi, "127.0.0.1", 0, grace=1) as url:
            yield asgi, url
