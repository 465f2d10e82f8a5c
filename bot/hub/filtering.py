"""`property`: which events a call asks for by one of their values ("Entities endpoint", query parameters). Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.hub.model import Path, Xdm

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FILTER = re.compile(
    r"\s*(?P<path>[^\s=!<>]+)\s*(?P<operator><=|>=|!=|=|<|>)\s*(?P<quote>\"?)(?P<text>.*?)(?P=quote)\s*", re.DOTALL
)
_NUMBER = re.compile(r"[+-]?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?")
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")
_DAY_OF_TIME = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Property:
    """A filter such as `web.webPageDetails.isHomepage=false`.

    What it compares depends on the field: numbers as numbers, yes or no as `true` and `false`, everything else as text. A day
    (yyyy-mm-dd or yyyymmdd) is compared with the day of a time, in the time's own offset.
    """

    path: Path
    operator: str
    text: str

    def matches(self, event: Xdm) -> bool:
        """Whether it holds for one of the values at the path, lists walked through; for `!=`, whether none is equal."""
        if self.operator == "!=":
            return not any(self._compares(value, "=") for value in _values(event, self.path))
        return any(self._compares(value, self.operator) for value in _values(event, self.path))

    def _compares(self, value: object, by: str) -> bool:
        if isinstance(value, bool):
            return by == "=" and self.text.lower() == str(value).lower()
        if isinstance(value, int | float):
            return _NUMBER.fullmatch(self.text) is not None and _OPERATORS[by](value, _number(self.text))
        if not isinstance(value, str):
            return False
        if (day := _DAY.fullmatch(self.text)) and _DAY_OF_TIME.match(value):
            return _OPERATORS[by](value[:10], "-".join(day.groups()))
        return _OPERATORS[by](value, self.text)


def read(text: str) -> Property:
    """The filter that `text` spells. Raises ValueError, saying what would be one."""
    found = _FILTER.fullmatch(text)
    if found is None:
        raise ValueError("property must be a path, one of = != < <= > >=, and a value")
    return Property(tuple(found["path"].split(".")), found["operator"], found["text"])


def _number(text: str) -> float:
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _values(value: Any, path: Path) -> Iterator[object]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:])
