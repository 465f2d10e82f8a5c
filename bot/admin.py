"""The admin address: health, readiness, metrics, and forgetting. Nothing here is for Slack, and nothing of it is logged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import NotUnderstood
from bot.forgetting import Forgotten
from bot.metrics import Metrics
from bot.status import Snapshot, ready, reasons

MOST_BYTES = 4_096
PATIENCE = 3.0
"""Seconds that a body may take to arrive."""


Forget = Callable[[str], Awaitable[Forgotten]]
"""What was typed, as after the command → what came of it. Raises NotUnderstood if it is no identity."""


def create_admin(
    *,
    snapshot: Callable[[], Awaitable[Snapshot]],
    metrics: Metrics,
    forget: Forget,
    accepts: Callable[[str], bool],
    patience: float = PATIENCE,
) -> Starlette:
    """The admin's application. `accepts` checks the bearer token of those who let somebody be forgotten, in constant time."""

    async def health(_request: Request) -> Response:
        return _json(200, {"alive": True})

    async def readiness(_request: Request) -> Response:
        told = await snapshot()
        return _json(200 if ready(told) else 503, {"ready": ready(told), "reasons": reasons(told), "status": told})

    async def scrape(request: Request) -> Response:
        body, content_type = metrics.render(request.headers.get("accept", ""), await snapshot())
        return Response(body, headers={"content-type": content_type})

    async def forgetting(request: Request) -> Response:
        if not accepts(_bearer(request)):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        try:
            forgotten = await forget(await _identity(request, patience))
        except _Refused as refused:
            return _json(refused.status, {"problem": refused.problem})
        except NotUnderstood as error:
            return _json(400, {"problem": error.kind})
        return _json(200, {"copies": forgotten.copies, "shared": forgotten.shared})

    app = Starlette(
        routes=[
            Route("/health", health, methods=["GET"]),
            Route("/ready", readiness, methods=["GET"]),
            Route("/metrics", scrape, methods=["GET"]),
            Route("/forget", forgetting, methods=["POST"]),
        ]
    )
    app.router.redirect_slashes = False  # the redirect would go wherever the Host header says
    return app


@dataclass(eq=False)
class _Refused(Exception):
    """The body is not one that can be read."""

    status: int
    problem: str


def _json(status: int, content: object) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_OMIT_MICROSECONDS)
    return Response(body, status, headers={"content-type": "application/json", "cache-control": "no-store"})


def _bearer(request: Request) -> str:
    """The token, "" without one, or if there are several."""
    given = request.headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _identity(request: Request, patience: float) -> str:
    """What the body says is to be forgotten.

    Raises:
        _Refused: it says nothing of the kind.
    """
    try:
        async with asyncio.timeout(patience):
            content = orjson.loads(await _body(request))
    except (ValueError, TimeoutError, ClientDisconnect):
        raise _Refused(400, "unreadable") from None
    match content:
        case {"identity": str(typed), **more} if not more:
            return typed
    raise _Refused(400, "no_identity")


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _Refused(413, "too_long")
    return body
