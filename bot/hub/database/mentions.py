"""Whether a record mentions somebody, whatever its schema says of its fields. Pure."""

from __future__ import annotations

from collections.abc import Collection

import orjson

from bot.hub.model import Xdm


def mentions(body: bytes, values: Collection[str]) -> bool:
    """Whether any text or key in the JSON `body` is one of `values`, without case; phone numbers by digits."""
    sought = {_plain(value) for value in values}
    remaining: list[Xdm | list[object] | object] = [orjson.loads(body)]
    while remaining:
        match remaining.pop():
            case dict() as members:
                remaining += [*members.keys(), *members.values()]
            case list() as items:
                remaining += items
            case str() as text if _plain(text) in sought:
                return True
    return False


_BETWEEN_DIGITS = str.maketrans("", "", " ()-./\t")


def _plain(text: str) -> str:
    bare = text.strip().casefold()
    return bare.translate(_BETWEEN_DIGITS) if bare.startswith("+") else bare
