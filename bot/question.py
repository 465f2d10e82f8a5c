"""Who asks what, and where. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity as Adobe means it: `namespace` is the code of a configured namespace, `value` is normalised for it."""

    namespace: str
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """Who is this? `refresh` asks the source even when a fresh copy is at hand."""

    identity: Identity
    card: str = "standard"
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """How is the service itself?"""


class Lane(IntEnum):
    """Who goes first when calls to the source are scarce."""

    RESERVED = 0
    """People whose role has the reserved lane."""
    NORMAL = 1
    BEHIND = 2
    """Copies refreshed behind: nobody waits for them."""


@dataclass(frozen=True, slots=True)
class Rank:
    """On whose behalf the source is asked: within a lane, people take turns. `person` is an opaque id."""

    lane: Lane
    person: str


@dataclass(frozen=True, slots=True)
class Asker:
    """The member who asks; `team` is the member's own workspace, `enterprise` its Grid organisation."""

    user: str
    team: str
    enterprise: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer will be seen."""

    channel: str | None = None
