"""Times as Adobe's services write them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(milliseconds: int) -> str:
    """The moment, given in milliseconds since 1970, in UTC with whole seconds: `2026-01-31T09:30:00Z`."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).isoformat()[:19] + "Z"
