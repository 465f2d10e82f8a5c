"""Who asks what, and where. Pure values."""

from __future__ import annotations

from dataclasses import dataclass


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
class Asker:
    """The member who asks; `team` is the member's own workspace, `enterprise` its Grid organisation."""

    user: str
    team: str
    enterprise: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer will be seen."""

    channel: str | None = None
