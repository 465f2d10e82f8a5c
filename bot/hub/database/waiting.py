"""Records that wait for their dataset to be enabled for Profile, in the order in which they came."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Waiting(NamedTuple):
    """A record that waits: its number, when it arrived (milliseconds) and its JSON."""

    number: int
    at: int
    body: bytes


def datasets(connection: sqlite3.Connection) -> Iterator[int]:
    """The numbers of the datasets that records wait for. One step in the index for each, however many records wait."""
    last = -1
    while True:
        (found,) = connection.execute("SELECT min(dataset) FROM waiting WHERE dataset > ?", (last,)).fetchone()
        if found is None:
            return
        yield found
        last = found


def first(connection: sqlite3.Connection, dataset: int, limit: int) -> list[Waiting]:
    """Those of a dataset that have waited longest."""
    rows = connection.execute("SELECT id, at, body FROM waiting WHERE dataset = ? ORDER BY id LIMIT ?", (dataset, limit))
    return [Waiting(*row) for row in rows]


def release(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """These wait no longer, inside the caller's transaction."""
    connection.executemany("DELETE FROM waiting WHERE id = ?", ((number,) for number in numbers))
