"""Opening a hub's file, and the connections on it."""

from __future__ import annotations

import sqlite3
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from bot.hub.database import documents
from bot.hub.database.connection import Database, WrongFile, snapshot, transaction
from bot.hub.database.documents import Kind
from bot.hub.database.layout import MIGRATIONS
from tests.hub.database.conftest import Store, founded
from tests.hub.database.invented import NOW, crm, profile

FULL = 2


def test_customers_data_is_its_owners_alone(store: Store) -> None:
    """The file and the log beside it are readable by nobody else, whatever the umask."""
    files = sorted(store.database.path.parent.glob("hub.db*"))

    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in files}
    assert len(files) == 3


def test_what_is_acknowledged_is_on_the_disk(store: Store) -> None:
    """Every writing connection waits for the disk at the end of each transaction, in a write-ahead log."""
    with closing(store.database.writer()) as another:
        for writer in (store.writer, another):
            assert writer.execute("PRAGMA synchronous").fetchone() == (FULL,)
            assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_deleted_is_overwritten(store: Store) -> None:
    """However SQLite was built."""
    assert store.writer.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_no_other_connection_can_write(store: Store) -> None:
    """A reader is read-only, so that nothing is written past the connections that wait for the disk."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store.reader.execute("DELETE FROM identity")


def test_opening_again_changes_nothing(store: Store) -> None:
    store.take(profile(crm("1")))
    with closing(Database.open(store.database.path)) as again, closing(again.reader()) as reader:
        found = reader.execute("SELECT value FROM identity").fetchall()

    assert found == [("1",)]


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """One of them lays it out, the others find it done."""
    together = threading.Barrier(8)

    def opened(_: int) -> int:
        together.wait()
        with closing(Database.open(tmp_path / "hub.db")) as database, closing(database.reader()) as reader:
            return int(reader.execute("PRAGMA user_version").fetchone()[0])

    with ThreadPoolExecutor(8) as threads:
        versions = list(threads.map(opened, range(8)))

    assert versions == [len(MIGRATIONS)] * 8


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """It stays as it is, and the error says what to do."""
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ada, " * 1000)

    with pytest.raises(WrongFile, match=r"letter\.txt: is no hub .*name another file"):
        Database.open(letter)
    assert letter.read_text() == "Dear Ada, " * 1000


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmark (url TEXT)")

    with pytest.raises(WrongFile, match=r"bookmarks\.db: is a database, but no hub"):
        Database.open(path)


def test_a_newer_versions_hub_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    founded(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    with pytest.raises(WrongFile, match=r"hub\.db: was written by a newer version"):
        Database.open(path)


def test_a_folder_that_isnt_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongFile, match="its folder must exist"):
        Database.open(tmp_path / "nowhere" / "hub.db")


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with transaction(store.writer):
            documents.put(store.writer, Kind.DATASTREAM, "1", {}, now=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert documents.get(store.reader, Kind.DATASTREAM, "1") is None


def test_a_full_disk_leaves_nothing_and_doesnt_end_the_connection(store: Store) -> None:
    """What fails at the commit, or is taken back by SQLite itself, is an error; what comes then is stored."""
    (pages,) = store.writer.execute("PRAGMA page_count").fetchone()
    store.writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.take(*(profile(crm(str(number)), city="Berlin" * 90) for number in range(200)))
    store.writer.execute(f"PRAGMA max_page_count = {1 << 20}")

    assert store.take(profile(crm("1"))).new == 1
    assert store.rows("SELECT count(*) FROM identity") == [(1,)]


def test_a_snapshot_is_of_one_moment(store: Store) -> None:
    """What is written meanwhile shows when it ends."""
    count = "SELECT count(*) FROM identity"
    with snapshot(store.reader):
        before = store.rows(count)
        store.take(profile(crm("1")))
        during = store.rows(count)

    assert [before, during, store.rows(count)] == [[(0,)], [(0,)], [(1,)]]


def test_the_organisation_follows_what_others_configure(store: Store) -> None:
    """The same value until a change is committed on whichever connection."""
    before = store.database.organisation()
    store.take(profile(crm("1")))
    with transaction(store.writer):
        documents.put(store.writer, Kind.TENANT, "tenant", {"tenantId": "other"}, now=NOW)
        during = store.database.organisation()

    assert before is during
    assert store.database.organisation().tenant == "other"
    assert store.database.organisation().revision > before.revision
    assert store.database.organisation() is store.database.organisation()


def test_a_backup_is_the_hub_as_it_was(store: Store, tmp_path: Path) -> None:
    """It holds what is committed while another writes, is private, and opens as a hub."""
    store.take(profile(crm("1")))
    target = tmp_path / "backup.db"
    with transaction(store.writer):
        store.writer.execute("UPDATE identity SET value = '2'")
        store.database.backup(target)
    store.database.backup(target)
    store.take(profile(crm("3")))

    with closing(Database.open(target)) as backup, closing(backup.reader()) as reader:
        assert reader.execute("SELECT value FROM identity").fetchall() == [("2",)]
        assert backup.organisation() == store.database.organisation()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.partial"))


def test_a_backup_takes_nothing_from_the_log_of_what_it_replaces(store: Store, tmp_path: Path) -> None:
    """As a hub leaves one beside its file that is killed."""
    target, log = tmp_path / "backup.db", tmp_path / "backup.db-wal"
    store.database.backup(target)
    with closing(Database.open(target)) as replaced, closing(replaced.writer()) as writer:
        with transaction(writer):
            documents.put(writer, Kind.DATASTREAM, "old", {}, now=NOW)
        left = log.read_bytes()
    log.write_bytes(left)
    store.take(profile(crm("1")))
    store.database.backup(target)

    with closing(Database.open(target)) as backup, closing(backup.reader()) as reader:
        assert reader.execute("SELECT value FROM identity").fetchall() == [("1",)]
        assert documents.all(reader, Kind.DATASTREAM) == {}


def test_a_reader_keeps_the_log_but_nobody_waits_for_it_long(store: Store) -> None:
    """A sweep that a long read stands in the way of gives up while writers still have patience, and is done later."""
    store.take(profile(crm("1")))
    with snapshot(store.reader):
        store.rows("SELECT count(*) FROM identity")
        store.take(profile(crm("2")))
        began = time.monotonic()
        swept = store.database.sweep()
        waited = time.monotonic() - began

    assert not swept
    assert waited < 10
    assert store.database.sweep()


def test_a_compacted_hub_is_smaller_and_holds_the_same(store: Store) -> None:
    store.take(*(profile(crm(str(number)), city="Berlin" * 50) for number in range(1000)))
    store.writer.execute("DELETE FROM fragment WHERE identity > 3")
    store.database.sweep()
    before = store.database.path.stat().st_size
    store.database.compact()

    assert store.database.path.stat().st_size < before / 2
    assert store.rows("SELECT count(*) FROM fragment") == [(3,)]
    assert store.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_backup_isnt_written_over_the_hub(store: Store) -> None:
    with pytest.raises(WrongFile, match="is the hub itself"):
        store.database.backup(store.database.path)
