"""Computed attributes as the API describes them: from what a call sends to the document that is kept. Pure.

Adobe's "Computed attributes API endpoint".
"""

from __future__ import annotations

import re

from bot.hub.malformed import Malformed
from bot.hub.model import PROFILE, Xdm
from bot.hub.segments import rules
from bot.hub.segments.computing import aggregate, lookback_of
from bot.hub.segments.expressions import stated
from bot.hub.segments.pql import parsed
from bot.hub.segments.syntax import Unreadable

_NAME = re.compile(r"[A-Za-z0-9]{1,64}")
_FIRST = ("DRAFT", "NEW")
_TOLD = ("name", "displayName", "description", "keepCurrent", "expression", "duration", "status")
_SYSTEM = ("path", "mergeFunction", "schema", "id", "type")
_NEXT = {"DRAFT": ("DRAFT", "NEW"), "NEW": ("NEW", "DISABLED"), "PROCESSED": ("PROCESSED", "DISABLED"), "DISABLED": ("DISABLED",)}


def created(body: Xdm, tenant: str, *, id: str, now: int) -> Xdm:  # noqa: A002 - Adobe's name for it
    """The document of a new one, without whose it is. Raises Malformed."""
    told = {name: body[name] for name in _TOLD if name in body}
    if told.get("status", "DRAFT") not in _FIRST:
        raise Malformed(f"status of a new computed attribute is one of {', '.join(_FIRST)}")
    document = {
        "id": id,
        "type": "ComputedAttribute",
        "displayName": body.get("name"),
        "description": "",
        "keepCurrent": False,
        "status": "DRAFT",
        "path": f"_{tenant}/SystemComputedAttributes",
        "schema": {"name": PROFILE},
        "createEpoch": now,
    }
    return _checked(document | told, now)


def changed(before: Xdm, body: Xdm, *, status: str, now: int) -> Xdm:
    """The document `before` with what `body` names. `status` is the one shown of it. Raises Malformed for what that forbids."""
    strange = [name for name in _SYSTEM if name in body and body[name] != before[name]]
    if strange:
        raise Malformed(f"{', '.join(strange)} can't be changed: the system gives it")
    told = {name: body[name] for name in _TOLD if name in body}
    wanted = told.get("status", status)
    if wanted not in _NEXT[status]:
        raise Malformed(f"status {status} can be changed to {' or '.join(_NEXT[status][1:]) or 'nothing else'}")
    different = [name for name, value in told.items() if name != "status" and value != before.get(name)]
    if different and status != "DRAFT":
        raise Malformed(f"{', '.join(different)} can be changed only while status is DRAFT")
    kept_status = before["status"] if wanted == status else wanted
    return _checked(before | told | {"status": kept_status}, now)


def _checked(document: Xdm, now: int) -> Xdm:
    if not isinstance(document.get("name"), str) or not _NAME.fullmatch(document["name"]):
        raise Malformed("name is required: letters and digits, without spaces or underscores, 64 at most")
    for name in ("displayName", "description"):
        if not isinstance(document[name], str):
            raise Malformed(f"{name} is a text")
    if not isinstance(document["keepCurrent"], bool):
        raise Malformed("keepCurrent is true or false")
    expression = stated(document.get("expression"))
    try:
        read = aggregate(parsed(expression["value"]), lookback_of(document))
        rules.value(read.expression, 0)
    except Unreadable as error:
        raise Malformed(f"expression can't be computed: {error}") from None
    return document | {"expression": expression, "mergeFunction": {"value": read.function.value}, "updateEpoch": now}
