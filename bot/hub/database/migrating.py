"""From whatever a file is to a hub's file of this version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.hub.database.layout import APPLICATION, PAGE


class WrongFile(ValueError):
    """The file can't be used as a hub's. The message says why, and what would be right."""


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Take the file through those of `migrations` that it hasn't gone through yet, all or none. Raises WrongFile.

    Several processes may do it at once: the first does it, the others wait and find it done.
    """
    if _number(connection, "application_id") == APPLICATION and _number(connection, "user_version") == len(migrations):
        return
    if _is_empty(connection):
        connection.execute(f"PRAGMA page_size = {PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        _check(connection, path, len(migrations))
        for script in migrations[_number(connection, "user_version") :]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _check(connection: sqlite3.Connection, path: Path, known: int) -> None:
    if not _is_empty(connection) and _number(connection, "application_id") != APPLICATION:
        raise WrongFile(f"{path}: is a database, but no hub; name another file, or none that exists to make a new hub")
    version = _number(connection, "user_version")
    if version > known:
        raise WrongFile(f"{path}: was written by a newer version (layout {version}, this one knows {known}); use that version")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return _number(connection, "schema_version") == 0


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """Its statements one by one: `executescript` would commit before it starts."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
