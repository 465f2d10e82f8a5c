"""What belongs to a person beyond what a look-up shows: each identity, however many, and the records that wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from bot.hub.database.connection import configured
from bot.hub.database.mentions import mentions
from bot.hub.database.waiting import Waiting
from bot.hub.model import Identity, Organisation, Person
from bot.hub.rejects import Rejected
from bot.hub.schemas.preparing import Preparing


def identities(connection: sqlite3.Connection, person: Person, organisation: Organisation) -> dict[int, Identity]:
    """Every identity of the person who has by now the one that was asked for, by its number."""
    rows = connection.execute(
        "SELECT id, namespace, value FROM identity WHERE person = (SELECT person FROM identity WHERE id = ?) ORDER BY id",
        (person.asked.number,),
    )
    return {number: Identity(organisation.namespace_numbered(namespace).code, value) for number, namespace, value in rows}


def waiting_of(connection: sqlite3.Connection, sought: Collection[Identity]) -> list[tuple[int, Waiting]]:
    """The records that wait and name one of these identities, each with the number of its dataset. Reads all that wait.

    One that can't be read by the schema of its dataset is of whomever it mentions: it says of nothing that it is an identity.
    """
    organisation = configured(connection)
    preparing, values = Preparing(organisation), {identity.value for identity in sought}
    datasets = {dataset.number: dataset for dataset in organisation.datasets}

    def concerns(dataset: int, record: Waiting) -> bool:
        try:
            named = preparing.record(datasets[dataset], record.body, now=record.at).identities
        except (KeyError, Rejected):
            return mentions(record.body, values)
        return not set(named).isdisjoint(sought)

    rows = connection.execute("SELECT dataset, id, at, body FROM waiting ORDER BY id")
    waiting = ((dataset, Waiting(*row)) for dataset, *row in rows)
    return [(dataset, record) for dataset, record in waiting if concerns(dataset, record)]
