"""Audiences as they are kept: made and changed, with what they refer to checked."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.malformed import Malformed
from bot.hub.model import PROFILE, Organisation, Xdm
from bot.hub.segments.describing import described, is_external, named


class Taken(Malformed):
    """There is such an audience already."""


def create(connection: sqlite3.Connection, organisation: Organisation, body: Any, *, now: int) -> Xdm:
    """A new audience as `body` says, inside the caller's transaction: its document. Raises Malformed, Taken."""
    policy = organisation.default_merge_policy(PROFILE)
    audience = described(body, default_policy=policy.id if policy else None)
    _check(connection, organisation, audience)
    number = documents.next_number(connection, Kind.AUDIENCE)
    audience_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{organisation.tenant}/audiences/{number}"))
    return _kept(connection, named(audience, None, id=audience_id, number=number, now=now), now)


def replace(connection: sqlite3.Connection, organisation: Organisation, before: Xdm, body: Any, *, now: int) -> Xdm:
    """The audience `before` as `body` says from now on, inside the caller's transaction. Raises Malformed, Taken."""
    audience = {"audienceId": before["audienceId"]} | described(body, default_policy=before.get("mergePolicyId"))
    if audience["type"] != before["type"]:
        raise Malformed("Type is immutable field.")
    for name in ("namespace", "audienceId"):
        if body.get(name, before[name]) != before[name]:
            raise Malformed(f"{name[0].upper()}{name[1:]} is immutable field.")
    _check(connection, organisation, audience, before)
    return _kept(connection, named(audience, before, id=before["id"], number=before["number"], now=now), now)


def _check(connection: sqlite3.Connection, organisation: Organisation, audience: Xdm, before: Xdm | None = None) -> None:
    unlike = ("namespace", "audienceId") if is_external(audience) else ("namespace", "name")
    for other in documents.all(connection, Kind.AUDIENCE).values():
        if (before is None or other["id"] != before["id"]) and all(other[name] == audience[name] for name in unlike):
            raise Taken(f"There is an audience with that {unlike[1]} already")
    policy = audience.get("mergePolicyId")
    if policy is not None and organisation.merge_policy(policy) is None:
        raise Malformed("mergePolicyId is the id of a merge policy, and there is none with this one")
    dataset = audience.get("datasetId")
    if dataset is not None and organisation.dataset(dataset) is None:
        raise Malformed("datasetId is the id of a dataset, and there is none with this one")


def _kept(connection: sqlite3.Connection, document: Xdm, now: int) -> Xdm:
    documents.put(connection, Kind.AUDIENCE, document["id"], document, now=now)
    return document
