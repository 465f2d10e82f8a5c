"""Lists of the Schema Registry as a call asks for them: filtered, ordered, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from bot.hub.answers import Json
from bot.hub.api.incoming import whole
from bot.hub.model import Xdm
from bot.hub.schemas.listing import having, page

MOST = 500


def listed(request: Request, resources: Iterable[Xdm], each_as: Callable[[Xdm], Any], orderby: str) -> Json:
    """The list, by `orderby` unless the call says otherwise; without `limit` all of it. Raises Malformed."""
    params = request.query_params
    orderby = params.get("orderby") or orderby
    filters = [having(text) for text in params.getlist("property")]
    kept = (resource for resource in resources if all(fits(resource) for fits in filters))
    found = page(kept, orderby=orderby, start=params.get("start"), limit=whole(request, "limit", least=1, most=MOST))
    following = None if found.next is None else _next(request, orderby, found.next)
    return Json(
        {
            "results": [each_as(resource) for resource in found.items],
            "_page": {"orderby": orderby, "next": following, "count": len(found.items)},
            "_links": {"next": following and {"href": following}},
        }
    )


def _next(request: Request, orderby: str, start: str) -> str:
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in {"start", "orderby"}]
    return f"{request.url.path}?{urlencode([('orderby', orderby), ('start', start), *asked])}"
