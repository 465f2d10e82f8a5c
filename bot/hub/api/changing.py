"""Whether a change of a schema or field group may be kept, seen together with everything that it touches."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.schemas.composition import Composition
from bot.hub.schemas.definitions import check as check_definition
from bot.hub.schemas.evolution import breaking
from bot.hub.schemas.registry import SCHEMAS
from bot.hub.schemas.validation import compiled


def check(connection: sqlite3.Connection, resource: Xdm, before: Xdm | None, tenant: str) -> None:
    """Check `resource`, which is about to take the place of `before` (None: is new), inside the caller's transaction.

    Raises:
        Malformed: it isn't a definition, or a schema that uses it couldn't be composed, or one that has a dataset would lose or
            narrow a field.
    """
    check_definition(resource, tenant)
    if not resource.get("title"):
        raise Malformed("title is missing: a resource needs one")
    kept = documents.all(connection, Kind.SCHEMA)
    earlier, later = Composition(kept.values()), Composition((kept | {resource["$id"]: resource}).values())
    compiled(later.resolved(resource).get("properties", {}), resource.get("required", ()))
    used = _with_datasets(connection)
    for schema in _schemas_with(resource, kept):
        properties = later.of(schema).properties
        if before is not None and schema["$id"] in used:
            reason = breaking(earlier.of(kept[schema["$id"]]).properties, properties)
            if reason:
                raise Malformed(reason)


def check_unused(connection: sqlite3.Connection, resource: Xdm) -> None:
    """Check that nothing needs the resource. Raises Malformed, naming what does."""
    kept = documents.all(connection, Kind.SCHEMA)
    users = [each["title"] for each in _schemas_with(resource, kept) if each["$id"] != resource["$id"]]
    datasets = documents.all(connection, Kind.DATASET).values()
    users += [each["name"] for each in datasets if each["schemaRef"]["id"] == resource["$id"]]
    if users:
        raise Malformed(f"it is used by {', '.join(users)}")


def _schemas_with(resource: Xdm, kept: dict[str, Xdm]) -> Iterator[Xdm]:
    """The resource itself if it is a schema, else the schemas composed of it."""
    if resource["meta:resourceType"] == SCHEMAS.name:
        yield resource
        return
    for schema in kept.values():
        if schema["meta:resourceType"] == SCHEMAS.name and {"$ref": resource["$id"]} in schema["allOf"]:
            yield schema


def _with_datasets(connection: sqlite3.Connection) -> set[str]:
    return {each["schemaRef"]["id"] for each in documents.all(connection, Kind.DATASET).values()}
