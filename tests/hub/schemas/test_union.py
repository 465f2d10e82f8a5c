from __future__ import annotations

from typing import Any

from bot.hub.organising import organisation_of
from bot.hub.schemas.union import union_properties
from tests.hub.schemas.documents import CONTEXT, EVENTS, PROFILES, dataset, schema

PROFILE, EVENT = f"{CONTEXT}profile", f"{CONTEXT}experienceevent"


def test_union(documents: dict[str, dict[str, Any]]) -> None:
    """The union has the fields of all schemas of its class that take part, and those that Profile adds."""
    documents["computed_attribute"] = {
        "ca": {"id": "ca", "name": "orders", "expression": {"value": "xEvent.count()"}},
    }
    organisation = organisation_of("demo", 1, documents)
    profile, event = union_properties(organisation, PROFILE), union_properties(organisation, EVENT)

    assert {"person", "personalEmail", "identityMap", "segmentMembership", "_demo"} <= set(profile)
    assert profile["_demo"]["properties"]["SystemComputedAttributes"]["properties"]["orders"]["title"] == "orders"
    assert profile["_demo"]["properties"]["customer"] == {"type": "string"}
    assert {"timestamp", "commerce", "web"} <= set(event)
    assert not {"person", "segmentMembership"} & set(event)


def test_left_out(documents: dict[str, dict[str, Any]]) -> None:
    """A schema without an enabled dataset isn't in the union, unless it is tagged for it."""
    documents["dataset"] = {"x": dataset(1, PROFILES, enabled=False)}
    documents["schema"][EVENTS] = schema(EVENTS, "experienceevent", "experienceevent-web", **{"meta:immutableTags": ["union"]})
    organisation = organisation_of("demo", 1, documents)

    assert "person" not in union_properties(organisation, PROFILE)
    assert "web" in union_properties(organisation, EVENT)
