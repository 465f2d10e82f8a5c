"""What a call brings along: its body as JSON, and whole numbers among its parameters."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request

from bot.hub.malformed import Malformed
from bot.hub.model import Xdm


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
