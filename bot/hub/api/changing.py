"""Whether a change of a resource of the registry may be kept, seen together with everything that it touches."""

from __future__ import annotations

import sqlite3

from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.schemas.composition import Composition
from bot.hub.schemas.definitions import check as check_definition
from bot.hub.schemas.evolution import breaking
from bot.hub.schemas.registry import DATA_TYPES, SCHEMAS
from bot.hub.schemas.validation import compiled


def check(connection: sqlite3.Connection, resource: Xdm, before: Xdm | None, tenant: str) -> None:
    """Check `resource`, which is about to take the place of `before` (None: is new), inside the caller's transaction.

    Raises:
        Malformed: it isn't a definition, or a schema that uses it couldn't be composed, or one that has a dataset would lose or
            narrow a field.
    """
    check_definition(resource, None if resource["meta:resourceType"] == DATA_TYPES.name else tenant)
    if not resource.get("title"):
        raise Malformed("title is missing: a resource needs one")
    kept = documents.all(connection, Kind.SCHEMA)
    changed = kept | {resource["$id"]: resource}
    earlier, later = Composition(kept.values()), Composition(changed.values())
    compiled(later.resolved(resource).get("properties", {}), resource.get("required", ()))
    used = _with_datasets(connection)
    for schema_id, schema in changed.items():
        if schema["meta:resourceType"] == SCHEMAS.name and resource["$id"] in {schema_id, *later.uses(schema)}:
            properties = later.of(schema).properties
            if before is not None and schema_id in used:
                _check_growth(earlier.of(kept[schema_id]).properties, properties)


def _check_growth(before: Xdm, after: Xdm) -> None:
    if reason := breaking(before, after):
        raise Malformed(reason)


def check_unused(connection: sqlite3.Connection, resource: Xdm) -> None:
    """Check that nothing needs the resource. Raises Malformed, naming what does."""
    kept = documents.all(connection, Kind.SCHEMA)
    composition = Composition(kept.values())
    users = [each["title"] for each in kept.values() if resource["$id"] in composition.uses(each)]
    datasets = documents.all(connection, Kind.DATASET).values()
    users += [each["name"] for each in datasets if each["schemaRef"]["id"] == resource["$id"]]
    if users:
        raise Malformed(f"it is used by {', '.join(users)}")


def _with_datasets(connection: sqlite3.Connection) -> set[str]:
    return {each["schemaRef"]["id"] for each in documents.all(connection, Kind.DATASET).values()}
