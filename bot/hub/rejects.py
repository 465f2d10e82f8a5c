"""A record that can't be taken in, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z_$][\w:.$-]{0,63}", re.ASCII)


class Rejected(Exception):
    """One record is refused; those around it aren't concerned.

    `path` is where in the record, dotted (`person.name.lastName`, `productListItems.0.quantity`; empty for the whole of it);
    `reason` says what would be right and never repeats a value, so both may be kept and shown.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


def dotted(path: Iterable[str | int]) -> str:
    """The path of a value. A key that is no field's name is an asterisk: in a map it may be somebody's address or number."""
    return ".".join(str(key) if isinstance(key, int) or _NAME.fullmatch(key) else "*" for key in path)
