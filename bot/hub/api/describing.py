"""Whether a descriptor may be kept: that it speaks of a field there is, and of one that can mean what it says."""

from __future__ import annotations

import sqlite3

from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.organising import paths_of
from bot.hub.schemas.composition import Composition
from bot.hub.schemas.standard import standard_resources

IDENTITY, LABEL = "xdm:descriptorIdentity", "xdm:descriptorLabel"
TYPES = frozenset(
    {
        IDENTITY,
        LABEL,
        "xdm:alternateDisplayInfo",
        "xdm:descriptorReferenceIdentity",
        "xdm:descriptorOneToOne",
        "xdm:descriptorRelationship",
        "xdm:descriptorPrimaryKey",
        "xdm:descriptorDeprecated",
    }
)
"""Those of "Descriptors endpoint", "Defining descriptors"; the hub acts on the first two and keeps the others."""


def check(connection: sqlite3.Connection, descriptor: Xdm) -> None:
    """Check a descriptor, inside the caller's transaction. Raises Malformed, saying what of it would be right."""
    if str(descriptor.get("@type")) not in TYPES:
        raise Malformed(f"@type is one of {', '.join(sorted(TYPES))}")
    kept = documents.all(connection, Kind.SCHEMA)
    source = {**standard_resources(), **kept}.get(str(descriptor.get("xdm:sourceSchema")))
    if source is None:
        raise Malformed("xdm:sourceSchema is the $id of a schema, and there is none with this one")
    properties = Composition(kept.values()).resolved(source).get("properties", {})
    try:
        fields = [_field(properties, path, through_arrays=descriptor["@type"] == LABEL) for path in paths_of(descriptor)]
    except (KeyError, TypeError, AttributeError):
        raise Malformed("xdm:sourceProperty is the path of a field of that schema, such as /personalEmail/address") from None
    if descriptor["@type"] == IDENTITY:
        _check_identity(connection, descriptor, fields)
    if descriptor["@type"] == LABEL and not _texts(descriptor.get("xdm:labels")):
        raise Malformed('xdm:labels is an array of labels, such as ["C2", "I1"]')


def _check_identity(connection: sqlite3.Connection, descriptor: Xdm, fields: list[Xdm]) -> None:
    if len(fields) != 1 or fields[0].get("type") != "string":
        raise Malformed("xdm:sourceProperty of an identity is one field of type string")
    if not _namespace_exists(connection, descriptor):
        raise Malformed(
            "xdm:namespace is the code of a namespace that is registered (xdm:property is then xdm:code) or its id (xdm:id)"
        )
    if not isinstance(descriptor.get("xdm:isPrimary", False), bool):
        raise Malformed("xdm:isPrimary is true or false")
    if descriptor.get("xdm:isPrimary"):
        _check_only_primary(connection, descriptor)


def _check_only_primary(connection: sqlite3.Connection, descriptor: Xdm) -> None:
    for other in documents.all(connection, Kind.DESCRIPTOR).values():
        same = other["@type"] == IDENTITY and other["xdm:sourceSchema"] == descriptor["xdm:sourceSchema"]
        if same and other.get("xdm:isPrimary") and other["@id"] != descriptor["@id"]:
            raise Malformed(f"xdm:isPrimary is true of {other['xdm:sourceProperty']} already: a schema has one primary identity")


def _namespace_exists(connection: sqlite3.Connection, descriptor: Xdm) -> bool:
    asked = str(descriptor.get("xdm:namespace", "")).lower()
    by_id = descriptor.get("xdm:property", "xdm:code") == "xdm:id"
    namespaces = documents.all(connection, Kind.NAMESPACE).values()
    return asked in {str(each["id"]) if by_id else each["code"].lower() for each in namespaces}


def _field(properties: Xdm, path: tuple[str, ...], *, through_arrays: bool) -> Xdm:
    """The definition at `path`, which may name a field of an array's items. Raises KeyError if there is none."""
    *above, last = path
    for key in above:
        field = properties[key]
        while through_arrays and "items" in field:
            field = field["items"]
        properties = field["properties"]
    found: Xdm = properties[last]
    return found


def _texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
