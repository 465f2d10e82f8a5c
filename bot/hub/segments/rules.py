"""What a PQL expression means: from its tree to functions over a merged profile and its events. Pure.

An expression is compiled for one moment, so that every time in it is a constant.

- A comparison with what is missing never holds, `!=` and `notIn` included ("notIn also ensures that neither value is equal to
  null"), and neither does one of a text with a number; only `not`, `isNull` and `count` speak of what isn't there.
- A path that leads through arrays means each of their items: a comparison holds if it holds for one.
- `xEvent` stands for the events, oldest first; an array as a condition holds if something is in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from bot.hub.model import Xdm
from bot.hub.segments import checks
from bot.hub.segments.checks import Check
from bot.hub.segments.functions import (
    AGGREGATES,
    CURRENT,
    NEGATED_TEXT_CHECKS,
    PARTS,
    TEXT_CHECKS,
    USAGE,
    ascending,
    distinct,
    part,
)
from bot.hub.segments.paths import Value, at, chained, composed, items, spread
from bot.hub.segments.syntax import (
    All,
    Call,
    Comparison,
    Composed,
    Day,
    Expression,
    Field,
    Filter,
    Items,
    Literal,
    Named,
    Not,
    Occurs,
    Period,
    Relative,
    Time,
    Unreadable,
    references,
)
from bot.hub.segments.syntax import Any as Some
from bot.hub.segments.times import NEVER, Range, compared, covered, instant, named

EVENTS = "xEvent"

_EVENT_TYPE = Field(("eventType",))
_CHECKS = frozenset({*TEXT_CHECKS, *NEGATED_TEXT_CHECKS, "isNull", "isNotNull", "includes", "intersects"})


class Subject:
    """Whom an expression is about: a merged profile and its events, oldest first, as XDM."""

    __slots__ = ("_by_type", "entity", "events")

    def __init__(self, entity: Xdm, events: Sequence[Xdm]) -> None:
        self.entity = entity
        self.events = events
        self._by_type: dict[str, list[Xdm]] | None = None

    def seen_as(self, entity: Xdm) -> Subject:
        """The same events, which needn't be sorted by type again, with another profile."""
        other = Subject(entity, self.events)
        other._by_type = self._by_type
        return other

    def of_type(self, event_type: str) -> list[Xdm]:
        """The events with that `eventType`: nearly every rule asks for one, so they are sorted by it once."""
        if self._by_type is None:
            self._by_type = defaultdict(list)
            for event in self.events:
                found = event.get("eventType")
                if found.__class__ is str:
                    self._by_type[found].append(event)
        return self._by_type.get(event_type, [])


def condition(expression: Expression, now: int) -> Callable[[Subject], bool]:
    """Whether the expression holds for a subject at `now` (ms). Raises `Unreadable` for what PQL has and the hub hasn't."""
    return _Compiler(now).check(expression)


def value(expression: Expression, now: int) -> Callable[[Subject], Any]:
    """What the expression is for a subject at `now` (ms). Raises `Unreadable` for what PQL has and the hub hasn't."""
    return _Compiler(now).value(expression)


class _Compiler:
    """Compiles for one moment and one scope: the profile, or (`inner`) the items that brackets or parentheses speak of."""

    def __init__(self, now: int, *, inner: bool = False) -> None:
        self._now = now
        self._inner = inner
        self._items = self if inner else _Compiler(now, inner=True)

    def check(self, expression: Expression) -> Check:  # noqa: PLR0911  one for each kind of expression
        """The expression as a condition."""
        match expression:
            case All(conditions):
                return checks.every([self.check(each) for each in conditions])
            case Some(conditions):
                return checks.some([self.check(each) for each in conditions])
            case Not(denied):
                return checks.negated(self.check(denied))
            case Comparison(operator, left, right):
                return self._comparison(operator, left, right)
            case Occurs(what, period):
                return self._occurs(what, period)
            case Filter(of, wanted):
                return checks.found(*self._filter(of, wanted))
            case Call(of, function, arguments) if of is not None and function in _CHECKS:
                return self._check_call(of, function, arguments)
            case _:
                return checks.true(self.value(expression))

    def value(self, expression: Expression) -> Value:  # noqa: PLR0911  one for each kind of expression
        """The expression as a value."""
        match expression:
            case Literal(literal):
                return lambda _: literal
            case Items(listed):
                values = [self.value(each) for each in listed]
                return lambda item: [each(item) for each in values]
            case Composed(fields):
                return composed([(name, self.value(each)) for name, each in fields])
            case Named() | Relative() | Day():
                start = named(expression, self._now)[0]
                return lambda _: start
            case Field(path, None):
                return self._field(path)
            case Field(path, of) if of is not None:
                return chained(self.value(of), at(path))
            case Filter(of, wanted):
                return checks.meant(*self._filter(of, wanted))
            case Call(None, function, arguments):
                return self._function(function, arguments)
            case Call(of, function, arguments) if of is not None and function not in _CHECKS:
                return self._call(of, function, arguments)
            case _:
                return self.check(expression)

    def _array(self, expression: Expression) -> Value:
        read = self.value(expression)
        return read if expression == Field((EVENTS,)) else lambda item: items(read(item))

    def _field(self, path: tuple[str, ...]) -> Value:
        read = at(path)
        if path[:1] == (EVENTS,):
            if self._inner:
                raise Unreadable(f"{EVENTS} can't be asked for within brackets or parentheses")
            below = at(path[1:])
            if path == (EVENTS,):
                return lambda subject: subject.events
            return lambda subject: spread(below(event) for event in subject.events)
        return read if self._inner else lambda subject: read(subject.entity)

    def _filter(self, of: Expression, wanted: Expression) -> tuple[Value, Check | None]:
        """The items, and what must hold for one of them to be meant; None if nothing more must."""
        if of == Field((EVENTS,)) and not self._inner:
            event_type, others = _of_type(wanted)
            if event_type is not None:
                conditions = [self._items.check(each) for each in others]
                return lambda subject: subject.of_type(event_type), checks.every(conditions) if conditions else None
        return self._array(of), self._items.check(wanted)

    def _comparison(self, operator: str, left: Expression, right: Expression) -> Check:  # noqa: PLR0911  one for each kind
        match operator, left, right:
            case "like", _, Literal(str(pattern)):
                return checks.of(self.value(left), checks.like(pattern))
            case "like", _, _:
                raise Unreadable("like takes a text as its pattern")
            case "in", _, Items(listed) if (literals := _literals(listed)) is not None:
                return checks.of(self.value(left), checks.among(literals))
            case "notIn", _, Items(listed) if (literals := _literals(listed)) is not None:
                return checks.none_of(self.value(left), checks.among(literals))
            case "in", _, _:
                return checks.pair("=", self.value(left), self.value(right))
            case "notIn", _, _:
                return checks.no_pair(self.value(left), self.value(right))
            case _, _, Literal(literal):
                return checks.of(self.value(left), checks.than(operator, literal))
            case _, _, Named() | Relative() | Day():
                return checks.of(self.value(left), checks.within(compared(operator, named(right, self._now))))
            case _, Literal() | Named() | Relative() | Day(), _:
                return self._comparison(checks.MIRRORED[operator], right, left)
            case _:
                return checks.pair(operator, self.value(left), self.value(right))

    def _occurs(self, what: Expression, period: Period) -> Check:
        read = self.value(what)
        moments = {time: self.value(time) for time in references(period) if isinstance(time, Field)}
        if not moments:
            return checks.of(read, checks.within(covered(period, self._named)))

        def holds(item: Any) -> bool:
            ranges: dict[Time, Range] = {}
            for time, moment in moments.items():
                start = instant(moment(item))
                if start is None:
                    return False
                ranges[time] = start, start + 1
            within = checks.within(covered(period, lambda time: ranges.get(time) or self._named(time)))
            return checks.of(read, within)(item)

        return holds

    def _named(self, time: Time) -> Range:
        return NEVER if isinstance(time, Field) else named(time, self._now)

    def _check_call(self, of: Expression, function: str, arguments: tuple[Expression, ...]) -> Check:
        read = self.value(of)
        match function, arguments:
            case "isNull", ():
                return checks.missing(read)
            case "isNotNull", ():
                return checks.negated(checks.missing(read))
            case "includes" | "intersects", (other,):
                return checks.pair("=", read, self.value(other))
            case _, (Literal(str(wanted)),):
                return _text_check(function, read, wanted, case=True)
            case _, (Literal(str(wanted)), Literal(bool(case))):
                return _text_check(function, read, wanted, case=case)
        raise _misused(function)

    def _call(self, of: Expression, function: str, arguments: tuple[Expression, ...]) -> Value:  # noqa: PLR0911  one for each
        array = self._array(of)
        match function, arguments:
            case "count", ():
                return lambda item: len(array(item))
            case "sum" | "average" | "min" | "max", ():
                aggregate = AGGREGATES[function]
                return lambda item: aggregate(spread(array(item)))
            case "sum" | "average" | "min" | "max", (each,):
                aggregate, read = AGGREGATES[function], self._items.value(each)
                return lambda item: aggregate(spread(map(read, array(item))))
            case "topN" | "bottomN", (key, Literal(int(amount))) if type(amount) is int and amount > 0:
                return _first(array, self._items.value(key), amount, greatest=function == "topN")
            case "map", (each,):
                read = self._items.value(each)
                return lambda item: spread(map(read, array(item)))
            case "filter", (wanted,):
                return self.value(Filter(of, wanted))
            case "head", ():
                return lambda item: next(iter(array(item)), None)
            case "distinct", ():
                return lambda item: distinct(array(item))
            case "getYear" | "getMonth" | "getDayOfMonth", ():
                name = PARTS[function]
                return lambda item: part(name, next(iter(array(item)), None))
        raise _misused(function)

    def _function(self, function: str, arguments: tuple[Expression, ...]) -> Value:
        if function not in CURRENT or arguments:
            raise _misused(function)
        current = part(CURRENT[function], self._now)
        return lambda _: current


def _of_type(wanted: Expression) -> tuple[str | None, tuple[Expression, ...]]:
    """The one `eventType` that a condition asks for, and what it asks for besides."""
    conditions = wanted.conditions if isinstance(wanted, All) else (wanted,)
    for each in conditions:
        match each:
            case Comparison("=", Field(("eventType",), None), Literal(str(event_type))):
                return event_type, tuple(other for other in conditions if other is not each)
    return None, conditions


def _literals(listed: tuple[Expression, ...]) -> list[Any] | None:
    values = [each.value for each in listed if isinstance(each, Literal)]
    return values if len(values) == len(listed) else None


def _text_check(function: str, read: Value, wanted: str, *, case: bool) -> Check:
    if function in NEGATED_TEXT_CHECKS:
        return checks.none_of(read, checks.text(TEXT_CHECKS[NEGATED_TEXT_CHECKS[function]], wanted, case=case))
    if function in TEXT_CHECKS:
        return checks.of(read, checks.text(TEXT_CHECKS[function], wanted, case=case))
    raise _misused(function)


def _first(array: Value, key: Value, amount: int, *, greatest: bool) -> Value:
    if greatest:
        return lambda item: ascending(array(item), key)[: -amount - 1 : -1]
    return lambda item: ascending(array(item), key)[:amount]


def _misused(function: str) -> Unreadable:
    if function in USAGE:
        return Unreadable(f"{function} is used as {USAGE[function]}")
    return Unreadable(f"there is no function {function}: those that the hub knows are {', '.join(sorted(USAGE))}")
