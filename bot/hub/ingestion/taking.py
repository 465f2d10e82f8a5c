"""Storing what was submitted, in one transaction: the step that every way in ends with."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from bot.hub.database import imports, unsettled
from bot.hub.database.connection import Database, transaction
from bot.hub.database.documents import next_number
from bot.hub.database.imports import Refusal
from bot.hub.database.intake import Intake
from bot.hub.ingestion import waiting
from bot.hub.ingestion.batches import Batches
from bot.hub.ingestion.preparation import Item, Prepared, Reject, prepared
from bot.hub.ingestion.rejecting import SUFFIX, Refused, RejectFile
from bot.hub.ingestion.storing import store
from bot.hub.ingestion.submission import ACCEPTED, Outcome, Submission
from bot.hub.model import Organisation
from bot.hub.schemas.preparing import Preparing

EVALUATED_AT_ONCE = 200
"""People in one step: a few tens of milliseconds, so that what arrives meanwhile needn't wait long."""

MANY = 2_000
"""People in one step where nobody waits: a tenth as many transactions."""

STREAMED = "streamed"
"""The name under which refused records are listed that no import brought."""


def rejects_of(database: Database) -> RejectFile:
    """Where those go: beside the hub's file."""
    return RejectFile(database.path.with_name(database.path.name + SUFFIX))


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
        self._rejects = rejects_of(database)
        self._batches = Batches(database)
        self._intake = Intake(self._connection)
        self._organisation = database.organisation()
        self._preparing = Preparing(self._organisation)

    def take(self, submissions: Sequence[Submission], *, now: int) -> list[Outcome]:
        """Store what is valid, durably, and say of each submission, in their order, what became of it. `now` in milliseconds.

        Raises sqlite3.Error, OSError: nothing was stored.
        """
        self._follow(self._database.organisation())
        ready = self._prepared(submissions, now)
        if ready.records or ready.waiting or any(submissions[reject.place].listed for reject in ready.rejects):
            with transaction(self._connection):
                current = self._database.organisation()
                if current.revision != self._organisation.revision:
                    # Nobody can change it any more now that this connection writes. Otherwise a record could be set to wait for
                    # a dataset that has just been enabled.
                    self._follow(current)
                    ready = self._prepared(submissions, now)
                store(self._intake, ready, self._organisation, now=now)
                self._list([reject for reject in ready.rejects if submissions[reject.place].listed], submissions, now)
        outcomes = [ACCEPTED] * len(submissions)
        for place, path, reason in ready.rejects:
            outcomes[place] = Outcome(accepted=False, path=path, reason=reason)
        return outcomes

    def step(self, *, now: int, people: int = EVALUATED_AT_ONCE) -> bool:
        """Do a part of what is due, evaluate up to `people` in it, and say whether there may be more of it."""
        brought_in = self.bring_in(now=now)
        return self.evaluate(people) or brought_in

    def bring_in(self, *, now: int) -> bool:
        """A part of what waited for its dataset to be enabled, and of a batch; whether there may be more."""
        admitted = waiting.admit(self._connection, self._database, now=now)
        imported = self._batches.step(now=now)
        return bool(admitted or imported)

    def evaluate(self, people: int) -> bool:
        """Evaluate up to so many; whether there may be more."""
        return bool(self._evaluating and self._evaluating.work(self._connection, people))

    def settle(self, *, now: int) -> None:
        """Do all that is due: admit what waited for its dataset to be enabled, import batches, evaluate what arrived."""
        while self.step(now=now, people=MANY):
            pass

    @property
    def arrived(self) -> int:
        """Grows with each person of whom something arrives, through whichever process."""
        return unsettled.newest(self._connection)

    def close(self) -> None:
        """Close the connections that wrote."""
        self._batches.close()
        with suppress(sqlite3.ProgrammingError):  # closed before
            self._connection.close()

    def _follow(self, organisation: Organisation) -> None:
        if organisation.revision != self._organisation.revision:
            self._organisation = organisation
            self._preparing = Preparing(organisation)

    def _prepared(self, submissions: Sequence[Submission], now: int) -> Prepared:
        items, strays = [], []
        for place, submission in enumerate(submissions):
            dataset = self._organisation.dataset(submission.dataset)
            if dataset is None:
                strays.append(Reject(place, "", "is for a dataset that isn't in the catalogue"))
            else:
                items.append(Item(place, dataset, submission.body))
        ready = prepared(items, self._preparing, now=now)
        ready.rejects.extend(strays)
        return ready

    def _list(self, rejects: Sequence[Reject], submissions: Sequence[Submission], now: int) -> None:
        """Keep them in the file beside the hub's, numbered in the order in which they came."""
        if not rejects:
            return
        numbered = [
            Refused(reject._replace(place=next_number(self._connection, STREAMED)), submissions[reject.place].body)
            for reject in rejects
        ]
        self._rejects.append(numbered)
        imports.refuse(self._connection, STREAMED, (Refusal(*each.reject) for each in numbered), now=now)
