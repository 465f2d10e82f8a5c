"""A page of experience events, and the link to the next ("Entities": "Access a subsequent page of results")."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from bot.hub import errors
from bot.hub.fields import Selection, prune
from bot.hub.query import Window
from bot.hub.records import Event, Record, Xdm, rfc3339


def page(record: Record, window: Window, keep: Selection, params: QueryParams) -> Xdm:
    """The events of `record` that lie in `window`. Raises `Refused` (400) for a cursor that no page handed out.

    A cursor is the id of the first event of its page, so a page neither repeats nor skips one. At the end of the list `next` and
    `href` are empty strings. `href` is relative to `/data/core/ups/access` and says again everything that was asked.
    """
    events = _within(record.events, window)
    first = _position(events, window.cursor)
    shown, rest = events[first : first + window.limit], events[first + window.limit :]
    following = rest[0].id if rest else ""
    return {
        "_page": {
            "orderby": "-timestamp" if window.newest_first else "timestamp",
            "start": shown[0].id if shown else "",
            "count": len(shown),
            "next": following,
        },
        "children": [_child(record, event, keep) for event in shown],
        "_links": {"next": {"href": _href(params, following) if following else ""}},
    }


def _within(events: Sequence[Event], window: Window) -> Sequence[Event]:
    first = 0 if window.start is None else bisect_left(events, window.start, key=_time)
    end = len(events) if window.end is None else bisect_left(events, window.end, key=_time)
    found = events[first:end]
    return found[::-1] if window.newest_first else found


def _time(event: Event) -> int:
    return event.time


def _position(events: Sequence[Event], cursor: str | None) -> int:
    if cursor is None:
        return 0
    for position, event in enumerate(events):
        if event.id == cursor:
            return position
    raise errors.profile(400, "start is not the cursor of a page")


def _child(record: Record, event: Event, keep: Selection) -> Xdm:
    return {
        "relatedEntityId": record.xid,
        "entityId": event.id,
        "timestamp": event.time,
        "sourceId": event.source,
        "entity": prune(event.entity, keep),
        "lastModifiedAt": rfc3339(event.modified),
    }


def _href(params: QueryParams, cursor: str) -> str:
    asked = [(name, value) for name, value in params.multi_items() if name not in {"start", "offsets"}]
    # The guide documents `start`; a widely used client (aepp) follows `offsets`.
    return "/entities?" + urlencode([("start", cursor), ("offsets", cursor), *asked])
