"""How far each import is, and what of it was refused, committed together with the records."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from bot.hub.model import Xdm


class Status(StrEnum):
    """Where an import is on its way."""

    LOADING = "loading"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Import:
    """An import as it stands.

    `dataset` is the dataset's number; `kind` says what `id` names. Everything up to `position` (bytes, in Parquet rows) and
    `line` was taken in: `accepted` records that were new, `known` ones, `rejected` ones. Times are in milliseconds.
    """

    id: str
    dataset: int
    kind: str
    status: Status
    position: int = 0
    line: int = 0
    accepted: int = 0
    known: int = 0
    rejected: int = 0
    started: int = 0
    updated: int = 0
    details: Xdm = field(default_factory=dict)


class Refusal(NamedTuple):
    """That a line was refused, where in its record, and why; free of the record's values."""

    line: int
    path: str
    reason: str


def get(connection: sqlite3.Connection, id: str) -> Import | None:  # noqa: A002 - the column's name
    """The import with that id."""
    row = connection.execute("SELECT * FROM import WHERE id = ?", (id,)).fetchone()
    return _import(row) if row else None


def all(connection: sqlite3.Connection) -> list[Import]:  # noqa: A001 - read as imports.all
    """Every import, the latest first."""
    return [_import(row) for row in connection.execute("SELECT * FROM import ORDER BY started DESC, id")]


def of_kind(connection: sqlite3.Connection, kind: str, status: Status | None = None) -> list[Import]:
    """Those of that kind, and of that status if one is asked for, the oldest first."""
    rows = connection.execute(
        "SELECT * FROM import WHERE kind = ?1 AND (?2 IS NULL OR status = ?2) ORDER BY started, id", (kind, status)
    )
    return [_import(row) for row in rows]


def save(connection: sqlite3.Connection, state: Import) -> None:
    """Write how far it is, inside the caller's transaction."""
    *columns, details = astuple(state)
    marks = ", ".join("?" * len(fields(state)))
    connection.execute(f"INSERT OR REPLACE INTO import VALUES ({marks})", (*columns, orjson.dumps(details)))  # noqa: S608 - marks


def refuse(connection: sqlite3.Connection, id: str, refusals: Iterable[Refusal], *, now: int) -> None:  # noqa: A002 - the column's
    """List what was refused, inside the caller's transaction."""
    connection.executemany(
        "INSERT INTO reject (import, line, path, reason, at) VALUES (?, ?, ?, ?, ?)",
        ((id, line, path, reason, now) for line, path, reason in refusals),
    )


def refusals(connection: sqlite3.Connection, id: str, *, after: int = 0, limit: int = 1000) -> list[Refusal]:  # noqa: A002
    """What was refused of an import, by line, from beyond line `after`."""
    rows = connection.execute(
        "SELECT line, path, reason FROM reject WHERE import = ? AND line > ? ORDER BY line LIMIT ?", (id, after, limit)
    )
    return [Refusal(*row) for row in rows]


def forget(connection: sqlite3.Connection, id: str) -> None:  # noqa: A002 - the column's name
    """Delete what is known of an import, so that it starts from the beginning. Its records stay."""
    connection.execute("DELETE FROM import WHERE id = ?", (id,))
    connection.execute("DELETE FROM reject WHERE import = ?", (id,))


def _import(row: tuple[Any, ...]) -> Import:
    *columns, details = row
    state = Import(*columns)
    return replace(state, status=Status(state.status), details=orjson.loads(details))
