"""Times as Adobe's services write them, and as the hub counts them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(time: int) -> str:
    """The moment, given in milliseconds since 1970, in UTC with whole seconds: `2026-01-31T09:30:00Z`."""
    return datetime.fromtimestamp(time // 1000, UTC).isoformat()[:19] + "Z"


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware datetime."""
    return int(moment.timestamp() * 1000)
