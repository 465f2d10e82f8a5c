"""Look-ups: a person by an identity, and what is known of that person."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterable, Sequence
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
    """The place of an event among a person's: by time, then dataset, then `_id`, then the identity's place in the graph."""

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
        namespace = self._database.organisation().namespace(identity.namespace)
        if namespace is None:
            return None
        return self._person(_GRAPH_OF_IDENTITY, (*key_of(identity.digest), namespace.id, identity.value))

    def find_xid(self, xid: str) -> Person | None:
        """The person that has the identity with this XID. None for anything that isn't an XID."""
        digest = _digest(xid)
        if digest is None:
            return None
        rows = self._connection.execute(
            "SELECT namespace, value FROM identity WHERE key = ? AND tail = ?", key_of(digest)
        ).fetchall()
        organisation = self._database.organisation()
        identities = (Identity(organisation.namespace_numbered(namespace).code, value) for namespace, value in rows)
        return next((self.find(identity) for identity in identities if identity.digest == digest), None)

    def people(self, numbers: Iterable[int]) -> list[Person]:
        """Whose these identities are, each person once. Numbers that nobody has are passed over."""
        found = (self._person(_GRAPH_OF_NUMBER, (number,)) for number in numbers)
        return list({person.number: person for person in found if person}.values())

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

        `numbers` are in the order of `Person.members`, so that what is equal but for its identity comes in the same order in
        whatever order it arrived. `start` ≤ time < `end`, in milliseconds. Nothing is skipped or repeated while others arrive:
        a place stays where it is.
        """
        order = tuple(reversed(numbers)) if newest_first else tuple(numbers)
        passed = order.index(after.identity) if after and after.identity in order else -1
        reads = [
            self._connection.execute(*_range(number, newest_first, start, end, after, again=place > passed))
            for place, number in enumerate(order)
        ]
        rows = reads[0] if len(reads) == 1 else merge(*reads, key=_PLACE, reverse=newest_first)
        return [
            Event(identity, dataset, time, id, modified, orjson.loads(body))
            for time, dataset, id, identity, modified, body in islice(rows, limit)  # noqa: A001 - Adobe's name for it
        ]

    def all_events(self, numbers: Sequence[int], *, start: int | None = None) -> list[Event]:
        """All events of these identities from `start` (ms) on, in the order of `EventKey`; `numbers` as in `events`.

        For many people at once, whose `numbers` follow each other.
        """
        place = {number: place for place, number in enumerate(numbers)}
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
            for time, dataset, id, identity, modified, body in sorted(rows, key=lambda row: (*_PLACE(row), place[row[3]]))  # noqa: A001 - Adobe's name for it
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

    def _person(self, graph: str, asked_for: tuple[int | str, ...]) -> Person | None:
        rows = self._connection.execute(graph, (*asked_for, MOST_IDENTITIES + 1)).fetchall()
        if not rows:
            return None
        asked, person, *_ = rows[0]
        size = len(rows)
        if size > MOST_IDENTITIES:
            size = self._connection.execute("SELECT count(*) FROM identity WHERE person = ?", (person,)).fetchone()[0]
            rows += self._connection.execute(_ALONE, (asked,)).fetchall()
        organisation = self._database.organisation()  # after the rows: it knows the namespaces of all of them
        members = {}
        for _, _, number, namespace_number, value in rows:
            namespace = organisation.namespace_numbered(namespace_number)
            members[number] = Member(number, Identity(namespace.code, value), namespace.id_type)
        return Person(person, members[asked], tuple(sorted(members.values(), key=precedence)), size)


_DIGEST = 18
"""Bytes of `Identity.digest`."""

_PLACE = itemgetter(0, 1, 2)
"""Of a row of `event`, whose order among one person's identities the statement or the merge keeps."""

_GRAPH = """
    SELECT asked.id, asked.person, member.id, member.namespace, member.value
    FROM identity AS asked JOIN identity AS member ON member.person = asked.person
"""
_GRAPH_OF_IDENTITY = f"{_GRAPH} WHERE asked.key = ? AND asked.tail = ? AND asked.namespace = ? AND asked.value = ? LIMIT ?"
_GRAPH_OF_NUMBER = f"{_GRAPH} WHERE asked.id = ? LIMIT ?"
_ALONE = "SELECT id, person, id, namespace, value FROM identity WHERE id = ?"


def _range(
    identity: int, newest_first: bool, start: int | None, end: int | None, after: EventKey | None, *, again: bool
) -> tuple[str, tuple[int | str, ...]]:
    """The statement, and its values, that reads the events of one identity lazily along the primary key.

    `again` tells whether one that is in the place of `after` itself, but for the identity, is still to come.
    """
    conditions = ["identity = ?"]
    values: list[int | str] = [identity]
    if start is not None:
        conditions.append("time >= ?")
        values.append(start)
    if end is not None:
        conditions.append("time < ?")
        values.append(end)
    if after is not None:
        beyond = ("<" if newest_first else ">") + ("=" if again else "")
        conditions.append(f"(time, dataset, event.id) {beyond} (?, ?, ?)")
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
    return digest if len(digest) == _DIGEST and xid_of(digest) == xid else None
