"""The invented company's configuration, posted to a hub one call after the other, as `docs/hub.md` does it by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import orjson

from bot.hub.invented.sources import SOURCES, Source
from bot.hub.model import Xdm

CONFIGURATION = Path(__file__).parent / "configuration"
"""Bodies of calls, by what they make; `mappings` of tables; `unchecked` are schemas that no registry would take."""

REGISTRY = "/data/foundation/schemaregistry/tenant"
CATALOG = "/data/foundation/catalog/dataSets"
NAMESPACES = "/data/core/idnamespace/identities"
MERGE_POLICIES = "/data/core/ups/config/mergePolicies"
DEFINITIONS = "/data/core/ups/segment/definitions"
AUDIENCES = "/data/core/ups/audiences"
COMPUTED_ATTRIBUTES = "/data/core/ca/attributes"

_ENABLED = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}

Post = Callable[[str, Xdm], Awaitable[object]]
"""POST a body to a path of the hub, and say what it answers. Raises if it refuses."""


async def configure(post: Post) -> None:
    """Make namespaces, merge policies, computed attributes, audiences, and for each healthy source a schema and a dataset."""
    for path, kind in (
        (NAMESPACES, "namespaces"),
        (MERGE_POLICIES, "policies"),
        (COMPUTED_ATTRIBUTES, "computed"),
        (DEFINITIONS, "audiences"),
        (AUDIENCES, "external"),
    ):
        for file in sorted((CONFIGURATION / kind).glob("*.json")):
            await post(path, orjson.loads(file.read_bytes()))
    # Schemas come last: with every change that follows them all of them are read again.
    for source in SOURCES:
        if not source.knows_the_odd:
            await dataset(post, source, await _schema(post, source))


async def dataset(post: Post, source: Source, schema: str) -> None:
    """Make the dataset of `source`, enabled for Profile, for the schema with the `$id` `schema`."""
    kept_as = {"id": schema, "contentType": "application/vnd.adobe.xed+json;version=1"}
    await post(CATALOG, read("datasets", source.name) | {"schemaRef": kept_as, "tags": _ENABLED})


async def _schema(post: Post, source: Source) -> str:
    answer = await post(f"{REGISTRY}/schemas", read("schemas", source.name))
    assert isinstance(answer, dict)  # noqa: S101 - that is how the registry answers
    schema = str(answer["$id"])
    for descriptor in _descriptors(source):
        await post(f"{REGISTRY}/descriptors", descriptor | {"xdm:sourceSchema": schema})
    return schema


def _descriptors(source: Source) -> Iterator[Xdm]:
    path = CONFIGURATION / "descriptors" / f"{source.name}.json"
    yield from orjson.loads(path.read_bytes()) if path.exists() else ()


def read(kind: str, name: str) -> Xdm:
    """The JSON object that `configuration` has of that kind and name."""
    body: Xdm = orjson.loads((CONFIGURATION / kind / f"{name}.json").read_bytes())
    return body


def mapping(source: Source) -> Path | None:
    """What the columns of the export mean, if it is a table."""
    path = CONFIGURATION / "mappings" / f"{source.name}.yml"
    return path if path.exists() else None
