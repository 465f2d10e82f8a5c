"""Time in PQL, as ranges of whole milliseconds ("PQL Date and Time Functions"). Pure; days, months and years are those of UTC.

Where Adobe's document is silent: a time is the range that it names (`today` is a whole day, `now` one millisecond), and "before"
and "after" mean outside of it; weeks begin on Sunday, as in "Computed attributes overview"; `= 3 days before today` is the day
that begins then.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from bot.hub.segments.syntax import Between, Day, Distance, During, Named, Period, Relative, Side, Time, Unit

Range = tuple[int, int]
"""From (included) to (excluded), in milliseconds since 1970."""

NEVER: Range = (0, 0)

_FIRST, _LAST = -(1 << 62), 1 << 62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000
_WEEK = 7 * _DAY
_SUNDAY = 3 * _DAY  # 1970-01-04, the first one since the epoch
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_LENGTHS = {
    Unit.MILLISECOND: 1,
    Unit.SECOND: 1000,
    Unit.MINUTE: 60_000,
    Unit.HOUR: 3_600_000,
    Unit.DAY: _DAY,
    Unit.WEEK: _WEEK,
}
_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12, Unit.DECADE: 120, Unit.CENTURY: 1200, Unit.MILLENNIUM: 12_000}


def instant(value: Any) -> int | None:
    """The moment that an XDM date-time, a date (its midnight) or a number of milliseconds names; None for anything else."""
    if value.__class__ is str:
        return _read(value)
    return value if value.__class__ is int else None


def moment(milliseconds: int) -> datetime:
    """That moment in UTC. Raises OverflowError outside of the calendar."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def shifted(start: int, count: int, unit: Unit) -> int:
    """`count` units later (earlier if negative). A day that the month reached hasn't is that month's last."""
    length = _LENGTHS.get(unit)
    if length:
        return start + count * length
    try:
        then = moment(start)
        months = then.year * 12 + then.month - 1 + count * _MONTHS[unit]
        year, month = months // 12, months % 12 + 1
        day = min(then.day, monthrange(year, month)[1])
        return start + (then.replace(year=year, month=month, day=day) - then) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return _FIRST if count < 0 else _LAST


def named(time: Named | Relative | Day, now: int) -> Range:
    """The range that a time names, seen from `now`."""
    match time:
        case Named("now"):
            return now, now + 1
        case Named(name):
            today = now - now % _DAY
            return today + _DAYS[name] * _DAY, today + (_DAYS[name] + 1) * _DAY
        case Relative(steps, unit):
            current = _start(now, unit)
            return shifted(current, steps, unit), shifted(current, steps + 1, unit)
        case Day(year, month, day):
            start = (datetime(year, month, day, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
            return start, start + _DAY


def covered(period: Period, range_of: Callable[[Time], Range]) -> tuple[Range, ...]:
    """The ranges of which a moment must be in one to occur in `period`."""
    match period:
        case During(time):
            return (range_of(time),)
        case Side("before", time):
            return ((_FIRST, range_of(time)[0]),)
        case Side(_, time):
            return ((range_of(time)[1], _LAST),)
        case Between(first, last):
            return ((range_of(first)[0], range_of(last)[1]),)
        case Distance(operator, count, unit, direction, time):
            return _far(operator, count, unit, direction, range_of(time)[0])


def compared(operator: str, than: Range) -> tuple[Range, ...]:
    """The ranges of which a moment must be in one to be `=`, `<`, … a time."""
    start, end = than
    return {
        "=": ((start, end),),
        "!=": ((_FIRST, start), (end, _LAST)),
        "<": ((_FIRST, start),),
        "<=": ((_FIRST, end),),
        ">": ((end, _LAST),),
        ">=": ((start, _LAST),),
    }[operator]


@lru_cache(maxsize=1024)  # each rule of many asks for the same few events' times
def _read(text: str) -> int | None:
    if text[4:5] != "-" or text[7:8] != "-":
        return None  # Python also reads 20260305, which is a number of something else
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _far(operator: str, count: int, unit: Unit, direction: str, reference: int) -> tuple[Range, ...]:
    if operator == "!=":
        return _outside(_far("=", count, unit, direction, reference))
    sides = []
    if direction != "after":
        early = shifted(reference, -count, unit)
        sides.append(
            {
                "<": (early + 1, reference + 1),
                "<=": (early, reference + 1),
                ">": (_FIRST, early),
                ">=": (_FIRST, early + 1),
                "=": (early, shifted(early, 1, unit)),
            }[operator]
        )
    if direction != "before":
        late = shifted(reference, count, unit)
        sides.append(
            {
                "<": (reference, late),
                "<=": (reference, late + 1),
                ">": (late + 1, _LAST),
                ">=": (late, _LAST),
                "=": (late, shifted(late, 1, unit)),
            }[operator]
        )
    return tuple(sides)


def _outside(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    edges = [_FIRST, *(edge for each in ranges for edge in each), _LAST]
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def _start(now: int, unit: Unit) -> int:
    if unit is Unit.WEEK:
        return now - (now - _SUNDAY) % _WEEK
    if unit in _LENGTHS:
        return now - now % _LENGTHS[unit]
    then = moment(now)
    year = then.year if unit is Unit.MONTH else max(then.year - then.year % (_MONTHS[unit] // 12), 1)
    first = datetime(year, then.month if unit is Unit.MONTH else 1, 1, tzinfo=UTC)
    return (first - _EPOCH) // timedelta(milliseconds=1)
