"""Records go in: identities, graphs, fragments and events, and what is therefore to be computed again.

Taking in is commutative, associative and idempotent: the same records in whatever order and split leave the same behind. Where
two records claim one place, the greater of them has it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.hub.database import archiving, unsettled
from bot.hub.database.graphs import enrol
from bot.hub.database.statements import among
from bot.hub.model import Identity, Organisation, Record

_FragmentKey = tuple[int, int]
_EventKey = tuple[int, int, int, str]


@dataclass(frozen=True, slots=True)
class Applied:
    """How many records changed something, and how many didn't: they were there, or a greater one is."""

    new: int
    known: int


class Intake:
    """Takes records in on one writing connection, inside the caller's transactions."""

    def __init__(self, connection: sqlite3.Connection, *, recent: int = archiving.RECENT) -> None:
        """`connection` is one of `Database.writer`; about `recent` events at most stay where they arrived."""
        self._connection = connection
        self._recent = recent

    def apply(self, records: Sequence[Record], organisation: Organisation, *, now: int) -> Applied:
        """Take in `records` of enabled datasets at the time `now` (ms). Costs least with some thousands at once."""
        if not records:
            return Applied(0, 0)
        enrolment = enrol(self._connection, [record.identities for record in records], organisation)
        stored = [
            *self._fragments([record for record in records if not record.event], enrolment.numbers, now),
            *self._events([record for record in records if record.event], enrolment.numbers, now),
        ]
        if organisation.evaluates:
            affected = enrolment.grown.union(enrolment.people[number] for number in stored)
            unsettled.mark(self._connection, affected, now=now)
        return Applied(new=len(stored), known=len(records) - len(stored))

    def wait(self, dataset: int, bodies: Iterable[bytes], *, now: int) -> None:
        """Keep the records of a dataset that isn't enabled for Profile, as they came, until it is (`waiting`)."""
        self._connection.executemany(
            "INSERT INTO waiting (dataset, at, body) VALUES (?, ?, ?)", ((dataset, now, body) for body in bodies)
        )

    def _fragments(self, records: Sequence[Record], numbers: Mapping[Identity, int], now: int) -> list[int]:
        """Store what is greater than what is there; the identity of each that was stored."""
        newest: dict[_FragmentKey, tuple[int, str, bytes]] = {}
        for record in records:
            key = numbers[record.identities[0]], record.dataset
            contents = record.time, record.id, record.body
            if key not in newest or newest[key] < contents:
                newest[key] = contents
        for identity, dataset, *there in among(
            self._connection,
            "SELECT identity, dataset, time, id, body FROM fragment WHERE identity IN ({})",
            sorted({identity for identity, _ in newest}),
        ):
            if (identity, dataset) in newest and newest[identity, dataset] <= tuple(there):
                del newest[identity, dataset]
        self._connection.executemany(
            "INSERT OR REPLACE INTO fragment (identity, dataset, time, id, body, modified) VALUES (?, ?, ?, ?, ?, ?)",
            ((*key, *newest[key], now) for key in sorted(newest)),
        )
        return [identity for identity, _ in newest]

    def _events(self, records: Sequence[Record], numbers: Mapping[Identity, int], now: int) -> list[int]:
        """Store the events that aren't there; the identity of each that was stored."""
        bodies: dict[_EventKey, bytes] = {}
        for record in records:
            key = numbers[record.identities[0]], record.time, record.dataset, record.id
            if key not in bodies or bodies[key] < record.body:
                bodies[key] = record.body
        keys = sorted(bodies)
        free = int(self._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM event_body").fetchone()[0])
        before = self._connection.total_changes
        self._connection.executemany(
            """
            INSERT OR IGNORE INTO event_recent (identity, time, dataset, id, body) SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (
                SELECT 1 FROM event_archive WHERE identity = ?1 AND time = ?2 AND dataset = ?3 AND id = ?4
            )
            """,
            ((*key, number) for number, key in enumerate(keys, free)),
        )
        everything_is_new = self._connection.total_changes - before == len(keys)
        claimed = frozenset() if everything_is_new else self._claimed(keys, free)
        self._connection.executemany(
            "INSERT INTO event_body (id, modified, body) VALUES (?, ?, ?)",
            ((number, now, bodies[key]) for number, key in enumerate(keys, free) if key not in claimed),
        )
        archiving.archive(self._connection, free, len(keys), within=self._recent)
        return [key[0] for key in keys if key not in claimed or self._outdone(key, bodies[key], now)]

    def _claimed(self, keys: Sequence[_EventKey], free: int) -> frozenset[_EventKey]:
        """The keys whose place another body has."""
        return frozenset(
            key
            for number, key in enumerate(keys, free)
            if self._connection.execute(
                "SELECT body FROM event WHERE identity = ? AND time = ? AND dataset = ? AND id = ?", key
            ).fetchone()
            != (number,)
        )

    def _outdone(self, key: _EventKey, body: bytes, now: int) -> bool:
        """Put `body` in the place of the one that is there if it is greater."""
        changed = self._connection.execute(
            """
            UPDATE event_body SET body = ?5, modified = ?6 WHERE body < ?5 AND id = (
                SELECT body FROM event WHERE identity = ?1 AND time = ?2 AND dataset = ?3 AND id = ?4
            )
            """,
            (*key, body, now),
        )
        return changed.rowcount == 1
