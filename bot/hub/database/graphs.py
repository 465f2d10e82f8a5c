"""Identity graphs: which identities are one person.

Identities that a record names together are of one graph, so graphs join as records arrive. Joining is commutative, associative
and idempotent: in whatever order the same records come, they give the same graphs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

from bot.hub.database.joining import Joins
from bot.hub.database.statements import among
from bot.hub.model import Identity, Organisation


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What became of the identities of some records.

    `numbers` are theirs in the tables, `people` says whose each of these numbers is, `grown` are the people whose graph is
    another one than before.
    """

    numbers: Mapping[Identity, int]
    people: Mapping[int, int]
    grown: frozenset[int]


_KEY = Struct(">qi")


def key_of(digest: bytes) -> tuple[int, int]:
    """The columns `key` and `tail`: 12 bytes of the digest, by which intake takes two identities for one.

    As integers they are found twice as fast as the whole digest as a blob, in an index half as large. Among a hundred million
    identities two are taken for one by a chance of 1 : 10,000,000,000,000.
    """
    key, tail = _KEY.unpack_from(digest)
    return key, tail


def enrol(connection: sqlite3.Connection, groups: Sequence[Sequence[Identity]], organisation: Organisation) -> Enrolment:
    """Store the identities of each group and make one graph of those that a group names, inside the caller's transaction.

    Raises KeyError if a namespace isn't the organisation's.
    """
    keys = {identity: key_of(identity.digest) for identity in {each for group in groups for each in group}}
    numbers, people = _stored(connection, keys)
    first = int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM identity").fetchone()[0])
    joins = _number(groups, numbers, people, first)
    moved = _move(connection, joins, first)
    if moved:
        people = {number: moved.get(person, person) for number, person in people.items()}
    namespaces = {namespace.code: namespace.id for namespace in organisation.namespaces}
    fresh = [(identity, number) for identity, number in numbers.items() if number >= first]
    connection.executemany(
        "INSERT INTO identity (id, key, tail, namespace, value, person) VALUES (?, ?, ?, ?, ?, ?)",
        [(number, *keys[each], namespaces[each.namespace], each.value, people[number]) for each, number in fresh],
    )
    return Enrolment(numbers, people, frozenset(moved.values()).union(people[number] for _, number in fresh))


def _stored(
    connection: sqlite3.Connection, keys: Mapping[Identity, tuple[int, int]]
) -> tuple[dict[Identity, int], dict[int, int]]:
    """The numbers of those that are in the tables, and the people these numbers belong to."""
    numbers: dict[Identity, int] = {}
    people: dict[int, int] = {}
    sought = {key: identity for identity, key in keys.items()}
    rows = among(connection, "SELECT key, tail, id, person FROM identity WHERE key IN ({})", sorted([key for key, _ in sought]))
    for key, tail, number, person in rows:
        if identity := sought.get((key, tail)):
            numbers[identity] = number
            people[number] = person
    return numbers, people


def _number(groups: Sequence[Sequence[Identity]], numbers: dict[Identity, int], people: dict[int, int], free: int) -> Joins:
    """Give every other identity a number from `free` on, in the graph of those that it is named with; which graphs join."""
    joins = Joins()
    for group in groups:
        if len(group) == 1 and group[0] in numbers:
            continue
        owners = {people[numbers[identity]] for identity in group if identity in numbers}
        home = min(owners, default=free)
        for identity in group:
            if identity not in numbers:
                numbers[identity] = free
                people[free] = home
                free += 1
        if len(owners) > 1:
            joins.join(owners)
    return joins


def _move(connection: sqlite3.Connection, joins: Joins, first: int) -> dict[int, int]:
    """The person that each joined one is now. Those in the tables, whose numbers are below `first`, move to the largest."""
    moved: dict[int, int] = {}
    for joined in joins.sets():
        stored = [person for person in joined if person < first]
        whole = _largest(connection, stored) if stored else min(joined)
        moved |= dict.fromkeys(joined, whole)
    connection.executemany(
        "UPDATE identity SET person = ? WHERE person = ?",
        [(whole, person) for person, whole in moved.items() if person != whole and person < first],
    )
    connection.executemany(
        "UPDATE OR IGNORE standing SET person = ? WHERE person = ?",
        [(whole, person) for person, whole in moved.items() if person != whole and person < first],
    )
    return moved


def _largest(connection: sqlite3.Connection, people: Collection[int]) -> int:
    """Who of them has the most identities, found by counting as far as the second largest goes."""
    contenders = sorted(people)
    enough = 1
    while len(contenders) > 1:
        enough *= 8
        counts = {person: _count(connection, person, enough) for person in contenders}
        most = max(counts.values())
        contenders = [person for person in contenders if counts[person] == most]
        if most < enough:
            break
    return contenders[0]


def _count(connection: sqlite3.Connection, person: int, enough: int) -> int:
    counted = connection.execute("SELECT count(*) FROM (SELECT 1 FROM identity WHERE person = ? LIMIT ?)", (person, enough))
    return int(counted.fetchone()[0])
