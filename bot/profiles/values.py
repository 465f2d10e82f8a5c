"""Single values of XDM, as dirty as organisations store them → values of ours, or `Unreadable`. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from bot.profiles.paths import dig

Value = TypeVar("Value")

LONGEST_TEXT = 100_000
LARGEST_EXPONENT = 30
"""A number of a thousand digits is no amount, and takes a formatter's memory."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")


class Unreadable(ValueError):
    """A value that nobody can read. It holds no text, since the value is a customer's."""


@dataclass(slots=True)
class Tally:
    """How many values were dropped because nobody could read them."""

    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads values at paths of one XDM object. Absent, null and blank are None; unreadable is None too, and counted."""

    node: object
    tally: Tally

    def has(self, path: str | None) -> bool:
        """Whether there is anything at `path`, readable or not."""
        return path is not None and not _absent(dig(self.node, path))

    def read(self, path: str | None, parse: Callable[[object], Value]) -> Value | None:
        """The value at `path`, as `parse` understands it."""
        if path is None or _absent(raw := dig(self.node, path)):
            return None
        try:
            return parse(raw)
        except Unreadable:
            self.tally.dropped += 1
            return None

    def first(self, paths: Iterable[str], parse: Callable[[object], Value]) -> Value | None:
        """The first readable value at any of `paths`."""
        values = (self.read(path, parse) for path in paths)
        return next((value for value in values if value is not None), None)

    def each(self, path: str) -> Iterator[Reader]:
        """A reader for each object of the list at `path`."""
        for item in self.read(path, items) or ():
            if isinstance(item, dict):
                yield Reader(item, self.tally)
            else:
                self.tally.dropped += 1


def _absent(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and (not raw or raw.isspace()))


def string(raw: object) -> str:
    """A string, without white space around it."""
    if not isinstance(raw, str) or len(raw) > LONGEST_TEXT:
        raise Unreadable
    return raw.strip()


def text(raw: object) -> str:
    """A string, or a number as one would write it."""
    return string(raw) if isinstance(raw, str) else f"{number(raw):f}"


def number(raw: object) -> Decimal:
    """A finite number, or a string of one with a decimal point; "1,234" could mean either of two numbers."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal, str)):
        raise Unreadable
    if isinstance(raw, int) and raw.bit_length() > 4 * LARGEST_EXPONENT:
        raise Unreadable
    written = str(raw).strip()
    if not _NUMBER.fullmatch(written):
        raise Unreadable
    value = Decimal(written)
    if value and abs(value.adjusted()) > LARGEST_EXPONENT:
        raise Unreadable
    return value


def whole(raw: object) -> int:
    """A whole number from 1 up, e.g. a quantity."""
    value = number(raw)
    if value < 1 or value != value.to_integral_value():
        raise Unreadable
    return int(value)


def yes_no(raw: object) -> bool:
    """A boolean; neither "true" nor 1 is one."""
    if not isinstance(raw, bool):
        raise Unreadable
    return raw


def currency(raw: object) -> str:
    """An ISO 4217 code."""
    code = string(raw).upper()
    if not _CURRENCY.fullmatch(code):
        raise Unreadable
    return code


def moment(raw: object) -> datetime:
    """An ISO 8601 time, in UTC. XDM's times have an offset (RFC 3339); one without is taken as UTC."""
    try:
        time = datetime.fromisoformat(string(raw).upper())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable from None


def day(raw: object) -> date:
    """An ISO date, or the day of an ISO time as it is written there: a birthday doesn't move with the time zone."""
    try:
        return datetime.fromisoformat(string(raw).upper()).date()
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


def members(raw: object) -> dict[str, object]:
    """An object."""
    if not isinstance(raw, dict):
        raise Unreadable
    return raw
