"""What the Schema Registry keeps of schemas and their parts, and how it shows them ("Schema Registry API guide"). Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from bot.hub.model import Xdm

_BASE = "https://ns.adobe.com/"


@dataclass(frozen=True, slots=True)
class Container:
    """One kind of resource that a tenant has: as the paths of the API name it, and as its ids do."""

    name: str
    in_ids: str


SCHEMAS, FIELD_GROUPS, DATA_TYPES = (
    Container("schemas", "schemas"),
    Container("fieldgroups", "mixins"),
    Container("datatypes", "datatypes"),
)


def alt_id(resource_id: str) -> str:
    """The `meta:altId` of the resource with that `$id`: `_xdm.context.profile`."""
    return "_" + resource_id.removeprefix(_BASE).replace("/", ".")


def new_id(container: Container, tenant: str, number: int) -> str:
    """The `$id` of the tenant's resource `number`."""
    digest = hashlib.sha256(f"{tenant}/{container.name}/{number}".encode()).hexdigest()
    return f"{_BASE}{tenant}/{container.in_ids}/{digest[:48]}"


def registered(body: Xdm, container: Container, resource_id: str, now: int) -> Xdm:
    """What is kept of a new resource; `now` in milliseconds."""
    return {
        "$id": resource_id,
        "meta:altId": alt_id(resource_id),
        "meta:resourceType": container.name,
        "version": "1.0",
        **{key: value for key, value in body.items() if key not in _OURS},
        "meta:registryMetadata": {"repo:createdDate": now, "repo:lastModifiedDate": now},
    }


def revised(before: Xdm, body: Xdm, now: int) -> Xdm:
    """What is kept when `body` takes the place of `before`: the minor version grows."""
    major, minor = before["version"].split(".")
    return {
        **{key: before[key] for key in ("$id", "meta:altId", "meta:resourceType")},
        "version": f"{major}.{int(minor) + 1}",
        **{key: value for key, value in body.items() if key not in _OURS},
        "meta:registryMetadata": before["meta:registryMetadata"] | {"repo:lastModifiedDate": now},
    }


_OURS = frozenset(
    {
        *("$id", "meta:altId", "meta:resourceType", "version", "meta:registryMetadata"),
        *("meta:extensible", "meta:abstract", "meta:xdmType", "meta:class", "meta:extends", "refs"),
        *("imsOrg", "meta:containerId", "meta:sandboxId", "meta:sandboxType", "meta:tenantNamespace"),
    }
)
"""What the registry says itself: when an answer is sent back changed, it isn't read."""


def summary(resource: Xdm) -> Xdm:
    """What a list shows of it for `xed-id`."""
    return {
        "$id": resource["$id"],
        "meta:altId": alt_id(resource["$id"]),
        "version": resource.get("version", "1.0"),
        "title": resource["title"],
    }


def shown(resource: Xdm, belongs: Xdm, class_id: str | None = None) -> Xdm:
    """The resource as kept, with whose it is and, of a schema, its class."""
    whole = {
        **resource,
        "meta:altId": alt_id(resource["$id"]),
        "version": resource.get("version", "1.0"),
        "meta:extensible": resource.get("meta:resourceType") != SCHEMAS.name,
        "meta:abstract": resource.get("meta:resourceType") != SCHEMAS.name,
        "meta:xdmType": "object",
        "meta:registryMetadata": {**resource.get("meta:registryMetadata", {}), "eTag": _digest(resource)},
        **belongs,
    }
    if class_id:
        references = [part["$ref"] for part in resource["allOf"] if "$ref" in part]
        whole |= {"meta:class": class_id, "meta:extends": references, "refs": references}
    return whole


def without(node: Any, keys: frozenset[str]) -> Any:
    """The resource without those texts; a field of the same name stays."""
    if isinstance(node, list):
        return [without(each, keys) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: _below(key, value, keys) for key, value in node.items() if key not in keys or not isinstance(value, str)}


def _below(key: str, value: Any, keys: frozenset[str]) -> Any:
    if key in {"properties", "definitions"} and isinstance(value, dict):
        return {name: without(field, keys) for name, field in value.items()}
    return value if key.startswith("meta:") else without(value, keys)


def _digest(resource: Xdm) -> str:
    return hashlib.sha256(orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)).hexdigest()
