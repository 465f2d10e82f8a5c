"""Documents as the API makes them, in few words."""

from __future__ import annotations

from typing import Any

from bot.hub.model import Xdm

CONTEXT = "https://ns.adobe.com/xdm/context/"
PROFILES, EVENTS = "https://ns.adobe.com/demo/schemas/profiles", "https://ns.adobe.com/demo/schemas/events"


def schema(schema_id: str, *parts: str, **more: Any) -> Xdm:
    """A schema of those parts of XDM's context."""
    return {
        "$id": schema_id,
        "meta:resourceType": "schemas",
        "title": schema_id.rpartition("/")[2],
        "type": "object",
        "allOf": [{"$ref": f"{CONTEXT}{part}"} for part in parts],
        **more,
    }


def namespace(number: int, code: str, id_type: str) -> Xdm:
    return {"id": number, "code": code, "idType": id_type, "name": code, "custom": number > 10_000_000}


def descriptor(path: str, code: str, *, primary: bool = False) -> Xdm:
    return {
        "@id": path,
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": PROFILES,
        "xdm:sourceProperty": path,
        "xdm:namespace": code,
        "xdm:isPrimary": primary,
    }


def label(path: str | list[str], *labels: str, source: str = PROFILES) -> Xdm:
    return {
        "@id": f"label {path}",
        "@type": "xdm:descriptorLabel",
        "xdm:sourceSchema": source,
        "xdm:sourceProperty": path,
        "xdm:labels": list(labels),
    }


def dataset(number: int, schema_id: str, *, enabled: bool = True) -> Xdm:
    tags = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]} if enabled else {}
    return {"number": number, "id": f"{number:024x}", "name": f"Dataset {number}", "schemaRef": {"id": schema_id}, "tags": tags}
