"""Conditions over JSON values, and how they combine. Pure.

A condition about a value that is an array holds if it holds for one of its items.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from bot.hub.segments.paths import Value, items, spread
from bot.hub.segments.times import Range, instant

Check = Callable[[Any], bool]

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
"""The comparison that says the same with its sides exchanged."""


def every(checks: Sequence[Check]) -> Check:
    """All of them hold."""
    if len(checks) == 1:
        return checks[0]

    def holds(item: Any) -> bool:
        for check in checks:  # noqa: SIM110  all() over a generator takes twice as long
            if not check(item):
                return False
        return True

    return holds


def some(checks: Sequence[Check]) -> Check:
    """One of them holds."""
    if len(checks) == 1:
        return checks[0]

    def holds(item: Any) -> bool:
        for check in checks:  # noqa: SIM110  any() over a generator takes twice as long
            if check(item):
                return True
        return False

    return holds


def negated(check: Check) -> Check:
    """It doesn't hold."""
    return lambda item: not check(item)


def found(array: Value, check: Check | None) -> Check:
    """An array has an item for which the check holds, or any at all if there is nothing to check."""
    if check is None:
        return lambda item: bool(array(item))

    def holds(item: Any) -> bool:
        for each in array(item):  # noqa: SIM110  any() over a generator takes twice as long
            if check(each):
                return True
        return False

    return holds


def meant(array: Value, check: Check | None) -> Value:
    """The items of an array for which the check holds, all of them if there is nothing to check."""
    if check is None:
        return array

    return lambda item: [each for each in array(item) if check(each)]


def missing(value: Value) -> Check:
    """There is no value, or only an empty array."""
    return lambda item: (found := value(item)) is None or found == []


def of(value: Value, check: Check) -> Check:
    """The check holds for the value, or for one of its items."""

    def holds(item: Any) -> bool:
        found = value(item)
        if found.__class__ is list:
            return any(check(each) for each in spread(found))
        return check(found)

    return holds


def none_of(value: Value, check: Check) -> Check:
    """There is a value, and the check holds neither for it nor for one of its items."""

    def holds(item: Any) -> bool:
        found = spread(items(value(item)))
        return bool(found) and not any(check(each) for each in found)

    return holds


def true(value: Value) -> Check:
    """The value is true, or an array with something in it but false."""

    def holds(item: Any) -> bool:
        found = value(item)
        if found.__class__ is list:
            return any(each is not False for each in spread(found))
        return found is True

    return holds


def than(operator_: str, literal: Any) -> Check:
    """A value compared with a literal: `=`, `!=`, `<`, `<=`, `>` or `>=`."""
    alike = _alike(literal)
    if operator_ == "=":
        return lambda value: alike(value) and value == literal
    if operator_ == "!=":
        return lambda value: value is not None and not (alike(value) and value == literal)
    order = _ORDERS[operator_]
    return lambda value: alike(value) and order(value, literal)


def pair(operator_: str, left: Value, right: Value) -> Check:
    """The comparison holds for a value on the left and one on the right."""

    def holds(item: Any) -> bool:
        wanted = spread(items(right(item)))
        return any(than(operator_, each)(value) for value in spread(items(left(item))) for each in wanted)

    return holds


def no_pair(left: Value, right: Value) -> Check:
    """There are values on both sides, none of them equal."""
    equal = pair("=", left, right)
    return lambda item: bool(items(left(item))) and bool(items(right(item))) and not equal(item)


def text(check: Callable[[str, str], bool], wanted: str, *, case: bool) -> Check:
    """A value is a text for which the check holds with the wanted one, minding case or not."""
    if case:
        return lambda value: value.__class__ is str and check(value, wanted)
    folded = wanted.casefold()
    return lambda value: value.__class__ is str and check(value.casefold(), folded)


def within(ranges: tuple[Range, ...]) -> Check:
    """A value is a moment in one of the ranges."""

    def holds(value: Any) -> bool:
        moment = instant(value)
        if moment is None:
            return False
        for start, end in ranges:  # noqa: SIM110  any() over a generator takes twice as long
            if start <= moment < end:
                return True
        return False

    return holds


def among(literals: Collection[Any]) -> Check:
    """A value is one of the literals."""
    checks = [than("=", literal) for literal in literals]
    if all(literal.__class__ is str for literal in literals):
        texts = frozenset(literals)
        return lambda value: value.__class__ is str and value in texts
    return some(checks)


def like(pattern: str) -> Check:
    """A text matches SQL's pattern: `%` is any characters, `_` exactly one."""
    first, *others = ("".join("." if sign == "_" else re.escape(sign) for sign in part) for part in pattern.split("%"))
    # Atomic: a part that was found first needn't be looked for again, so the time taken doesn't explode.
    inner = "".join(f"(?>.*?{part})" for part in others[:-1])
    matches = re.compile(first + inner + (f".*{others[-1]}" if others else ""), re.DOTALL).fullmatch
    return lambda value: value.__class__ is str and matches(value) is not None


def _alike(literal: Any) -> Check:
    if literal.__class__ is bool:
        return lambda value: value.__class__ is bool
    if literal.__class__ is str:
        return lambda value: value.__class__ is str
    return lambda value: value.__class__ is int or value.__class__ is float
