"""Identity graphs: which identities are one person.

Identities that a record names together are of one graph, so graphs join as records arrive. Joining is commutative, associative
and idempotent: in whatever order the same records come, they give the same graphs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

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


def enrol(connection: sqlite3.Connection, groups: Sequence[Sequence[Identity]], organisation: Organisation) -> Enrolment:
    """Store the identities of each group and make one graph of those that a group names, inside the caller's transaction.

    Raises KeyError if a namespace isn't the organisation's.
    """
    digests = {identity.digest: identity for identity in {each for group in groups for each in group}}
    numbers: dict[Identity, int] = {}
    people: dict[int, int] = {}
    for digest, number, person in among(
        connection, "SELECT digest, id, person FROM identity WHERE digest IN ({})", sorted(digests)
    ):
        numbers[digests[digest]] = number
        people[number] = person
    free = first_free = _first_free(connection)
    for group in groups:
        for identity in group:
            if identity not in numbers:
                numbers[identity] = people[free] = free
                free += 1
    moved = _joined(connection, groups, numbers, people, first_free)
    people = {number: moved.get(person, person) for number, person in people.items()}
    codes = {namespace.code: namespace.id for namespace in organisation.namespaces}
    fresh = [(identity, number) for identity, number in numbers.items() if number >= first_free]
    connection.executemany(
        "INSERT INTO identity (id, digest, namespace, value, person) VALUES (?, ?, ?, ?, ?)",
        ((number, identity.digest, codes[identity.namespace], identity.value, people[number]) for identity, number in fresh),
    )
    return Enrolment(numbers, people, frozenset(moved.values()).union(people[number] for _, number in fresh))


def _first_free(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM identity").fetchone()[0])


def _joined(
    connection: sqlite3.Connection,
    groups: Sequence[Sequence[Identity]],
    numbers: Mapping[Identity, int],
    people: Mapping[int, int],
    first_free: int,
) -> dict[int, int]:
    """The person that each joined one is now. Those in the tables are moved there, the smaller graphs to the largest."""
    joins = Joins()
    for group in groups:
        if len(group) > 1:
            joins.join(people[numbers[identity]] for identity in group)
    moved: dict[int, int] = {}
    for joined in joins.sets():
        stored = [person for person in joined if person < first_free]
        whole = _largest(connection, stored) if stored else min(joined)
        connection.executemany(
            "UPDATE identity SET person = ? WHERE person = ?", [(whole, person) for person in stored if person != whole]
        )
        moved |= dict.fromkeys(joined, whole)
    return moved


def _largest(connection: sqlite3.Connection, people: Collection[int]) -> int:
    """Who of them has the most identities, found by counting as far as the second largest goes."""
    contenders = list(people)
    enough = 1
    while len(contenders) > 1:
        enough *= 8
        counts = {person: _count(connection, person, enough) for person in contenders}
        most = max(counts.values())
        contenders = [person for person in contenders if counts[person] == most]
        if most < enough:
            return min(contenders)
    return contenders[0]


def _count(connection: sqlite3.Connection, person: int, enough: int) -> int:
    counted = connection.execute("SELECT count(*) FROM (SELECT 1 FROM identity WHERE person = ? LIMIT ?)", (person, enough))
    return int(counted.fetchone()[0])
