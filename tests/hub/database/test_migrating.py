"""Files of older versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.hub.database.migrating import migrate

FIRST = """
    -- People; all of them.
    CREATE TABLE person (name TEXT);
    INSERT INTO person VALUES ('Ada; Countess');
"""
SECOND = "ALTER TABLE person ADD COLUMN city TEXT NOT NULL DEFAULT 'London';\n"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as connection:
        yield connection


def test_an_older_file_is_brought_to_this_version(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """It goes through the steps that it lacks, and keeps what is in it."""
    migrate(connection, tmp_path, [FIRST])
    migrate(connection, tmp_path, [FIRST, SECOND])
    migrate(connection, tmp_path, [FIRST, SECOND])

    assert connection.execute("SELECT * FROM person").fetchall() == [("Ada; Countess", "London")]
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_step_that_fails_leaves_the_file_as_it_was(connection: sqlite3.Connection, tmp_path: Path) -> None:
    migrate(connection, tmp_path, [FIRST])

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        migrate(connection, tmp_path, [FIRST, SECOND, "DROP TABLE missing;\n"])
    assert connection.execute("SELECT * FROM person").fetchall() == [("Ada; Countess",)]
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
