"""SQL over many values at once, in pieces whose statements are prepared once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

_MOST = 512
"""Values a statement: beyond, a piece costs no less."""


def among(connection: sqlite3.Connection, statement: str, values: Sequence[Any], *others: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of `statement` for each piece of `values`, which take the place of its `{}`: `… WHERE id IN ({})`.

    `others` are the values of what follows it.
    """
    for start in range(0, len(values), _MOST):
        piece = values[start : start + _MOST]
        yield from connection.execute(statement.format(",".join("?" * len(piece))), (*piece, *others))
