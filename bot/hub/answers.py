"""JSON out."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.hub.errors import Refused


class Json(Response):
    """An answer as Adobe's services give it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content as JSON."""
        return orjson.dumps(content)


async def refused(_request: Request, error: Exception) -> Response:
    """A `Refused`, wherever it was raised, is the answer."""
    assert isinstance(error, Refused)  # noqa: S101  Starlette types every handler alike
    return Json(error.body, error.status)


async def unrouted(_request: Request, error: Exception) -> Response:
    """A path or a method that the hub doesn't serve."""
    assert isinstance(error, HTTPException)  # noqa: S101  Starlette types every handler alike
    return Json({"title": error.detail, "status": error.status_code}, error.status_code, error.headers)
