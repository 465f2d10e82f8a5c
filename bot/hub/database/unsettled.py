"""What is to be computed again: the people of whom something arrived, until what follows from it is stored.

What arrives is only noted, in the order in which it does. Whoever computes gathers the notes by person, so that a person of whom
much arrived is computed once, and those whose data lies together are computed together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import orjson

from bot.hub.database.documents import next_number
from bot.hub.database.reading import Standing
from bot.hub.database.statements import among

_ARRIVALS = "arrivals"
_SEQUENCE = "sequence"

_GATHERED = 100_000
"""Arrivals in one transaction, which takes a tenth of a second, in which nobody else can write."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """That something of `identity` arrived.

    `sequence` changes as more of it is gathered, `since` is when the oldest of it came (ms).
    """

    identity: int
    sequence: int
    since: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was computed of the person with the number `person`, all of whose `taken` are settled by it."""

    person: int
    taken: Sequence[Unsettled]
    standing: Standing


def mark(connection: sqlite3.Connection, identities: Collection[int], *, now: int) -> None:
    """From now on these are to be computed."""
    last = next_number(connection, _ARRIVALS, len(identities))
    connection.executemany(
        "INSERT INTO arrival (number, identity, since) VALUES (?, ?, ?)",
        ((number, identity, now) for number, identity in enumerate(identities, last + 1 - len(identities))),
    )


def mark_everybody(connection: sqlite3.Connection, *, now: int, after: int = 0, limit: int = 100_000) -> int | None:
    """Mark the next `limit` people whose number is greater than `after`; the number to go on after, or None if that was all."""
    rows = connection.execute(
        "SELECT DISTINCT person FROM identity WHERE person > ? ORDER BY person LIMIT ?", (after, limit)
    ).fetchall()
    people = [person for (person,) in rows]
    mark(connection, people, now=now)
    return people[-1] if len(people) == limit else None


def newest(connection: sqlite3.Connection) -> int:
    """The number of the last arrival. Whatever is read in the same `snapshot` holds all up to it, and nothing beyond."""
    row = connection.execute("SELECT value FROM counter WHERE name = ?", (_ARRIVALS,)).fetchone()
    return 0 if row is None else int(row[0])


def gather(connection: sqlite3.Connection, limit: int = _GATHERED) -> None:
    """Let those of whom the oldest `limit` arrivals are wait in the order of identities, inside the caller's transaction."""
    sequence = next_number(connection, _SEQUENCE)
    (end,) = connection.execute("SELECT min(number) + ? FROM arrival", (limit,)).fetchone()
    connection.execute(
        """
        INSERT INTO unsettled (identity, sequence, since)
        SELECT identity, ?, min(since) FROM arrival WHERE number < ? GROUP BY identity
        ON CONFLICT (identity) DO UPDATE SET sequence = excluded.sequence
        """,
        (sequence, end),
    )
    connection.execute("DELETE FROM arrival WHERE number < ?", (end,))


def ungathered(connection: sqlite3.Connection) -> bool:
    """Whether there is anything to `gather`."""
    return connection.execute("SELECT 1 FROM arrival LIMIT 1").fetchone() is not None


def take(connection: sqlite3.Connection, limit: int, *, after: int = 0) -> list[Unsettled]:
    """The next `limit` of the gathered beyond the identity `after`. They stay until settled.

    Whoever goes on after the last that was taken, and gathers when there is none, keeps nobody waiting for more than a round,
    however much arrives, and reads people in the order in which they lie in the file.
    """
    rows = connection.execute(
        "SELECT identity, sequence, since FROM unsettled WHERE identity > ? ORDER BY identity LIMIT ?", (after, limit)
    )
    return [Unsettled(*row) for row in rows]


def settle(connection: sqlite3.Connection, settlements: Sequence[Settlement], *, seen: int) -> int:
    """Store what was computed when the arrival `seen` was the newest, inside the caller's transaction; of how many people.

    What is out of date changes nothing: more has arrived of the person meanwhile, or the person is no more.
    """
    current = _current(connection, settlements, seen)
    connection.executemany(
        "DELETE FROM unsettled WHERE identity = ?", ((each.identity,) for settlement in current for each in settlement.taken)
    )
    connection.executemany(
        "DELETE FROM standing WHERE person IN (SELECT id FROM identity WHERE person = ?1 AND id <> ?1)",
        ((settlement.person,) for settlement in current),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO standing (person, evaluated, memberships, computed) VALUES (?, ?, ?, ?)",
        (
            (person, standing.evaluated, orjson.dumps(standing.memberships), orjson.dumps(standing.computed))
            for person, standing in ((each.person, each.standing) for each in current)
        ),
    )
    return len(current)


def oldest(connection: sqlite3.Connection) -> int | None:
    """Since when something waits to be computed (ms), None if nothing does."""
    row = connection.execute(
        "SELECT min(since) FROM (SELECT min(since) AS since FROM unsettled UNION ALL SELECT min(since) FROM arrival)"
    ).fetchone()
    return None if row[0] is None else int(row[0])


def count(connection: sqlite3.Connection) -> int:
    """How many identities are to be computed."""
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM unsettled) + (
            SELECT count(DISTINCT identity) FROM arrival WHERE identity NOT IN (SELECT identity FROM unsettled)
        )
        """
    ).fetchone()
    return int(row[0])


def _current(connection: sqlite3.Connection, settlements: Sequence[Settlement], seen: int) -> list[Settlement]:
    arrived = {identity for (identity,) in connection.execute("SELECT identity FROM arrival WHERE number > ?", (seen,))}
    people = [each.person for each in settlements]
    there = {person for (person,) in among(connection, "SELECT id FROM identity WHERE id IN ({}) AND person = id", people)}
    taken = [each.identity for settlement in settlements for each in settlement.taken]
    sequences = dict(among(connection, "SELECT identity, sequence FROM unsettled WHERE identity IN ({})", taken))
    return [
        settlement
        for settlement in settlements
        if settlement.person in there
        and settlement.person not in arrived
        and all(sequences.get(each.identity) == each.sequence for each in settlement.taken)
    ]
