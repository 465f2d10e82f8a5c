"""The cursor of a page of events: the place of the last event that was shown. Pure.

Adobe's cursor is the id of the first event of the next page; clients may only hand it back. A place among all events, rather
than an event, lets a page neither repeat nor skip one while others arrive or are deleted.
"""

from __future__ import annotations

import base64

import orjson

from bot.hub import errors
from bot.hub.database.reading import EventKey

_TYPES = (int, int, str, int)


def cursor_of(place: EventKey) -> str:
    """The text that stands for `place`, of letters that need no escape in a URL."""
    return base64.urlsafe_b64encode(orjson.dumps([*place])).rstrip(b"=").decode()


def placed(cursor: str) -> EventKey:
    """The place that `cursor` stands for. Raises `Refused` (400) if no page handed it out."""
    try:
        parts = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except ValueError:
        parts = None
    if not isinstance(parts, list) or tuple(map(type, parts)) != _TYPES or any(_too_big(part) for part in parts):
        raise errors.profile(400, "start is not the cursor of a page")
    return EventKey(*parts)


def _too_big(part: object) -> bool:
    return isinstance(part, int) and not -(2**63) <= part < 2**63
