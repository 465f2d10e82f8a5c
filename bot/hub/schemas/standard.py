"""The classes and field groups that come with the hub, named as Adobe's."""

from __future__ import annotations

from bot.hub.model import Xdm


def standard_resources() -> dict[str, Xdm]:
    """Each by its `$id`."""
    base = "https://ns.adobe.com/xdm/context/"
    return {
        f"{base}profile": {"$id": f"{base}profile", "properties": {"_id": {"type": "string"}}},
        f"{base}experienceevent": {
            "$id": f"{base}experienceevent",
            "properties": {
                "_id": {"type": "string"},
                "timestamp": {"type": "string", "format": "date-time"},
                "eventType": {"type": "string"},
            },
        },
    }
