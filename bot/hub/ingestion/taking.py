"""Storing what was submitted, in one transaction: the step that every way in ends with."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from bot.hub.database.connection import Database, transaction
from bot.hub.database.intake import Intake
from bot.hub.ingestion import waiting
from bot.hub.ingestion.preparation import Item, Prepared, Reject, prepared
from bot.hub.ingestion.submission import ACCEPTED, Outcome, Submission
from bot.hub.model import Organisation
from bot.hub.schemas.preparing import Preparing

EVALUATED_AT_ONCE = 200
"""People in one step: a few tens of milliseconds, so that what arrives meanwhile needn't wait long."""


class Evaluating(Protocol):
    """Brings audiences and computed attributes up to date."""

    def work(self, connection: sqlite3.Connection, limit: int) -> int:
        """Settle up to `limit` people of whom something arrived, in transactions of its own, and say how many there were."""


class Taking:
    """Takes records in on a connection of its own, for one thread."""

    def __init__(self, database: Database, evaluating: Evaluating | None = None) -> None:
        self._database = database
        self._evaluating = evaluating
        self._connection = database.writer()
        self._intake = Intake(self._connection)
        self._organisation = database.organisation()
        self._preparing = Preparing(self._organisation)

    def take(self, submissions: Sequence[Submission], *, now: int) -> list[Outcome]:
        """Store what is valid, durably, and say of each submission, in their order, what became of it. `now` in milliseconds."""
        self._follow(self._database.organisation())
        ready, rejects = self._prepared(submissions, now)
        if ready.records or ready.waiting:
            with transaction(self._connection):
                current = self._database.organisation()
                if current.revision != self._organisation.revision:
                    # Nobody can change it any more now that this connection writes. Otherwise a record could be set to wait for
                    # a dataset that has just been enabled.
                    self._follow(current)
                    ready, rejects = self._prepared(submissions, now)
                store(self._intake, ready, self._organisation, now=now)
        outcomes = [ACCEPTED] * len(submissions)
        for place, path, reason in rejects:
            outcomes[place] = Outcome(accepted=False, path=path, reason=reason)
        return outcomes

    def step(self, *, now: int) -> bool:
        """Do a part of what is due, and say whether there may be more of it."""
        admitted = waiting.admit(self._connection, self._database, now=now)
        evaluated = self._evaluating.work(self._connection, EVALUATED_AT_ONCE) if self._evaluating else 0
        return bool(admitted or evaluated)

    def settle(self, *, now: int) -> None:
        """Do all that is due: admit what waited for its dataset to be enabled, evaluate what arrived."""
        while self.step(now=now):
            pass

    def close(self) -> None:
        """Close the connection that wrote."""
        with suppress(sqlite3.ProgrammingError):  # closed before
            self._connection.close()

    def _follow(self, organisation: Organisation) -> None:
        if organisation.revision != self._organisation.revision:
            self._organisation = organisation
            self._preparing = Preparing(organisation)

    def _prepared(self, submissions: Sequence[Submission], now: int) -> tuple[Prepared, list[Reject]]:
        items, strays = [], []
        for place, (dataset_id, body) in enumerate((each.dataset, each.body) for each in submissions):
            dataset = self._organisation.dataset(dataset_id)
            if dataset is None:
                strays.append(Reject(place, "", "is for a dataset that isn't in the catalogue"))
            else:
                items.append(Item(place, dataset, body))
        ready = prepared(items, self._preparing, now=now)
        return ready, ready.rejects + strays


def store(intake: Intake, ready: Prepared, organisation: Organisation, *, now: int) -> tuple[int, int]:
    """Store what is ready, inside the caller's transaction: how many records were new, and how many known already.

    Those that wait count as new.
    """
    applied = intake.apply(ready.records, organisation, now=now)
    for number in {record.dataset for record in ready.waiting}:
        intake.wait(number, (each.body for each in ready.waiting if each.dataset == number), now=now)
    return applied.new + len(ready.waiting), applied.known
