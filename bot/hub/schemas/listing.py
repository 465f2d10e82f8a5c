"""Lists of the Schema Registry: filtered, ordered and paged by properties ("Schema Registry API guide"). Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.hub.malformed import Malformed
from bot.hub.model import Xdm


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list. `next` is the `start` of the next page, None on the last."""

    items: Sequence[Xdm]
    next: str | None


def page(resources: Iterable[Xdm], *, orderby: str, start: str | None, limit: int | None) -> Page:
    """The first `limit` resources beyond `start`, a value of the property that orders them first; `-` before a name descends.

    A page may be longer: it ends between two values, so that the next one skips none.
    """
    ordered = list(resources)
    names = orderby.split(",")
    for name in reversed(names):
        ordered.sort(key=partial(_text, name.lstrip("-+")), reverse=name.startswith("-"))
    value_of = partial(_text, names[0].lstrip("-+"))
    if start is not None:
        beyond = operator.lt if names[0].startswith("-") else operator.gt
        ordered = [each for each in ordered if beyond(value_of(each), start)]
    if limit is None or limit >= len(ordered):
        return Page(ordered, None)
    end = max(limit, 1)
    while end < len(ordered) and value_of(ordered[end]) == value_of(ordered[end - 1]):
        end += 1
    return Page(ordered[:end], value_of(ordered[end - 1]) if end < len(ordered) else None)


_FILTER = re.compile(r"(?P<name>[^=!<>~]+)(?P<op>==|!=|<=|>=|<|>|~)(?P<value>.*)", re.DOTALL)


def having(text: str) -> Callable[[Xdm], bool]:
    """The filter that a `property` parameter is: `title==Hotels`, `title~^Loy`, `version>1.1`, `title`. Raises Malformed."""
    found = _FILTER.fullmatch(text)
    if found is None:
        return lambda resource: text in resource
    name, value = found["name"], found["value"]
    if found["op"] == "~":
        try:
            pattern = re.compile(value)
        except re.error:
            raise Malformed(f"the pattern after {name}~ is no regular expression") from None
        return lambda resource: any(pattern.search(each) for each in _texts(name, resource))
    compare = _COMPARISONS[found["op"]]
    return lambda resource: any(compare(each, value) for each in _texts(name, resource))


_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def _texts(name: str, resource: Xdm) -> list[str]:
    value: Any = resource.get(name)
    return [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _text(name: str, resource: Xdm) -> str:
    return next(iter(_texts(name, resource)), "")
