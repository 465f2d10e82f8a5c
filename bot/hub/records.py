"""What the hub keeps: frozen values, named as Adobe names them.

XDM itself stays as Adobe answers it, in plain dicts; nothing writes to one after its record has been built.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.hub.model import Identity

__all__ = [
    "EVENT",
    "PROFILE",
    "Audience",
    "Event",
    "Identity",
    "MergePolicy",
    "Namespace",
    "Record",
    "Xdm",
    "milliseconds",
    "rfc3339",
]

Xdm = dict[str, Any]
"""A JSON object as Adobe answers it, keys without `xdm:`."""

PROFILE = "_xdm.context.profile"
EVENT = "_xdm.context.experienceevent"


@dataclass(frozen=True, slots=True)
class Event:
    """An experience event. `time` is milliseconds since 1970; `modified` is when the hub took it in."""

    id: str
    time: int
    source: str
    entity: Xdm
    modified: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """A merged profile: attributes, events (oldest first) and its identity graph, the first of which gives the XID."""

    identities: tuple[Identity, ...]
    entity: Xdm
    sources: tuple[str, ...]
    modified: datetime
    events: tuple[Event, ...] = ()

    @property
    def xid(self) -> str:
        """The XID under which the profile is answered, whichever of its identities was asked for."""
        return self.identities[0].xid


@dataclass(frozen=True, slots=True)
class Namespace:
    """An identity namespace. `id_type` is Adobe's: COOKIE, CROSS_DEVICE, EMAIL, PHONE, …"""

    id: int
    code: str
    id_type: str
    name: str
    custom: bool = False


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """A merge policy over the private identity graph, newest value first: the only kind that merged records can answer for."""

    id: str
    name: str
    schema: str = PROFILE
    default: bool = False
    active_on_edge: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """A segment definition. `expression` is PQL."""

    id: str
    name: str
    description: str
    expression: str
    merge_policy: str


def rfc3339(moment: datetime) -> str:
    """The moment in UTC with whole seconds, e.g. `2026-01-31T09:30:00Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, the unit of every time that the Entities API takes and gives as a number."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
