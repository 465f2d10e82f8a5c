"""Single values of XDM, as dirty as organisations store them → values of ours, or `Unreadable`. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from bot.profiles.paths import steps

Value = TypeVar("Value")
Members = dict[str, object]

LONGEST_TEXT = 100_000
LARGEST_EXPONENT = 30
"""A number of a thousand digits is no amount, and takes a formatter's memory."""
TOO_LARGE = 10 ** (LARGEST_EXPONENT + 1)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")


class Unreadable(ValueError):
    """A value that nobody can read. It holds no text, since the value is a customer's."""


@dataclass(slots=True)
class Tally:
    """How many values were dropped because nobody could read them."""

    dropped: int = 0


Read = Callable[[object, Tally], Value | None]
"""Reads one value of an XDM object. Absent, null and blank are None; unreadable is None too, and counted."""


def at(path: str | None, parse: Callable[[object], Value | None]) -> Read[Value]:
    """What reads the value at `path`, as `parse` understands it; without a path there is none."""
    if path is None:
        return _nothing
    taken_apart = steps(path)

    def read(node: object, tally: Tally) -> Value | None:
        for key, prefixed in taken_apart:
            if not isinstance(node, dict):
                return None
            node = node[key] if key in node else node.get(prefixed)
        if node is None:
            return None
        try:
            return parse(node)
        except Unreadable:
            tally.dropped += not _blank(node)
            return None

    return read


def _blank(raw: object) -> bool:
    return isinstance(raw, str) and (not raw or raw.isspace())


def _nothing(_node: object, _tally: Tally) -> None:
    """There is no path, so there is no value."""


def first_at(paths: Iterable[str], parse: Callable[[object], Value | None]) -> Read[Value]:
    """What reads the first readable value at any of `paths`."""
    reads = tuple(at(path, parse) for path in paths)
    if len(reads) == 1:
        return reads[0]

    def read(node: object, tally: Tally) -> Value | None:
        for each in reads:
            if (value := each(node, tally)) is not None:
                return value
        return None

    return read


def anything_at(path: str | None) -> Callable[[object], bool]:
    """What tells whether there is anything at `path`, readable or not."""
    read = at(path, anything)
    return lambda node: read(node, Tally()) is not None


def each_at(path: str) -> Callable[[object, Tally], list[Members]]:
    """What reads the objects of the list at `path`."""
    read_list = at(path, items)

    def read(node: object, tally: Tally) -> list[Members]:
        listed = read_list(node, tally) or []
        found = [item for item in listed if isinstance(item, dict)]
        tally.dropped += len(listed) - len(found)
        return found

    return read


def anything(raw: object) -> object:
    """The value as it is; None if it is blank."""
    return None if _blank(raw) else raw


def string(raw: object) -> str | None:
    """A string, without white space around it; None if it is blank."""
    if not isinstance(raw, str) or len(raw) > LONGEST_TEXT:
        raise Unreadable
    return raw.strip() or None


def text(raw: object) -> str | None:
    """A string, or a number as one would write it."""
    return string(raw) if isinstance(raw, str) else f"{number(raw):f}"


def number(raw: object) -> Decimal:
    """A finite number, or a string of one with a decimal point; "1,234" could mean either of two numbers."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        if abs(raw) >= TOO_LARGE:
            raise Unreadable
        return Decimal(raw)
    if isinstance(raw, float):
        value = Decimal(str(raw))
    elif isinstance(raw, (Decimal, str)) and _NUMBER.fullmatch(written := str(raw).strip()):
        value = Decimal(written)
    else:
        raise Unreadable
    if not value.is_finite() or (value and abs(value.adjusted()) > LARGEST_EXPONENT):
        raise Unreadable
    return value


def whole(raw: object) -> int:
    """A whole number from 1 up, e.g. a quantity."""
    if type(raw) is int and 0 < raw < TOO_LARGE:  # as it mostly is
        return raw
    value = number(raw)
    count = int(value)
    if count < 1 or count != value:
        raise Unreadable
    return count


def yes_no(raw: object) -> bool:
    """A boolean; neither "true" nor 1 is one."""
    if not isinstance(raw, bool):
        raise Unreadable
    return raw


def currency(raw: object) -> str:
    """An ISO 4217 code."""
    code = (string(raw) or "").upper()
    if not _CURRENCY.fullmatch(code):
        raise Unreadable
    return code


def moment(raw: object) -> datetime:
    """An ISO 8601 time, in UTC. XDM's times have an offset (RFC 3339); one without is taken as UTC."""
    try:
        time = datetime.fromisoformat((string(raw) or "").upper())
        if time.tzinfo is UTC:
            return time
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable from None


def day(raw: object) -> date:
    """An ISO date, or the day of an ISO time as it is written there: a birthday doesn't move with the time zone."""
    try:
        return datetime.fromisoformat((string(raw) or "").upper()).date()
    except ValueError:
        raise Unreadable from None


def milliseconds(raw: object) -> datetime:
    """Milliseconds since 1970. Seconds in their place would mean January 1970, so that year is unreadable."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise Unreadable
    try:
        time = EPOCH + timedelta(milliseconds=raw)
    except (OverflowError, ValueError):
        raise Unreadable from None
    if time.year <= EPOCH.year:
        raise Unreadable
    return time


def items(raw: object) -> list[object]:
    """A list."""
    if not isinstance(raw, list):
        raise Unreadable
    return raw


def members(raw: object) -> Members:
    """An object."""
    if not isinstance(raw, dict):
        raise Unreadable
    return raw
