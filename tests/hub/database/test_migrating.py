"""Files of older versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.hub.database import unsettled
from bot.hub.database.graphs import key_of
from bot.hub.database.intake import Applied
from bot.hub.database.layout import MIGRATIONS
from bot.hub.database.migrating import migrate
from bot.hub.database.unsettled import Unsettled
from tests.hub.database.conftest import CRM, opened
from tests.hub.database.invented import NOW, crm, event

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


def test_a_hub_of_the_first_layout_keeps_what_is_in_it(tmp_path: Path) -> None:
    """Its events can be read, are known when they come again, and who waited to be computed still does."""
    path, record = tmp_path / "hub.db", event(crm("1"), named="e1", time=5)
    with closing(sqlite3.connect(path, isolation_level=None)) as first:
        migrate(first, path, MIGRATIONS[:1])
        first.execute("INSERT INTO identity VALUES (1, ?, ?, ?, '1', 1)", (*key_of(crm("1").digest), CRM.id))
        first.execute("INSERT INTO event VALUES (1, 5, ?, 'e1', 1)", (record.dataset,))
        first.execute("INSERT INTO event_body VALUES (1, ?, ?)", (NOW, record.body))
        first.execute("INSERT INTO unsettled VALUES (1, 1, ?)", (NOW,))

    with contextmanager(opened)(path) as store:
        assert store.take(record, event(crm("1"), named="e2", time=7)) == Applied(1, 1)
        assert [(each.id, each.time) for each in store.reading.events([1])] == [("e1", 5), ("e2", 7)]
        assert unsettled.take(store.reader, 10) == [Unsettled(1, 1, NOW)]
