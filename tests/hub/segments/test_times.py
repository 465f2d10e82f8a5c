from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hub.segments import rules
from bot.hub.segments.pql import parsed
from bot.hub.segments.syntax import Unit
from bot.hub.segments.times import instant, shifted

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)  # a Thursday
MILLISECONDS = int(NOW.timestamp() * 1000)
LENGTHS = {"millisecond": 1, "seconds": 1000, "minute": 60_000, "hours": 3_600_000, "day": 86_400_000, "weeks": 604_800_000}
OPERATORS = {
    "<": lambda away, far: away < far,
    "<=": lambda away, far: away <= far,
    ">": lambda away, far: away > far,
    ">=": lambda away, far: away >= far,
}


def occurs(moment: str | int | None, period: str) -> bool:
    return rules.condition(parsed(f"at occurs {period}"), MILLISECONDS)(rules.Subject({"at": moment}, []))


@pytest.mark.parametrize(
    ("period", "inside", "outside"),
    [
        ("now", ["2026-03-05T09:30:00Z"], ["2026-03-05T09:30:00.001Z", "2026-03-05T09:29:59.999Z"]),
        ("today", ["2026-03-05", "2026-03-05T23:59:59Z"], ["2026-03-04T23:59:59Z", "2026-03-06"]),
        ("on yesterday", ["2026-03-04"], ["2026-03-05", "2026-03-03"]),
        ("tomorrow", ["2026-03-06T12:00:00Z"], ["2026-03-05"]),
        ("on date(2019, 12, 31)", ["2019-12-31T12:00:00Z"], ["2020-01-01", "2019-12-30"]),
        ("this hour", ["2026-03-05T09:00:00Z"], ["2026-03-05T10:00:00Z"]),
        ("this week", ["2026-03-01", "2026-03-07T23:59:59Z"], ["2026-02-28T23:59:59Z", "2026-03-08"]),
        ("last week", ["2026-02-22", "2026-02-28"], ["2026-03-01", "2026-02-21"]),
        ("last month", ["2026-02-01", "2026-02-28T23:00:00Z"], ["2026-03-01", "2026-01-31"]),
        ("next year", ["2027-01-01", "2027-12-31"], ["2026-12-31", "2028-01-01"]),
        ("this decade", ["2020-01-01", "2029-12-31"], ["2030-01-01", "2019-12-31"]),
        ("last century", ["1900-01-01", "1999-12-31"], ["2000-01-01"]),
        ("this millennium", ["2000-01-01"], ["1999-12-31"]),
        ("before today", ["2026-03-04T23:59:59Z"], ["2026-03-05"]),
        ("after today", ["2026-03-06"], ["2026-03-05T23:59:59Z"]),
        ("before last month", ["2026-01-31"], ["2026-02-01"]),
        ("between date(2015, 1, 8) and date(2017, 7, 1)", ["2015-01-08", "2017-07-01T23:59:59Z"], ["2015-01-07", "2017-07-02"]),
        (
            "< 30 days before now",
            ["2026-02-03T09:30:00.001Z", "2026-03-05T09:30:00Z"],
            ["2026-02-03T09:30:00Z", "2026-03-05T09:31:00Z"],
        ),
        ("<= 30 days before now", ["2026-02-03T09:30:00Z"], ["2026-02-03T09:29:59Z"]),
        ("> 1 year before now", ["2025-03-05T09:29:59Z"], ["2025-03-05T09:30:00Z"]),
        (">= 1 year before now", ["2025-03-05T09:30:00Z"], ["2025-03-05T09:30:01Z"]),
        ("= 3 days before today", ["2026-03-02", "2026-03-02T23:59:59Z"], ["2026-03-01", "2026-03-03"]),
        ("!= 3 days before today", ["2026-03-01", "2026-03-03"], ["2026-03-02"]),
        (
            "<= 2 weeks after now",
            ["2026-03-05T09:30:00Z", "2026-03-19T09:30:00Z"],
            ["2026-03-05T09:29:59Z", "2026-03-19T09:30:01Z"],
        ),
        ("> 1 day after today", ["2026-03-06T00:00:00.001Z"], ["2026-03-06T00:00:00Z"]),
        ("= 2 days from today", ["2026-03-03T08:00:00Z", "2026-03-07T08:00:00Z"], ["2026-03-05", "2026-03-04"]),
        ("!= 2 days from today", ["2026-03-05", "2026-03-01", "2026-03-09"], ["2026-03-03", "2026-03-07"]),
        ("< 1000 millennia before now", ["0001-01-01"], ["2026-03-06"]),
        ("> 1000 millennia before now", [], ["0001-01-01"]),
    ],
)
def test_occurs(period: str, inside: list[str], outside: list[str]) -> None:
    """A moment occurs in a period, from its first millisecond to its last."""
    assert all(occurs(moment, period) for moment in inside)
    assert not any(occurs(moment, period) for moment in outside)


@given(
    away=st.integers(-(10**11), 10**11),
    operator=st.sampled_from(sorted(OPERATORS)),
    count=st.integers(0, 200),
    unit=st.sampled_from(sorted(LENGTHS)),
    direction=st.sampled_from(["before", "after", "from"]),
)
def test_distance(away: int, operator: str, count: int, unit: str, direction: str) -> None:
    """How far a moment lies before or after another is compared with a length of time; `from` minds no direction."""
    far = count * LENGTHS[unit]
    distance = {"before": -away, "after": away, "from": abs(away)}[direction]
    expected = distance >= 0 and OPERATORS[operator](distance, far)

    assert expected == occurs(MILLISECONDS + away, f"{operator} {count} {unit} {direction} now")


@pytest.mark.parametrize("moment", ["yesterday evening", "", True, None, 1.5, "20260305", "2026-W10-4", {"at": 1}, "2026-02-30"])
def test_no_moment(moment: object) -> None:
    """What names no moment never occurs, not even outside of a period."""
    subject = rules.Subject({"at": moment}, [])

    assert not rules.condition(parsed("at occurs before tomorrow or at occurs after today or at != today"), MILLISECONDS)(subject)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00.001+01:00", 1),
        ("1970-01-01T00:00:01", 1000),
        (1772703000000, 1772703000000),
    ],
)
def test_instant(text: object, expected: int) -> None:
    """Moments are read with any offset; without one they are UTC."""
    assert expected == instant(text)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-500, 500))  # noqa: DTZ001  made aware below
def test_months_return(moment: datetime, months: int) -> None:
    """Months later is the same time of that month's same day, or of its last."""
    start = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    then = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=shifted(start, months, Unit.MONTH))
    tomorrow = then + timedelta(days=1)

    assert (then.year * 12 + then.month) - (moment.year * 12 + moment.month) == months
    assert then.day == moment.day or (then.day < moment.day and tomorrow.day == 1)


def test_compared_with_time() -> None:
    """A field is compared with a time as the range that it names, from either side."""
    at = rules.Subject({"at": "2026-03-05T10:00:00Z"}, [])
    held = [
        "at = today",
        "at >= today",
        "at <= today",
        "at > yesterday",
        "tomorrow > at",
        "today = at",
        "at != yesterday",
        "at > now",
    ]
    denied = ["at < today", "at > today", "at != today", "now >= at", "at = now"]

    assert [text for text in held if not rules.condition(parsed(text), MILLISECONDS)(at)] == []
    assert [text for text in denied if rules.condition(parsed(text), MILLISECONDS)(at)] == []


def test_time_of_field() -> None:
    """A period may be measured from another field; where that is missing, nothing occurs."""
    period = parsed("end occurs <= 2 days after start")
    holds = rules.condition(period, MILLISECONDS)

    assert holds(rules.Subject({"start": "2026-03-01", "end": "2026-03-03"}, []))
    assert not holds(rules.Subject({"start": "2026-03-01", "end": "2026-03-04"}, []))
    assert not holds(rules.Subject({"end": "2026-03-03"}, []))
