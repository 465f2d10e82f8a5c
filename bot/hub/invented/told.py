"""A line of a system's export: what it says of a customer, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """One line. `line` is XDM in a file of JSON Lines, and texts by column in a CSV file."""

    time: datetime
    line: Mapping[str, Any]


def rfc3339(moment: datetime) -> str:
    """The moment in UTC with whole seconds, e.g. `2026-01-31T09:30:00Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
