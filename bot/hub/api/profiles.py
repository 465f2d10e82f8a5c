"""A profile as the Entities API answers it (`Entity` in Adobe's `profile.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable

from bot.hub import errors
from bot.hub.api.events import newest
from bot.hub.api.lookup import Lookup, View
from bot.hub.api.query import Asked, Query
from bot.hub.fields import Selection, prune
from bot.hub.hiding import withheld, without
from bot.hub.merging import merged, over
from bot.hub.model import Member, Xdm
from bot.hub.times import rfc3339

COMPUTED = "SystemComputedAttributes"
"""Where Adobe puts computed attributes, below the tenant's own fields."""


def profile(view: View, asked: Asked, query: Query, lookup: Lookup) -> Xdm:
    """What `view` shows of the person. Raises `Refused` (404) if that is neither an attribute nor an event."""
    organisation = lookup.organisation
    record = merged(lookup.reading.fragments(view.numbers), view.policy, organisation)
    modified = record.modified
    if not record.sources:
        event = newest(view, lookup)
        if event is None:
            raise errors.not_found()
        modified = event.modified
    entity = over(_standing(view, query, lookup), record.entity) | _identities(view.members, query.keep)
    return {
        "entityId": view.xid,
        "mergePolicy": {"id": view.policy.id},
        "sources": record.sources,
        "identityGraph": [member.identity.xid for member in view.members],
        "requestedIdentity": requested(asked),
        "entity": prune(without(entity, organisation.hidden(event=False)), query.keep),
        "lastModifiedAt": rfc3339(modified),
    }


def nobody(xid: str, asked: Asked) -> Xdm:
    """What stands in an answer about several for one whom nobody knows."""
    return {
        "entityId": xid,
        "sources": [""],
        "requestedIdentity": requested(asked),
        "entity": {},
        "lastModifiedAt": rfc3339(0),
    }


def requested(asked: Asked) -> Xdm:
    """The identity as it was asked for. Adobe answers codes in lower case, whatever was asked."""
    if asked.namespace is None:
        return {"entityId": asked.value}
    return {"entityId": asked.value, "entityIdNS": {"code": asked.namespace.lower()}}


def _standing(view: View, query: Query, lookup: Lookup) -> Xdm:
    """What was computed of the person, as part of the entity."""
    standing = lookup.reading.standing(view.person.number) if view.whole else None
    if standing is None:
        return {}
    entity: Xdm = {}
    if standing.memberships:
        entity["segmentMembership"] = {"ups": standing.memberships}
    computed = without(standing.computed, ((name,) for name in withheld(lookup.organisation)))
    if computed and query.computed:
        entity[f"_{lookup.organisation.tenant}"] = {COMPUTED: computed}
    return entity


def _identities(members: Iterable[Member], keep: Selection) -> Xdm:
    """The graph as real answers have it, and as Adobe's guide has it if that is what was asked for by name."""
    identity_map: dict[str, list[Xdm]] = {}
    listed: list[Xdm] = []
    for member in members:
        code, value = member.identity.namespace.lower(), member.identity.value
        entry = {"id": value} if listed else {"id": value, "primary": True}
        identity_map.setdefault(code, []).append(entry)
        listed.append(entry | {"namespace": {"code": code}})
    return {"identityMap": identity_map, "identities": listed} if "identities" in keep else {"identityMap": identity_map}
