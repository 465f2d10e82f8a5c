"""The parameters of calls to `/access/entities` ("Entities endpoint", query parameters). Pure."""

from __future__ import annotations

import re

from starlette.datastructures import QueryParams

from bot.hub import filtering
from bot.hub.api.cursor import placed
from bot.hub.api.query import Asked, Query, Window, bad, events_wanted, newest_first, page_size
from bot.hub.fields import selection
from bot.hub.filtering import Property
from bot.hub.model import EVENT, PROFILE

MOST_PROPERTIES = 3

_WHOLE = re.compile(r"[0-9]{1,15}")


def read(params: QueryParams) -> Query:
    """What a GET asks for. Raises `Refused` (400), saying which parameter is wrong."""
    events = events_wanted(params.get("schema.name"), params.get("relatedSchema.name"))
    if "property" in params and not events:
        bad(f"property filters events: schema.name must be {EVENT}")
    return Query(
        asked=(_related(params) if events else _identity(params, "entityId"),),
        keep=selection(params.get("fields", "")),
        merge_policy=params.get("mergePolicyId") or None,
        computed=params.get("withCA", "").lower() != "false",
        window=_window(params) if events else None,
    )


def to_delete(params: QueryParams) -> Asked:
    """Whom a DELETE means. Raises `Refused` (400)."""
    if params.get("schema.name") != PROFILE:
        bad(f"schema.name must be {PROFILE}")
    return _identity(params, "entityId")


def _related(params: QueryParams) -> Asked:
    asked = _identity(params, "relatedEntityId" if params.get("relatedEntityId") else "entityId")
    # The guide documents `start`; a widely used client (aepp) follows `offsets`.
    cursor = params.get("start") or params.get("offsets")
    return Asked(asked.value, asked.namespace, placed(cursor) if cursor else None)


def _identity(params: QueryParams, name: str) -> Asked:
    value = params.get(name)
    if not value:
        bad(f"{name} is required")
    # The guide for profiles spells it entityIdNS, the one for B2B entityIdNs.
    return Asked(value, params.get(f"{name}NS") or params.get(f"{name}Ns") or None)


def _window(params: QueryParams) -> Window:
    properties = params.getlist("property")
    if len(properties) > MOST_PROPERTIES:
        bad(f"property may be given {MOST_PROPERTIES} times at most")
    return Window(
        newest_first=newest_first(params.get("orderby") or params.get("orderBy") or "timestamp"),
        start=_whole(params, "startTime"),
        end=_whole(params, "endTime"),
        limit=page_size(_whole(params, "limit")),
        properties=tuple(map(_property, properties)),
    )


def _whole(params: QueryParams, name: str) -> int | None:
    text = params.get(name)
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        bad(f"{name} must be a whole number")
    return int(text)


def _property(text: str) -> Property:
    try:
        return filtering.read(text)
    except ValueError as error:
        bad(str(error))
