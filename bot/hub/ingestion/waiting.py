"""Admission: what was kept for a dataset that wasn't enabled for Profile becomes part of the profiles once it is."""

from __future__ import annotations

import sqlite3

from bot.hub.database import imports, waiting
from bot.hub.database.connection import Database, transaction
from bot.hub.database.imports import Refusal
from bot.hub.database.intake import Intake
from bot.hub.model import Dataset, Organisation
from bot.hub.rejects import Rejected
from bot.hub.schemas.preparing import Preparing

AT_ONCE = 5_000
"""Records in one transaction: about a tenth of a second."""


def admit(connection: sqlite3.Connection, database: Database, *, now: int) -> int:
    """Admit up to `AT_ONCE` records of each dataset that is enabled by now, and say how many there were.

    A record is taken in as of the moment it arrived. One that its schema doesn't allow any more is listed among the rejects.
    """
    organisation = database.organisation()
    enabled = {dataset.number: dataset for dataset in organisation.datasets if dataset.enabled}
    due = [enabled[number] for number in waiting.datasets(connection) if number in enabled]
    return sum(_admit(connection, dataset, organisation, now) for dataset in due)


def _admit(connection: sqlite3.Connection, dataset: Dataset, organisation: Organisation, now: int) -> int:
    preparing, intake = Preparing(organisation), Intake(connection)
    records, refused = [], []
    with transaction(connection):
        taken = waiting.first(connection, dataset.number, AT_ONCE)
        for number, at, body in taken:
            try:
                records.append(preparing.record(dataset, body, now=at))
            except Rejected as rejected:
                refused.append(Refusal(number, rejected.path, rejected.reason))
        intake.apply(records, organisation, now=now)
        imports.refuse(connection, dataset.id, refused, now=now)
        waiting.release(connection, (each.number for each in taken))
    return len(taken)
