"""Which fields of events an expression speaks of. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from bot.hub.model import Path
from bot.hub.segments.pql import parsed
from bot.hub.segments.rules import EVENTS
from bot.hub.segments.syntax import Call, Field, Filter, Unreadable


@lru_cache(maxsize=1024)
def event_fields(expression: str) -> frozenset[Path]:
    """The paths in events of all that `expression` (PQL) reads of them, arrays walked through. None if it can't be read."""
    try:
        return frozenset(path for path in _spoken_of(parsed(expression), ()) if path)
    except Unreadable:
        return frozenset()


def _spoken_of(part: Any, scope: Path) -> Iterator[Path]:
    """Each path below `part`, of which a field without a place of its own lies in `scope`."""
    match part:
        case Field():
            yield _place(part, scope)
            yield from _spoken_of(part.of, scope)
        case Filter(of=of) | Call(of=of) if of is not None:
            yield from _spoken_of(of, scope)
            inside = _place(of, scope)
            yield from _spoken_of(part.condition if isinstance(part, Filter) else part.arguments, inside)
        case tuple():
            for each in part:
                yield from _spoken_of(each, scope)
        case _ if is_dataclass(part):
            for member in fields(part):
                yield from _spoken_of(getattr(part, member.name), scope)


def _place(part: Any, scope: Path) -> Path:
    """Where the value of `part` lies in an event: what is chosen or taken of an array lies where the array does."""
    match part:
        case Field(path=path, of=None):
            return path[1:] if path[0] == EVENTS else scope + path
        case Field(path=path, of=of):
            return _place(of, scope) + path
        case Filter(of=of) | Call(of=of) if of is not None:
            return _place(of, scope)
    return scope
