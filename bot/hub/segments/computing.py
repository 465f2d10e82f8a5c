"""Computed attributes: which aggregate an expression is, and of which events. Pure.

Adobe's "Computed attributes overview" and "Computed attributes API endpoint". Its weeks and months of a lookback are those of the
calendar and refreshed once in a while; here the window ends at the moment of the evaluation. Where no event qualifies there is no
value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.hub.model import Xdm
from bot.hub.segments.rules import EVENTS
from bot.hub.segments.syntax import (
    All,
    Call,
    Composed,
    Distance,
    Expression,
    Field,
    Filter,
    Literal,
    Named,
    Occurs,
    Unit,
    Unreadable,
)


class Function(StrEnum):
    """Adobe's functions of events, as `mergeFunction` names them."""

    COUNT = "COUNT"
    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    MOST_RECENT = "MOST_RECENT"
    LIST = "LIST"


@dataclass(frozen=True, slots=True)
class Lookback:
    """How far back events count."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`expression` aggregates `events` with `function`."""

    function: Function
    events: Expression
    expression: Expression


_USAGE = (
    "a computed attribute is xEvent[…].count(), .sum(field), .min(field), .max(field), "
    '.topN(timestamp, 1).map({"timestamp": timestamp, "value": field}).head() or .topN(timestamp, amount).map(field)'
)
_CALLS = {"count": Function.COUNT, "sum": Function.SUM, "min": Function.MIN, "max": Function.MAX}
_EVENTS = Field((EVENTS,))
_TIMESTAMP = Field(("timestamp",))


def aggregate(expression: Expression, lookback: Lookback | None = None) -> Aggregate:
    """What the expression computes of the events within the lookback. Raises `Unreadable` if it isn't an aggregate of events."""
    calls: list[Call] = []
    events = expression
    while isinstance(events, Call) and events.of is not None:
        calls.insert(0, events)
        events = events.of
    function = _function(calls)
    if not (events == _EVENTS or (isinstance(events, Filter) and events.of == _EVENTS)):
        raise Unreadable(_USAGE)
    recent = events if lookback is None else _recent(events, lookback)
    whole = recent
    for call in calls:
        whole = Call(whole, call.function, call.arguments)
    return Aggregate(function, recent, whole)


def _function(calls: list[Call]) -> Function:
    match calls:
        case [Call(_, "count", ()) | Call(_, "sum" | "min" | "max", (_,)) as call]:
            return _CALLS[call.function]
        case [Call(_, "topN", (time, Literal(1))), Call(_, "map", (Composed(),)), Call(_, "head", ())] if time == _TIMESTAMP:
            return Function.MOST_RECENT
        case [Call(_, "topN", (time, _)), Call(_, "map", (_,))] if time == _TIMESTAMP:
            return Function.LIST
    raise Unreadable(_USAGE)


def _recent(events: Expression, lookback: Lookback) -> Expression:
    recent = Occurs(_TIMESTAMP, Distance("<=", lookback.count, lookback.unit, "before", Named("now")))
    if isinstance(events, Filter):
        wanted = events.condition.conditions if isinstance(events.condition, All) else (events.condition,)
        return Filter(events.of, All((*wanted, recent)))
    return Filter(events, recent)


_LONGEST = {"HOURS": 24, "DAYS": 7, "WEEKS": 4, "MONTHS": 6}
_UNITS = {"HOURS": Unit.HOUR, "DAYS": Unit.DAY, "WEEKS": Unit.WEEK, "MONTHS": Unit.MONTH}


def lookback_of(document: Xdm) -> Lookback | None:
    """The window that a computed attribute's `duration` says; None for all events. Raises `Unreadable` if it isn't Adobe's."""
    duration = document.get("duration")
    match duration:
        case None:
            return None
        case {"count": int(count), "unit": str(unit)} if unit in _UNITS and 1 <= count <= _LONGEST[unit]:
            return Lookback(count, _UNITS[unit])
    known = ", ".join(f"1 to {longest} {unit}" for unit, longest in _LONGEST.items())
    raise Unreadable(f"duration is {{count, unit}}: {known}")
