"""What a PQL expression says, as frozen values: the tree that `pql.parsed` reads and `rules` compiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum


class Unreadable(ValueError):
    """An expression isn't PQL, or is more of PQL than the hub evaluates.

    The text says what was wrong, where, and what would be right; it never repeats the expression's literals.
    """


class Unit(StrEnum):
    """A length of time; from DAY on a part of the calendar, in UTC."""

    MILLISECOND = "millisecond"
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    DECADE = "decade"
    CENTURY = "century"
    MILLENNIUM = "millennium"


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number or a truth value."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Items:
    """`["US", "CA"]`"""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """`{"timestamp": timestamp, "value": commerce.order.priceTotal}`"""

    fields: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A path, from what is in scope (the profile, or the item that a condition is about) or from the value of `of`."""

    path: tuple[str, ...]
    of: Expression | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """`of[condition]`: those items for which the condition holds."""

    of: Expression
    condition: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """`of.function(arguments)`, or a function of nothing."""

    of: Expression | None
    function: str
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`: `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `notIn` or `like`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not:
    """`not condition`"""

    condition: Expression


@dataclass(frozen=True, slots=True)
class All:
    """`one and another`"""

    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """`one or another`"""

    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """`now`, `today`, `yesterday` or `tomorrow`."""

    name: str


@dataclass(frozen=True, slots=True)
class Relative:
    """`this week`, `last month`, `next year`: `steps` units from the one that it is now."""

    steps: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Day:
    """`date(2026, 3, 14)`"""

    year: int
    month: int
    day: int


Time = Named | Relative | Day | Field


@dataclass(frozen=True, slots=True)
class Distance:
    """`< 30 days before now`: how far from a time. `direction` is before, after or from (either)."""

    operator: str
    count: int
    unit: Unit
    direction: str
    time: Time


@dataclass(frozen=True, slots=True)
class Side:
    """`before today`, `after last week`"""

    direction: str
    time: Time


@dataclass(frozen=True, slots=True)
class During:
    """`last week`, `on date(2026, 3, 14)`"""

    time: Time


@dataclass(frozen=True, slots=True)
class Between:
    """`between date(2026, 1, 1) and today`, both included."""

    first: Time
    last: Time


Period = Distance | Side | During | Between


def references(period: Period) -> tuple[Time, ...]:
    """The times that a period is described by."""
    return (period.first, period.last) if isinstance(period, Between) else (period.time,)


@dataclass(frozen=True, slots=True)
class Occurs:
    """`what occurs period`"""

    what: Expression
    period: Period


Expression = Literal | Items | Composed | Field | Filter | Call | Comparison | Not | All | Any | Named | Relative | Day | Occurs


def levels(expression: Expression) -> int:
    """How deep the expression is nested: 1 if it isn't."""
    deepest, waiting = 0, [(expression, 1)]
    while waiting:
        part, level = waiting.pop()
        deepest = max(deepest, level)
        waiting += ((each, level + 1) for each in _parts(part))
    return deepest


def _parts(expression: Expression) -> Iterator[Expression]:
    for member in fields(expression):
        value = getattr(expression, member.name)
        for each in value if isinstance(value, tuple) else (value,):
            part = each[1] if isinstance(each, tuple) else each
            if is_dataclass(part):
                yield part  # type: ignore[misc]  # the dataclasses in a tree are expressions, or periods made of them
