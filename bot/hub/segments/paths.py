"""Reaching into XDM: functions that read the value at a path. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Value = Callable[[Any], Any]
"""Of an item, what an expression is: plain JSON, None for what is missing."""


def at(path: tuple[str, ...]) -> Value:
    """What lies at `path` below an object; where arrays lie on the way, what lies there in each of their items."""

    def read(item: Any) -> Any:
        found = item
        for name in path:
            if found.__class__ is dict:
                found = found.get(name)
            elif found.__class__ is list:
                return _through(item, path)
            else:
                return None
        return found

    return read


def chained(first: Value, then: Value) -> Value:
    """What `then` is of what `first` is."""
    return lambda item: then(first(item))


def composed(fields: Sequence[tuple[str, Value]]) -> Value:
    """An object of those values, without the ones that are missing."""
    return lambda item: {name: found for name, value in fields if (found := value(item)) is not None}


def spread(values: Iterable[Any]) -> list[Any]:
    """The values, and those of arrays among them, in one array; what is missing is left out."""
    flat: list[Any] = []
    for value in values:
        if value.__class__ is list:
            flat += spread(value)
        elif value is not None:
            flat.append(value)
    return flat


def items(value: Any) -> list[Any]:
    """The value as an array: nothing is none, and what isn't an array is one of itself."""
    if value.__class__ is list:
        return value
    return [] if value is None else [value]


def _through(item: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return item
    if item.__class__ is list:
        return spread(_through(each, path) for each in item)
    return _through(item.get(path[0]), path[1:]) if item.__class__ is dict else None
