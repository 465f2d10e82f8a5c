"""What a call of the Entities API asks for: query parameters → a frozen value. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from bot.hub import errors
from bot.hub.fields import Selection, selection
from bot.hub.records import EVENT, PROFILE

DEFAULT_LIMIT = 1000

_WHOLE = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Asked:
    """An identity as it was asked for; `namespace` is None where the value is meant to be an XID."""

    value: str
    namespace: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """Which events: `start` (inclusive) to `end` (exclusive) in milliseconds, at most `limit` of them from `cursor` on."""

    newest_first: bool
    start: int | None
    end: int | None
    limit: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """A look-up. `window` is None for a profile; `keep` is empty for all fields."""

    asked: Asked
    keep: Selection
    merge_policy: str | None
    window: Window | None


def read(params: Mapping[str, str]) -> Query:
    """Read the parameters of `GET /access/entities`. Raises `Refused` (400), saying which parameter is wrong."""
    schema = params.get("schema.name")
    if schema not in {PROFILE, EVENT}:
        _bad(f"schema.name must be {PROFILE} or {EVENT}")
    if "property" in params:
        _bad("Filtering by property is not supported")
    return Query(
        asked=_asked_events(params) if schema == EVENT else _asked(params, "entityId"),
        keep=selection(params.get("fields", "")),
        merge_policy=params.get("mergePolicyId") or None,
        window=_window(params) if schema == EVENT else None,
    )


def _asked_events(params: Mapping[str, str]) -> Asked:
    if params.get("relatedSchema.name") != PROFILE:
        _bad(f"relatedSchema.name must be {PROFILE}")
    return _asked(params, "relatedEntityId" if params.get("relatedEntityId") else "entityId")


def _asked(params: Mapping[str, str], name: str) -> Asked:
    value = params.get(name)
    if not value:
        _bad(f"{name} is required")
    # The guide for profiles spells it entityIdNS, the one for B2B entityIdNs.
    return Asked(value, params.get(f"{name}NS") or params.get(f"{name}Ns") or None)


def _window(params: Mapping[str, str]) -> Window:
    limit = whole_number(params, "limit")
    if limit == 0:
        _bad("limit must be at least 1")
    return Window(
        newest_first=_newest_first(params.get("orderby") or params.get("orderBy") or "timestamp"),
        start=whole_number(params, "startTime"),
        end=whole_number(params, "endTime"),
        limit=DEFAULT_LIMIT if limit is None else limit,
        cursor=params.get("start") or params.get("offsets") or None,
    )


def _newest_first(order: str) -> bool:
    # A "+" that wasn't percent-encoded arrives as a space.
    if order.lstrip("+- ") != "timestamp":
        _bad("orderby must be +timestamp or -timestamp")
    return order.startswith("-")


def whole_number(params: Mapping[str, str], name: str) -> int | None:
    """A parameter that counts something, None where it isn't given. Raises `Refused` (400)."""
    text = params.get(name)
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        _bad(f"{name} must be a whole number")
    return int(text)


def _bad(message: str) -> NoReturn:
    raise errors.profile(400, message)
