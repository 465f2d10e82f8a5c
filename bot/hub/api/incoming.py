"""What a call brings along: its body as JSON, whole numbers among its parameters, and what is told of what is wrong with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub.errors import Refused
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm

Endpoint = Callable[[Request], Awaitable[Response]]


async def parsed(request: Request) -> Any:
    """The body's JSON. Raises Malformed, saying where it ends to be JSON."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body isn't JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None


async def parsed_object(request: Request) -> Xdm:
    """The body, a JSON object. Raises Malformed."""
    body = await parsed(request)
    if not isinstance(body, dict):
        raise Malformed("the body must be a JSON object")
    return body


def whole(request: Request, name: str, *, least: int = 0, most: int = 10**9) -> int | None:
    """The query parameter, a whole number; None if it isn't there. Raises Malformed."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text[:18]) <= most):
        raise Malformed(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def telling(refusal: Callable[[str], Refused], routes: Iterable[Route]) -> list[Route]:
    """The routes of a service that tells in the words of `refusal` whatever proves to be Malformed."""
    return [Route(each.path, _told(refusal, each.endpoint), methods=list(each.methods or ())) for each in routes]


def _told(refusal: Callable[[str], Refused], endpoint: Endpoint) -> Endpoint:
    async def told(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Malformed as error:
            raise refusal(str(error)) from None

    return told
