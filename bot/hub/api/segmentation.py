"""What the endpoints of the segmentation service have in common: its errors, bulk-get, and pages ("Segmentation Service API")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from bot.hub import errors
from bot.hub.api.incoming import parsed_object, whole
from bot.hub.errors import Refused
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm

MOST_ASKED = 100
MOST_LISTED = 1000


def refused(status: int, code: str, title: str) -> Refused:
    """The service's error: `code` names it in its `type`, while its list of errors repeats the status (segmentation.yaml)."""
    return Refused(
        status,
        {
            "requestId": errors.request_id(),
            "errors": {str(status): [{"code": status, "message": title}]},
            "type": f"https://ns.adobe.com/aep/errors/{code}",
            "title": title,
            "status": status,
        },
    )


def invalid(problem: str) -> Refused:
    """What was sent is no audience, definition or job."""
    return refused(400, "UPAPI-113434-400", f"There is a problem in audience validation. {problem}")


def audience_not_found(audience_id: str) -> Refused:
    """There is no such audience."""
    return refused(404, "UPAPI-113430-404", f"The audience entity {audience_id} is not found. Use a valid entity and try again.")


async def asked_ids(request: Request) -> list[str]:
    """The ids that a bulk-get asks for. Raises `Refused` (400)."""
    ids = (await parsed_object(request)).get("ids")
    if not isinstance(ids, list) or not all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in ids):
        raise errors.audiences(
            400, "UPAPI-113001-400", 'The request body is invalid: ids is an array of objects such as {"id": …}'
        )
    if not 0 < len(ids) <= MOST_ASKED:
        message = f"The number of requested IDs is invalid. Cannot be 0 or exceed {MOST_ASKED}."
        raise errors.audiences(400, "UPAPI-113015-400", message)
    return [each["id"] for each in ids]


def missing() -> Xdm:
    """What stands in a bulk-get's answer for what there isn't."""
    return {"requestId": errors.request_id(), "errors": {"404": [{"code": 404, "message": "Not found."}]}}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a sorted list. `number` is the page's, where it was asked for by that."""

    items: Sequence[Xdm]
    total: int
    start: int
    limit: int
    number: int | None
    field: str
    direction: str

    @property
    def end(self) -> int:
        """Where the next page starts."""
        return self.start + len(self.items)

    @property
    def following(self) -> dict[str, int]:
        """The parameter that asks for the next page; none after the last."""
        if not self.items or self.end >= self.total:
            return {}
        return {"start": self.end} if self.number is None else {"page": self.number + 1}

    @property
    def figures(self) -> Xdm:
        """The page as the service describes it."""
        return {
            "totalCount": self.total,
            "totalPages": -(-self.total // self.limit),
            "sortField": self.field,
            "sort": self.direction,
            "pageSize": len(self.items),
            "limit": self.limit,
        }


def page(request: Request, found: Sequence[Xdm], *, sort: str, limit: int) -> Page:
    """The part of `found` that is asked for by `start` or `page`, `limit` and `sort` (`name:asc`). Raises Malformed."""
    field, _, direction = (request.query_params.get("sort") or sort).partition(",")[0].partition(":")
    size = whole(request, "limit", least=1, most=MOST_LISTED) or limit
    number = whole(request, "page")
    start = (whole(request, "start") or 0) if number is None else number * size
    if direction not in {"", "asc", "desc"}:
        raise Malformed("sort is written as attribute:asc or attribute:desc")
    # By id as well: equal ones have an order of their own, so that pages neither repeat nor skip one.
    ordered = sorted(found, key=lambda each: (_key(each.get(field)), each["id"]), reverse=direction == "desc")
    return Page(ordered[start : start + size], len(found), start, size, number, field, direction or "asc")


def following(request: Request, path: str, parameters: Mapping[str, int]) -> str:
    """The link to another page: the same question but for the parameters, relative to the service as Adobe writes it."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in parameters]
    return f"@{path}?{urlencode([*parameters.items(), *kept])}"


def _key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return 1, value, ""
    return (2, 0, value.casefold()) if isinstance(value, str) else (0, 0, "")
