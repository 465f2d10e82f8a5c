"""The union of all schemas of a class that take part in Profile ("Unions endpoint"). Pure."""

from __future__ import annotations

from copy import deepcopy

from bot.hub.model import Organisation, Schema, Xdm
from bot.hub.schemas.composition import Composition


def in_union(schema: Schema, organisation: Organisation) -> bool:
    """Whether it takes part in Profile: it is tagged `union`, or a dataset of it is enabled."""
    tagged = "union" in schema.document.get("meta:immutableTags", ())
    return tagged or any(dataset.enabled for dataset in organisation.datasets if dataset.schema == schema.id)


def union_properties(organisation: Organisation, class_id: str) -> Xdm:
    """The properties that profiles (or events) of this organisation may have, as JSON Schema.

    Beside those of the schemas these are the ones that Profile adds itself: identities, and on profiles audience memberships and
    computed attributes.
    """
    composition = Composition(())
    parts = [class_id] if class_id == _EVENTS else [class_id, "https://ns.adobe.com/xdm/context/profile-segmentation"]
    whole = composition.of({"allOf": [{"$ref": part} for part in parts]}).properties
    for schema in organisation.schemas:
        if schema.event is (class_id == _EVENTS) and in_union(schema, organisation):
            _join(whole, schema.properties)
    if class_id != _EVENTS:
        for attribute in organisation.computed:
            _join(whole, _nested(attribute.path, {"title": attribute.name}))
    return whole


_EVENTS = "https://ns.adobe.com/xdm/context/experienceevent"


def _nested(path: tuple[str, ...], leaf: Xdm) -> Xdm:
    for key in reversed(path[1:]):
        leaf = {"type": "object", "properties": {key: leaf}}
    return {path[0]: leaf}


def _join(into: Xdm, other: Xdm) -> None:
    """Add the fields of `other`; where both have one, what `into` says of it stands."""
    for name, field in other.items():
        if name not in into:
            into[name] = deepcopy(field)
        elif "properties" in field:
            _join(into[name].setdefault("properties", {}), field["properties"])
