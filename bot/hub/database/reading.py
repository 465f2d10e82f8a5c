"""Look-ups: a person by an identity, and what is known of that person."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

import orjson

from bot.hub.database.connection import Database
from bot.hub.database.graphs import key_of
from bot.hub.database.statements import among
from bot.hub.model import MOST_IDENTITIES, Event, Fragment, Identity, Member, Person, Xdm, precedence, xid_of

_EARLIEST = -(1 << 63)


class EventKey(NamedTuple):
    """The place of an event in the order of all events: by time, then dataset, then `_id`, then identity."""

    time: int
    dataset: int
    id: str
    identity: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What was computed of a person, and when (ms): `memberships` as under `segmentMembership.ups`, `computed` by name."""

    evaluated: int
    memberships: Xdm
    computed: Xdm


class Reading:
    """Reads on one connection. Each call sees what is committed as it starts; inside a `snapshot`, all see the same."""

    def __init__(self, connection: sqlite3.Connection, database: Database) -> None:
        """`connection` is one of `database.reader()`."""
        self._connection = connection
        self._database = database

    def find(self, identity: Identity) -> Person | None:
        """The person that has this normalised identity."""
        return self._named(identity.digest)

    def find_xid(self, xid: str) -> Person | None:
        """The person that has the identity with this XID. None for anything that isn't an XID."""
        digest = _digest(xid)
        return None if digest is None else self._named(digest)

    def people(self, numbers: Sequence[int]) -> list[Person]:
        """Whose these identities are, each person once. Numbers that nobody has are passed over."""
        asked: dict[int, int] = {}
        for number, person in among(self._connection, "SELECT id, person FROM identity WHERE id IN ({})", numbers):
            asked.setdefault(person, number)
        return [self._person(person, number) for person, number in asked.items()]

    def fragments(self, numbers: Sequence[int]) -> list[Fragment]:
        """The profile records whose primary identity is one of `numbers`, by identity and dataset."""
        rows = among(
            self._connection,
            "SELECT identity, dataset, time, id, modified, body FROM fragment WHERE identity IN ({}) ORDER BY identity, dataset",
            numbers,
        )
        return [
            Fragment(identity, dataset, time, id, modified, orjson.loads(body))
            for identity, dataset, time, id, modified, body in rows  # noqa: A001 - Adobe's name for it
        ]

    def events(
        self,
        numbers: Sequence[int],
        *,
        newest_first: bool = False,
        start: int | None = None,
        end: int | None = None,
        after: EventKey | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """The first `limit` events of these identities beyond the place `after`, in the order of `EventKey` or its reverse.

        `start` ≤ time < `end`, in milliseconds. Nothing is skipped or repeated while others arrive: a place stays where it is.
        """
        reads = [self._connection.execute(*_range(number, newest_first, start, end, after)) for number in numbers]
        rows = merge(*reads, key=itemgetter(0, 1, 2, 3), reverse=newest_first)
        return [
            Event(identity, dataset, time, id, modified, orjson.loads(body))
            for time, dataset, id, identity, modified, body in islice(rows, limit)  # noqa: A001 - Adobe's name for it
        ]

    def all_events(self, numbers: Sequence[int], *, start: int | None = None) -> list[Event]:
        """All events of these identities, of any number of people, from `start` (ms) on, in the order of `EventKey`."""
        rows = among(
            self._connection,
            """
            SELECT time, dataset, event.id, identity, modified, event_body.body FROM event
            JOIN event_body ON event_body.id = event.body WHERE identity IN ({}) AND time >= ?
            """,
            numbers,
            _EARLIEST if start is None else start,
        )
        return [
            Event(identity, dataset, time, id, modified, orjson.loads(body))
            for time, dataset, id, identity, modified, body in sorted(rows)  # noqa: A001 - Adobe's name for it
        ]

    def standing(self, person: int) -> Standing | None:
        """What was computed of the person with this number."""
        return self.standings((person,)).get(person)

    def standings(self, numbers: Sequence[int]) -> dict[int, Standing]:
        """What was computed of each of these numbers, of people that are and of those that they were before graphs joined."""
        rows = among(
            self._connection, "SELECT person, evaluated, memberships, computed FROM standing WHERE person IN ({})", numbers
        )
        return {
            person: Standing(evaluated, orjson.loads(memberships), orjson.loads(computed))
            for person, evaluated, memberships, computed in rows
        }

    def _named(self, digest: bytes) -> Person | None:
        organisation = self._database.organisation()
        rows = self._connection.execute("SELECT id, namespace, value, person FROM identity WHERE key = ?", (key_of(digest),))
        for number, namespace, value, person in rows:
            if Identity(organisation.namespace_numbered(namespace).code, value).digest == digest:
                return self._person(person, number)
        return None

    def _person(self, person: int, asked: int) -> Person:
        rows = self._connection.execute(_MEMBERS, (person, MOST_IDENTITIES + 1)).fetchall()
        size = len(rows)
        if size > MOST_IDENTITIES:
            size = int(self._connection.execute("SELECT count(*) FROM identity WHERE person = ?", (person,)).fetchone()[0])
            rows = rows[:MOST_IDENTITIES]
            if asked not in (row[0] for row in rows):
                rows[-1] = self._connection.execute(_MEMBER, (asked,)).fetchone()
        organisation = self._database.organisation()
        members = []
        for number, namespace_number, value in rows:
            namespace = organisation.namespace_numbered(namespace_number)
            members.append(Member(number, Identity(namespace.code, value), namespace.id_type))
        members.sort(key=precedence)
        return Person(person, next(member for member in members if member.number == asked), tuple(members), size)


_MEMBERS = "SELECT id, namespace, value FROM identity WHERE person = ? LIMIT ?"
_MEMBER = "SELECT id, namespace, value FROM identity WHERE id = ?"


def _range(
    identity: int, newest_first: bool, start: int | None, end: int | None, after: EventKey | None
) -> tuple[str, tuple[int | str, ...]]:
    """The statement, and its values, that reads the events of one identity lazily along the primary key."""
    conditions = ["identity = ?"]
    values: list[int | str] = [identity]
    if start is not None:
        conditions.append("time >= ?")
        values.append(start)
    if end is not None:
        conditions.append("time < ?")
        values.append(end)
    if after is not None:
        beyond = "<" if newest_first else ">"
        same = identity < after.identity if newest_first else identity > after.identity
        conditions.append(f"(time, dataset, event.id) {beyond}{'=' if same else ''} (?, ?, ?)")
        values += after[:3]
    direction = "DESC" if newest_first else "ASC"
    return (
        f"""
        SELECT time, dataset, event.id, identity, modified, event_body.body FROM event
        JOIN event_body ON event_body.id = event.body
        WHERE {" AND ".join(conditions)} ORDER BY time {direction}, dataset {direction}, event.id {direction}
        """,  # noqa: S608 - made of nothing but this function's own words
        tuple(values),
    )


def _digest(xid: str) -> bytes | None:
    """The digest that `xid` spells, None if it spells none."""
    try:
        digest = base64.urlsafe_b64decode(xid[1:])
    except ValueError:
        return None
    return digest if xid_of(digest) == xid else None
