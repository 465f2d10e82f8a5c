"""What is to be computed again: the people of whom something arrived, until what follows from it is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from bot.hub.database.documents import next_number
from bot.hub.database.reading import Standing

_SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Unsettled:
    """That something of `identity` arrived. `sequence` changes with each arrival, `since` is when the oldest of it came (ms)."""

    identity: int
    sequence: int
    since: int


def mark(connection: sqlite3.Connection, identities: Iterable[int], *, now: int) -> None:
    """From now on these are to be computed."""
    sequence = next_number(connection, _SEQUENCE)
    connection.executemany(
        """
        INSERT INTO unsettled (identity, sequence, since) VALUES (?, ?, ?)
        ON CONFLICT (identity) DO UPDATE SET sequence = excluded.sequence
        """,
        ((identity, sequence, now) for identity in sorted(identities)),
    )


def mark_everybody(connection: sqlite3.Connection, *, now: int, after: int = 0, limit: int = 100_000) -> int | None:
    """Mark the next `limit` people whose number is greater than `after`; the number to go on after, or None if that was all."""
    rows = connection.execute(
        "SELECT DISTINCT person FROM identity WHERE person > ? ORDER BY person LIMIT ?", (after, limit)
    ).fetchall()
    people = [person for (person,) in rows]
    mark(connection, people, now=now)
    return people[-1] if len(people) == limit else None


def take(connection: sqlite3.Connection, limit: int, *, after: int = 0) -> list[Unsettled]:
    """The next `limit` beyond the identity `after`, and behind the last from the beginning again. They stay until settled.

    Whoever goes on after the last that was taken keeps nobody waiting for more than one round, however much arrives, and reads
    people in the order in which they lie in the file.
    """
    rows = connection.execute(_NEXT, (after, limit)).fetchall()
    rows += connection.execute(_AGAIN, (after, limit - len(rows)))
    return [Unsettled(*row) for row in rows]


_NEXT = "SELECT identity, sequence, since FROM unsettled WHERE identity > ? ORDER BY identity LIMIT ?"
_AGAIN = "SELECT identity, sequence, since FROM unsettled WHERE identity <= ? ORDER BY identity LIMIT ?"


def settle(connection: sqlite3.Connection, person: int, taken: Sequence[Unsettled], standing: Standing) -> bool:
    """Store what was computed of `person`, all of whose `taken` are settled by it, inside the caller's transaction.

    False, and nothing is changed, if more arrived meanwhile or the person is no more: what was computed is out of date.
    """
    if connection.execute("SELECT person FROM identity WHERE id = ?", (person,)).fetchone() != (person,):
        return False
    for each in taken:
        found = connection.execute("SELECT sequence FROM unsettled WHERE identity = ?", (each.identity,)).fetchone()
        if found != (each.sequence,):
            return False
    connection.executemany("DELETE FROM unsettled WHERE identity = ?", ((each.identity,) for each in taken))
    connection.execute("DELETE FROM standing WHERE person IN (SELECT id FROM identity WHERE person = ?1 AND id <> ?1)", (person,))
    connection.execute(
        "INSERT OR REPLACE INTO standing (person, evaluated, memberships, computed) VALUES (?, ?, ?, ?)",
        (person, standing.evaluated, orjson.dumps(standing.memberships), orjson.dumps(standing.computed)),
    )
    return True


def oldest(connection: sqlite3.Connection) -> int | None:
    """Since when something waits to be computed (ms), None if nothing does."""
    row = connection.execute("SELECT min(since) FROM unsettled").fetchone()
    return None if row[0] is None else int(row[0])


def count(connection: sqlite3.Connection) -> int:
    """How many identities are to be computed."""
    return int(connection.execute("SELECT count(*) FROM unsettled").fetchone()[0])
