"""The body of `POST /access/entities` ("Entities endpoint"; `PostRequestBodyEntity` in Adobe's `profile.yaml`). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.hub.api.cursor import placed
from bot.hub.api.query import Asked, Query, Window, bad, events_wanted, newest_first, page_size
from bot.hub.fields import selection
from bot.hub.model import Xdm

MOST_ASKED = 1000
"""Identities in one call. Adobe documents no such number for this endpoint; its identity graphs are asked for by as many."""


def read(body: Xdm) -> Query:
    """What `body` asks for. Raises `Refused` (400), saying what of it is wrong."""
    events = events_wanted(_name(body, "schema"), _name(body, "relatedSchema"))
    asked = _asked(body)
    return Query(
        asked=asked,
        keep=selection(",".join(_texts(body, "fields"))),
        merge_policy=_text(body, "mergePolicyId"),
        computed=body.get("withCA") is not False,
        window=_window(body, len(asked)) if events else None,
    )


def _asked(body: Xdm) -> tuple[Asked, ...]:
    identities = body.get("identities")
    if not isinstance(identities, list) or not 0 < len(identities) <= MOST_ASKED:
        bad(f"identities must be a list of 1 to {MOST_ASKED}")
    return tuple(map(_identity, identities))


def _identity(item: object) -> Asked:
    if not isinstance(item, dict):
        bad("identities must be objects with an entityId or a relatedEntityId")
    name = "relatedEntityId" if item.get("relatedEntityId") else "entityId"
    value, cursor = _text(item, name), _text(item, "start")
    namespace = item.get(f"{name}NS") or item.get(f"{name}Ns") or {}
    if not isinstance(namespace, dict):
        bad(f'{name}NS must be {{"code": …}} with the code of a namespace')
    if not value:
        bad("identities must have an entityId or a relatedEntityId")
    return Asked(value, _text(namespace, "code"), placed(cursor) if cursor else None)


def _window(body: Xdm, people: int) -> Window:
    span = body.get("timeFilter") or {}
    if not isinstance(span, dict):
        bad("timeFilter must be an object with startTime, endTime or both")
    return Window(
        newest_first=newest_first(_text(body, "orderby") or _text(body, "orderBy") or "timestamp"),
        start=_whole(span, "startTime"),
        end=_whole(span, "endTime"),
        limit=page_size(_whole(body, "limit"), people),
    )


def _whole(part: Xdm, name: str) -> int | None:
    value = part.get(name)
    if value is None:
        return None
    # Adobe's OpenAPI file types these as numbers, and shows 1.53983851E+9.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**15 or value != int(value):
        bad(f"{name} must be a whole number")
    return int(value)


def _name(body: Xdm, key: str) -> object:
    schema = body.get(key)
    return schema.get("name") if isinstance(schema, dict) else None


def _text(part: Xdm, name: str) -> str | None:
    value = part.get(name)
    if not isinstance(value, str | None):
        bad(f"{name} must be a text")
    return value or None


def _texts(body: Xdm, name: str) -> Sequence[str]:
    texts: Any = body.get(name) or []
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        bad(f"{name} must be a list of texts")
    return texts
