from __future__ import annotations

from typing import Any

import pytest

from bot.hub.segments import rules
from bot.hub.segments.computing import Function, Lookback, aggregate, lookback_of
from bot.hub.segments.pql import parsed
from bot.hub.segments.syntax import Unit, Unreadable

NOW = 1772703000000  # 2026-03-05T09:30:00Z
EVENTS = [{"eventType": "a", "timestamp": f"2026-{month:02}-05T09:30:00Z", "n": month} for month in (1, 2, 3)] + [
    {"eventType": "b", "timestamp": "2026-03-06T00:00:00Z", "n": 9}
]


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("xEvent.count()", Function.COUNT),
        ('xEvent[eventType = "a"].count()', Function.COUNT),
        ("xEvent.sum(n)", Function.SUM),
        ("xEvent.min(n)", Function.MIN),
        ("xEvent.max(timestamp)", Function.MAX),
        ('xEvent.topN(timestamp, 1).map({"timestamp": timestamp, "value": n}).head()', Function.MOST_RECENT),
        ("xEvent.topN(timestamp, 50).map(n)", Function.LIST),
    ],
)
def test_function(text: str, function: Function) -> None:
    """Each of Adobe's functions is known by the form of its expression."""
    assert function is aggregate(parsed(text)).function


@pytest.mark.parametrize(
    "text",
    [
        "loyalty.points",
        "orders.count()",
        "orders[a = 1].count()",
        "xEvent",
        "xEvent.average(n)",
        "xEvent.topN(n, 1).map(n)",
        "xEvent.head()",
        "xEvent.sum(n) > 1",
        "xEvent.map(n).count()",
        "xEvent[a = 1][b = 1].count()",
        "count()",
    ],
)
def test_no_aggregate(text: str) -> None:
    """Anything else is no computed attribute, and one is told what is."""
    with pytest.raises(Unreadable, match=r"a computed attribute is xEvent\[…\]\.count\(\)"):
        aggregate(parsed(text))


@pytest.mark.parametrize(
    ("text", "lookback", "expected"),
    [
        ("xEvent.count()", None, 4),
        ("xEvent.count()", Lookback(1, Unit.HOUR), 1),
        ("xEvent.count()", Lookback(1, Unit.MONTH), 2),
        ('xEvent[eventType = "a"].sum(n)', Lookback(2, Unit.MONTH), 6),
        ('xEvent[eventType = "a" and n < 3].sum(n)', Lookback(1, Unit.MONTH), 2),
        ('xEvent[eventType = "a" or n = 9].topN(timestamp, 2).map(n)', Lookback(1, Unit.MONTH), [3, 2]),
    ],
)
def test_lookback(text: str, lookback: Lookback | None, expected: Any) -> None:
    """Only events from within the lookback up to now count."""
    expression = aggregate(parsed(text), lookback).expression

    assert expected == rules.value(expression, NOW)(rules.Subject({}, EVENTS))


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (None, None),
        ({"count": 24, "unit": "HOURS"}, Lookback(24, Unit.HOUR)),
        ({"count": 7, "unit": "DAYS"}, Lookback(7, Unit.DAY)),
        ({"count": 1, "unit": "WEEKS"}, Lookback(1, Unit.WEEK)),
        ({"count": 6, "unit": "MONTHS"}, Lookback(6, Unit.MONTH)),
    ],
)
def test_duration(duration: object, expected: Lookback | None) -> None:
    """A duration is read in Adobe's units; without one all events count."""
    assert expected == lookback_of({"duration": duration})


@pytest.mark.parametrize(
    "duration",
    [
        {"count": 8, "unit": "DAYS"},
        {"count": 0, "unit": "DAYS"},
        {"count": 1, "unit": "YEARS"},
        {"count": "1", "unit": "DAYS"},
        {},
        "1 DAYS",
    ],
)
def test_duration_beyond(duration: object) -> None:
    """One that Adobe wouldn't take isn't taken here, and the limits are told."""
    with pytest.raises(Unreadable, match="1 to 24 HOURS, 1 to 7 DAYS, 1 to 4 WEEKS, 1 to 6 MONTHS"):
        lookback_of({"duration": duration})
