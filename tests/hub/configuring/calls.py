"""Paths, headers and bodies of the configuration endpoints."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

CONTEXT = "https://ns.adobe.com/xdm/context/"
PROFILE = f"{CONTEXT}profile"

REGISTRY = "/data/foundation/schemaregistry"
DATASETS = "/data/foundation/catalog/dataSets"
NAMESPACES = "/data/core/idnamespace/identities"
POLICIES = "/data/core/ups/config/mergePolicies"

XED = {"Accept": "application/vnd.adobe.xed+json; version=1"}
FULL = {"Accept": "application/vnd.adobe.xed-full+json;version=1"}
IDS = {"Accept": "application/vnd.adobe.xed-id+json"}
WHOLE = {"Accept": "application/vnd.adobe.xed+json"}
DESCRIPTORS = {"Accept": "application/vnd.adobe.xdm+json"}

ENABLED = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}


def group(**fields: Any) -> dict[str, Any]:
    """A field group in the form of Adobe's samples."""
    own = fields or {
        "customerId": {"type": "string", "title": "Customer number"},
        "tier": {"type": "string", "enum": ["gold", "silver"]},
    }
    return {
        "type": "object",
        "title": "Shop",
        "description": "What the shop knows",
        "meta:intendedToExtend": [PROFILE],
        "definitions": {"shop": {"properties": {"_demo": {"type": "object", "properties": own}}}},
        "allOf": [{"$ref": "#/definitions/shop"}],
    }


def schema_of(*parts: str, title: str = "Customers") -> dict[str, Any]:
    """A profile schema of Demographic Details, Personal Contact Details, and `parts`."""
    all_of = [PROFILE, f"{CONTEXT}profile-person-details", f"{CONTEXT}profile-personal-details", *parts]
    return {"type": "object", "title": title, "description": "", "allOf": [{"$ref": part} for part in all_of]}


def identity(schema_id: str, path: str, namespace: str = "Email", *, primary: bool = False, **more: Any) -> dict[str, Any]:
    """An identity descriptor."""
    return {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema_id,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": path,
        "xdm:namespace": namespace,
        "xdm:property": "xdm:code",
        "xdm:isPrimary": primary,
    } | more


def dataset(schema_id: str, name: str = "CRM", **more: Any) -> dict[str, Any]:
    """A dataset."""
    return {"name": name, "schemaRef": {"id": schema_id, "contentType": "application/vnd.adobe.xed+json;version=1"}} | more


def policy(**more: Any) -> dict[str, Any]:
    """A merge policy: the newest value wins."""
    return {
        "name": "Newest",
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "timestampOrdered"},
        "default": True,
    } | more


def one(kind: str, resource_id: str) -> str:
    """The path of a resource of the registry, its `$id` URL-encoded."""
    return f"{REGISTRY}/{kind}/{quote(resource_id, safe='')}"
