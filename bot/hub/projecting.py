"""What of a profile is on the edge: the attributes and audiences that a datastream's destination maps. Pure.

From Adobe's "Look up profile attributes on the edge in real-time" and "Merge policies UI guide": one merge policy is active on
the edge, and an audience is only there if that policy is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.hub.model import PROFILE, Audience, MergePolicy, Organisation, Path, Xdm

_IN = frozenset({"realized", "existing"})
"""The statuses of a member ("Segment Membership Details"); who is `exited` isn't one."""


@dataclass(frozen=True, slots=True)
class Datastream:
    """A datastream, and the one destination behind it.

    `alias` is what the destination is called in answers, `attributes` are paths in a profile by the names under which they are
    answered, `audiences` ids.
    """

    destination: str
    alias: str
    attributes: Mapping[str, Path]
    audiences: tuple[str, ...]


def datastream_of(body: Xdm) -> Datastream:
    """The datastream that the hub keeps, and answers, as `body`."""
    return Datastream(
        destination=body["destinationId"],
        alias=body["alias"],
        attributes={name: tuple(path.split(".")) for name, path in body["attributes"].items()},
        audiences=tuple(body["audiences"]),
    )


def edge_policy(organisation: Organisation) -> MergePolicy | None:
    """The merge policy that is active on the edge: of several the one changed last, since Adobe has only one."""
    active = [policy for policy in organisation.merge_policies if policy.active_on_edge and policy.schema == PROFILE]
    return max(active, key=lambda policy: (policy.updated, policy.id), default=None)


def evaluated_on_edge(audience: Audience, organisation: Organisation) -> bool:
    """Whether memberships in it are on the edge: its members come from outside, or its merge policy is active there."""
    if audience.external:
        return True
    own = (
        organisation.merge_policy(audience.merge_policy) if audience.merge_policy else organisation.default_merge_policy(PROFILE)
    )
    return own is not None and own == edge_policy(organisation)


def attributes(entity: Xdm, mapped: Mapping[str, Path]) -> Xdm:
    """`{name: {"value": …}}` for each mapped path at which there is something. `null` is no value."""
    found = ((name, _at(entity, path)) for name, path in mapped.items())
    return {name: {"value": value} for name, value in found if value is not None}


def segments(entity: Xdm, mapped: Iterable[tuple[str, str]]) -> list[Xdm]:
    """`[{"id": …, "namespace": …}]` for each audience, given as (namespace, id), of which the person is a member."""
    return [
        {"id": audience, "namespace": namespace}
        for namespace, audience in mapped
        if _at(entity, ("segmentMembership", namespace, audience, "status")) in _IN
    ]


def _at(entity: Xdm, path: Path) -> Any:
    value: Any = entity
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
