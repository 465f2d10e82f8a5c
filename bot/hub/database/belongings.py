"""What belongs to a person beyond what a look-up shows: each identity, however many, and the records that wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from bot.hub.database.mentions import mentions
from bot.hub.database.waiting import Waiting
from bot.hub.model import Identity, Organisation, Person


def identities(connection: sqlite3.Connection, person: Person, organisation: Organisation) -> dict[int, Identity]:
    """Every identity of the person who has by now the one that was asked for, by its number."""
    rows = connection.execute(
        "SELECT id, namespace, value FROM identity WHERE person = (SELECT person FROM identity WHERE id = ?) ORDER BY id",
        (person.asked.number,),
    )
    return {number: Identity(organisation.namespace_numbered(namespace).code, value) for number, namespace, value in rows}


def waiting_of(connection: sqlite3.Connection, values: Collection[str]) -> list[tuple[int, Waiting]]:
    """The records that mention one of these values and wait, each with the number of its dataset. Reads all that wait."""
    rows = connection.execute("SELECT dataset, id, at, body FROM waiting ORDER BY id")
    return [(dataset, Waiting(*row)) for dataset, *row in rows if mentions(row[2], values)]
