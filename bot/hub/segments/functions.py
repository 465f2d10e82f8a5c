"""The functions of PQL that the hub knows, over plain JSON values. Pure.

Adobe's pages on string, array, aggregation, object, and date and time functions. Where they are silent or contradict each other,
`topN` takes the greatest, as each of Adobe's computed attributes with `topN(timestamp, 1)` means; and nothing at all has a count
and a sum of 0, but no minimum, maximum or average.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum
from typing import Any

from bot.hub.segments.times import instant, moment

_MOST = (1 << 63) - 1

USAGE: Mapping[str, str] = {
    "equals": "text.equals(text, true)",
    "notEqualTo": "text.notEqualTo(text, true)",
    "startsWith": "text.startsWith(text, true)",
    "doesNotStartWith": "text.doesNotStartWith(text, true)",
    "endsWith": "text.endsWith(text, true)",
    "doesNotEndWith": "text.doesNotEndWith(text, true)",
    "contains": "text.contains(text, true)",
    "doesNotContain": "text.doesNotContain(text, true)",
    "isNull": "field.isNull()",
    "isNotNull": "field.isNotNull()",
    "includes": "array.includes(item)",
    "intersects": "array.intersects(array)",
    "count": "array.count()",
    "sum": "array.sum(field)",
    "average": "array.average(field)",
    "min": "array.min(field)",
    "max": "array.max(field)",
    "topN": "array.topN(field, amount)",
    "bottomN": "array.bottomN(field, amount)",
    "map": "array.map(field)",
    "filter": "array.filter(condition)",
    "head": "array.head()",
    "distinct": "array.distinct()",
    "getYear": "time.getYear()",
    "getMonth": "time.getMonth()",
    "getDayOfMonth": "time.getDayOfMonth()",
    "currentYear": "currentYear()",
    "currentMonth": "currentMonth()",
    "currentDayOfMonth": "currentDayOfMonth()",
    "date": "date(year, month, day)",
}
"""Every function, and how it is used."""

TEXT_CHECKS: Mapping[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
"""Of a text and another."""

NEGATED_TEXT_CHECKS: Mapping[str, str] = {
    "notEqualTo": "equals",
    "doesNotStartWith": "startsWith",
    "doesNotEndWith": "endsWith",
    "doesNotContain": "contains",
}
"""Those that hold for a text for which another doesn't; for what is missing neither holds."""


def total(values: list[Any]) -> int | float:
    """The sum of those that are numbers: of whole ones a whole one, as long as JSON's readers have one for it."""
    numbers = _numbers(values)
    if float in map(type, numbers):
        return _precise(numbers)
    whole = sum(numbers)
    return whole if -_MOST <= whole <= _MOST else float(whole)


def average(values: list[Any]) -> float | None:
    """The mean of those that are numbers."""
    numbers = _numbers(values)
    return _precise(numbers) / len(numbers) if numbers else None


def least(values: list[Any]) -> Any:
    """The smallest number, else the earliest moment, else the first text."""
    return min(filter(rank, values), key=rank, default=None)


def greatest(values: list[Any]) -> Any:
    """The last text, else the latest moment, else the largest number."""
    return max(filter(rank, values), key=rank, default=None)


AGGREGATES: Mapping[str, Callable[[list[Any]], Any]] = {"sum": total, "average": average, "min": least, "max": greatest}
"""Of all values in an array."""

PARTS: Mapping[str, str] = {"getYear": "year", "getMonth": "month", "getDayOfMonth": "day"}
"""The part of a moment in UTC that each gives."""

CURRENT: Mapping[str, str] = {"currentYear": "year", "currentMonth": "month", "currentDayOfMonth": "day"}
"""The part of the present in UTC that each gives."""


def part(name: str, value: Any) -> int | None:
    """That part ("year", "month" or "day") of the moment which a value names, None if it names none."""
    milliseconds = instant(value)
    try:
        return None if milliseconds is None else int(getattr(moment(milliseconds), name))
    except OverflowError:
        return None


def ascending(array: Sequence[Any], key: Callable[[Any], Any]) -> list[Any]:
    """The items by their keys, the smallest first; equal ones as they were, those without a key left out."""
    ranked = [(ranked, item) for item in array if (ranked := rank(key(item)))]
    ranked.sort(key=lambda pair: pair[0])
    return [item for _, item in ranked]


def distinct(values: Sequence[Any]) -> list[Any]:
    """Each value once, where it came first."""
    kept: list[Any] = []
    for value in values:
        if not any(same(value, each) for each in kept):
            kept.append(value)
    return kept


def same(one: Any, another: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, but isn't true. What is missing equals nothing."""
    return one is not None and one == another and (one.__class__ is bool) is (another.__class__ is bool)


def rank(value: Any) -> tuple[()] | tuple[int, int | float, str]:
    """Sorts numbers before moments before other texts; empty for what can't be sorted."""
    if value.__class__ is int or value.__class__ is float:
        return 0, value, ""
    if value.__class__ is str:
        milliseconds = instant(value)
        return (2, 0, value) if milliseconds is None else (1, milliseconds, value)
    return ()


def _precise(numbers: list[int | float]) -> float:
    try:
        return fsum(numbers)
    except OverflowError:  # which a sum that isn't exact doesn't know
        return float(sum(numbers))


def _numbers(values: list[Any]) -> list[int | float]:
    return [value for value in values if value.__class__ is int or value.__class__ is float]
