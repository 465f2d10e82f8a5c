"""A hub's file: opening, migrating and backing it up, and the connections on which its readers and writers work."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

from bot.hub.database import documents
from bot.hub.database.layout import MIGRATIONS
from bot.hub.database.migrating import WrongFile, migrate
from bot.hub.model import Organisation
from bot.hub.organising import organisation_of, tenant_of

__all__ = ["Database", "WrongFile", "configured", "snapshot", "transaction"]

_BUSY = 30.0
"""Seconds for which a writer waits for another one: longer than any transaction of an import."""

_SWEEPING = 1_000
"""Milliseconds for which the log waits to be emptied: meanwhile nobody can write, which an import survives for `_BUSY`."""

_READERS_CACHE = 64 * 1024
_WRITERS_CACHE = 128 * 1024
_IMPORTS_CACHE = 256 * 1024
"""KiB of pages. The writer's holds the identities' index of a million people: each miss would be a read a record. That of a whole
file also holds a part of the events', which makes a twelfth.
"""

_CHECKPOINT = 20_000
"""Pages in the log before they are moved into the file: 160 MB, in which a page that many records touched is moved once."""


class Database:
    """One hub's file. Each reader and each writer is a connection of its own, for one thread at a time; close what you open.

    Any number of processes may hold the same file open: readers never wait, writers wait for each other.
    """

    def __init__(self, path: Path) -> None:
        """As `open` makes them, of a file that is known to be right."""
        self.path = path
        self._watcher = self.reader()
        self._watching = Lock()
        self._organisation: Organisation | None = None

    @classmethod
    def open(cls, path: Path) -> Database:
        """The hub at `path`, made if there is none and brought to this version's layout if it is older. Raises WrongFile."""
        try:
            _reserve(path)
            with closing(_connect(path)) as connection:
                migrate(connection, path, MIGRATIONS)
        except (OSError, sqlite3.OperationalError) as error:
            raise WrongFile(f"{path}: can't be opened ({error}); its folder must exist, and both must be writable") from error
        except sqlite3.DatabaseError as error:
            raise WrongFile(f"{path}: is no hub ({error}); name another file, or none that exists to make a new hub") from error
        return cls(path)

    def reader(self) -> sqlite3.Connection:
        """A connection that only reads. Each statement sees what is committed as it starts, all in a `snapshot` the same."""
        connection = _connect(self.path)
        connection.execute(f"PRAGMA cache_size = -{_READERS_CACHE}")
        connection.execute("PRAGMA query_only = ON")
        return connection

    def writer(self, *, importing: bool = False) -> sqlite3.Connection:
        """A connection whose transactions are on the disk when `transaction` returns; what is deleted in them is overwritten.

        One that is for `importing` a whole file takes more memory, and less time for each record.
        """
        connection = _connect(self.path)
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA cache_size = -{_IMPORTS_CACHE if importing else _WRITERS_CACHE}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
        return connection

    def organisation(self) -> Organisation:
        """All that is configured, as committed by whichever process. Safe in any thread; one value until something changes."""
        with self._watching:
            revision = documents.revision(self._watcher)
            if self._organisation is None or self._organisation.revision != revision:
                with snapshot(self._watcher):
                    self._organisation = configured(self._watcher)
            return self._organisation

    def backup(self, target: Path) -> None:
        """Copy the hub as it is at this moment to `target`, replacing what was there, while others read and write.

        A log that lies beside `target` goes, too: SQLite would take it for that of the copy, and put what it holds into it.

        Raises WrongFile if `target` is the hub itself, OSError if it can't be written.
        """
        if target.exists() and target.samefile(self.path):
            raise WrongFile(f"{target}: is the hub itself; name another file for its backup")
        partial = target.with_name(f"{target.name}.partial")
        partial.unlink(missing_ok=True)
        _reserve(partial)
        try:
            with closing(self.reader()) as source, closing(sqlite3.connect(partial)) as copy:
                source.backup(copy)
            for log in (f"{target.name}-wal", f"{target.name}-shm"):
                target.with_name(log).unlink(missing_ok=True)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def sweep(self) -> bool:
        """Move the log into the file and empty it, so that it doesn't hold what was removed. False if a reader is in the way.

        Gives up soon, since it keeps everybody from writing. The log then holds it until the next sweep, or until nobody has the
        file open.
        """
        with closing(self.writer()) as connection:
            connection.execute(f"PRAGMA busy_timeout = {_SWEEPING}")
            blocked = bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        return not blocked

    def compact(self) -> None:
        """Write the whole file anew, without the room that was freed. Takes its size again on the disk, and minutes a GB."""
        with closing(self.writer()) as connection:
            connection.execute("VACUUM")
        self.sweep()

    def close(self) -> None:
        """Close what this object holds itself. Readers and writers are closed by whoever asked for them."""
        self._watcher.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: waits until no other connection writes, commits durably at the end, takes everything back on an error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # after some errors, such as a full disk, SQLite has ended it already
            connection.execute("ROLLBACK")


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Whatever is read meanwhile on `connection` is of one moment, whoever writes. Keep it short: the log grows until it ends."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:  # a disk that fails ends it, and is the error to hear of
            connection.execute("COMMIT")


def configured(connection: sqlite3.Connection) -> Organisation:
    """All that is configured as `connection` sees it, of one moment inside a `transaction` or a `snapshot`."""
    revision = documents.revision(connection)
    kinds = {kind: documents.all(connection, kind) for kind in documents.Kind}
    return organisation_of(tenant_of(kinds), revision, kinds)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _reserve(path: Path) -> None:
    """Customers' data is its owner's alone: SQLite gives the log beside it the same mode."""
    path.touch(mode=0o600)
