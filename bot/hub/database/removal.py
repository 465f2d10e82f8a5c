"""A person is removed (GDPR, article 17), and what shows that nothing is left."""

from __future__ import annotations

import mmap
import re
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.hub.database.belongings import identities, waiting_of
from bot.hub.database.connection import configured
from bot.hub.database.graphs import key_of
from bot.hub.database.statements import among
from bot.hub.model import Identity, Person

_TELLING = 6
"""Bytes from which on a value is looked for in the file: shorter ones stand there by chance."""


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows of each table were deleted."""

    identities: int
    fragments: int
    events: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Traces:
    """What is left of some identities.

    `identities` and `waiting` count rows that name them. `occurrences` is how often their values stand in the files, in whatever
    case; values of fewer than 6 bytes aren't looked for there. They may stand in another person's record, or (seldom) in a copy
    that SQLite left in a page's gap when it moved rows to another page, which `Database.compact` takes away.
    """

    identities: int
    waiting: int
    occurrences: int

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.identities or self.waiting or self.occurrences)


def remove(connection: sqlite3.Connection, person: Person) -> Removed:
    """Delete all that is known of `person`, in the caller's transaction: of whoever has the identity that was asked for by now.

    Records that wait for their dataset go too if they name one of the identities. The log holds all of it until
    `Database.sweep`.
    """
    known = identities(connection, person, configured(connection))
    numbers = list(known)
    waiting = _waiting(connection, known.values())
    bodies = [row[0] for row in among(connection, "SELECT body FROM event WHERE identity IN ({})", numbers)]
    removed = Removed(
        identities=len(numbers),
        fragments=_delete(connection, "DELETE FROM fragment WHERE identity = ?", numbers),
        events=_delete(connection, "DELETE FROM event_recent WHERE identity = ?", numbers)
        + _delete(connection, "DELETE FROM event_archive WHERE identity = ?", numbers),
        waiting=_delete(connection, "DELETE FROM waiting WHERE id = ?", waiting),
    )
    _delete(connection, "DELETE FROM event_body WHERE id = ?", bodies)
    _delete(connection, "DELETE FROM standing WHERE person = ?", numbers)
    _delete(connection, "DELETE FROM unsettled WHERE identity = ?", numbers)
    _delete(connection, "DELETE FROM arrival WHERE identity = ?", numbers)
    _delete(connection, "DELETE FROM identity WHERE id = ?", numbers)
    return removed


def proof(connection: sqlite3.Connection, sought: Collection[Identity]) -> Traces:
    """Look for the identities `sought` in the tables, in waiting records, and byte by byte in the hub's file and its log.

    Whatever hangs on an identity hangs on its number, which nobody has once its row is gone. Reads the whole file.
    """
    values = {identity.value for identity in sought}
    return Traces(
        identities=sum(_is_there(connection, identity) for identity in sought),
        waiting=len(_waiting(connection, sought)),
        occurrences=sum(_occurrences(path, values) for path in _files(connection)),
    )


def _is_there(connection: sqlite3.Connection, identity: Identity) -> bool:
    return connection.execute("SELECT 1 FROM identity WHERE key = ? AND tail = ?", key_of(identity.digest)).fetchone() is not None


def _waiting(connection: sqlite3.Connection, sought: Collection[Identity]) -> list[int]:
    return [record.number for _, record in waiting_of(connection, sought)]


def _delete(connection: sqlite3.Connection, statement: str, numbers: Sequence[int]) -> int:
    return connection.executemany(statement, ((number,) for number in numbers)).rowcount if numbers else 0


def _files(connection: sqlite3.Connection) -> list[Path]:
    (_, _, name) = connection.execute("PRAGMA database_list").fetchone()
    return [path for path in (Path(name), Path(f"{name}-wal")) if path.exists() and path.stat().st_size]


def _occurrences(path: Path, values: Collection[str]) -> int:
    sought = [re.escape(value.encode()) for value in values if len(value.encode()) >= _TELLING]
    if not sought:
        return 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as contents:
        return sum(1 for _ in re.finditer(b"|".join(sought), contents, re.IGNORECASE))
