"""What a call of the Entities API asks for, however it was worded: in parameters or in a body. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from bot.hub import errors
from bot.hub.database.reading import EventKey
from bot.hub.fields import Selection
from bot.hub.filtering import Property
from bot.hub.model import EVENT, PROFILE

DEFAULT_LIMIT = 1000

MOST_EVENTS = 5000
"""What a page holds at most, however many events are asked for: the next page has the rest."""

MOST_IN_ALL = 20_000
"""What all pages of one answer hold together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An identity as it was asked for.

    `namespace` is None where the value is meant to be an XID. `after` is the place of the last event that was shown of it.
    """

    value: str
    namespace: str | None = None
    after: EventKey | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Which events: from `start` (inclusive) to `end` (exclusive) in milliseconds, matching all `properties`, `limit` a page."""

    newest_first: bool = False
    start: int | None = None
    end: int | None = None
    limit: int = DEFAULT_LIMIT
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A look-up of one or several. `window` is None for profiles; `keep` is empty for all fields.

    `computed` says whether computed attributes are wanted.
    """

    asked: tuple[Asked, ...]
    keep: Selection = field(default_factory=dict)
    merge_policy: str | None = None
    computed: bool = True
    window: Window | None = None


def events_wanted(schema: object, related: object) -> bool:
    """Whether events are asked for, or profiles, by the names of the schemas. Raises `Refused` (400) for any others."""
    if schema not in {PROFILE, EVENT}:
        bad(f"schema.name must be {PROFILE} or {EVENT}")
    if schema == EVENT and related != PROFILE:
        bad(f"relatedSchema.name must be {PROFILE}")
    return schema == EVENT


def newest_first(order: str) -> bool:
    """Whether `orderby` wants the newest first. Raises `Refused` (400) if it wants neither way."""
    # A "+" that wasn't percent-encoded arrives as a space.
    if order.lstrip("+- ") != "timestamp":
        bad("orderby must be +timestamp or -timestamp")
    return order.startswith("-")


def page_size(limit: int | None, people: int = 1) -> int:
    """How many events each page holds if `limit` is asked for, of that many people. Raises `Refused` (400) for none."""
    if limit == 0:
        bad("limit must be at least 1")
    return min(limit or DEFAULT_LIMIT, MOST_EVENTS, max(1, MOST_IN_ALL // people))


def bad(message: str) -> NoReturn:
    """Refuse the call (400)."""
    raise errors.profile(400, message)
