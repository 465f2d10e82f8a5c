"""What is known of a person goes out: as a copy (GDPR, article 15), or for good, with a look at whether anything is left (17)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection

import orjson

from bot.hub.database import imports
from bot.hub.database.belongings import identities, waiting_of
from bot.hub.database.connection import Database, snapshot, transaction
from bot.hub.database.reading import Reading
from bot.hub.database.removal import Removed, Traces, proof, remove
from bot.hub.ingestion.rejecting import RejectFile
from bot.hub.ingestion.taking import rejects_of
from bot.hub.model import Event, Fragment, Identity, Organisation, Person, Xdm


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was deleted: rows by table, and `rejects`, lines of reject files; and what of it is still there."""

    removed: Removed
    rejects: int
    traces: Traces


def export(database: Database, identity: Identity) -> Xdm | None:
    """All that is known of the person with that identity, None if nobody has it."""
    organisation = database.organisation()
    with closing(database.reader()) as connection, snapshot(connection):
        reading = Reading(connection, database)
        person = reading.find(identity)
        if person is None:
            return None
        known = identities(connection, person, organisation)
        values = {each.value for each in known.values()}
        standing = reading.standing(person.number)
        return {
            "identities": [{"namespace": each.namespace, "id": each.value} for each in known.values()],
            "records": [_told(each, organisation) for each in reading.fragments(list(known))],
            "events": [_told(each, organisation) for each in reading.events(list(known))],
            "waiting": [
                {"dataset": organisation.dataset_numbered(number).name, "arrived": each.at, "record": orjson.loads(each.body)}
                for number, each in waiting_of(connection, set(known.values()))
            ],
            "rejects": [orjson.loads(line) for file in _reject_files(connection, database) for line in file.mentioning(values)],
            "audiences": standing.memberships if standing else {},
            "computedAttributes": standing.computed if standing else {},
        }


def delete(database: Database, identity: Identity) -> Deleted | None:
    """Delete the person with that identity from the hub and from its reject files; None if nobody has it.

    What stays in the files from which records were imported is for whoever keeps them: imported again, it is there again.
    """
    with closing(database.writer()) as connection:
        with transaction(connection):
            person = Reading(connection, database).find(identity)
            if person is None:
                return None
            known = set(identities(connection, person, database.organisation()).values())
            removed, rejects = erase(connection, database, person)
        database.sweep()
        return Deleted(removed, rejects, proof(connection, known))


def erase(connection: Connection, database: Database, person: Person) -> tuple[Removed, int]:
    """Delete `person` from the tables and the reject files, inside the caller's transaction: rows, and lines of reject files.

    The log holds what was deleted until `Database.sweep`.
    """
    values = {identity.value for identity in identities(connection, person, database.organisation()).values()}
    rejects = _purge(connection, database, values)
    return remove(connection, person), rejects


def _told(stored: Fragment | Event, organisation: Organisation) -> Xdm:
    dataset = organisation.dataset_numbered(stored.dataset).name
    return {"dataset": dataset, "time": stored.time, "arrived": stored.modified, "record": stored.body}


def _reject_files(connection: Connection, database: Database) -> Iterator[RejectFile]:
    yield rejects_of(database)
    for state in imports.all(connection):
        if path := state.details.get("rejects_path"):
            yield RejectFile(Path(path))


def _purge(connection: Connection, database: Database, values: Collection[str]) -> int:
    """Take their lines out of the reject files, inside the caller's transaction: no import writes to one meanwhile."""
    purged = rejects_of(database).purge(values)
    for state in imports.all(connection):
        if path := state.details.get("rejects_path"):
            file = RejectFile(Path(path))
            purged += file.purge(values)
            imports.save(connection, replace(state, details=state.details | {"rejects": file.size()}))
    return purged
