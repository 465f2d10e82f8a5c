"""Going through everybody, for the jobs that ask for it and once a day."""

from __future__ import annotations

import sqlite3

from bot.hub.database import unsettled
from bot.hub.database.connection import Database, transaction
from bot.hub.model import Organisation
from bot.hub.segments import jobs

DAY = 86_400_000


class Sweeping:
    """Lets everybody wait for evaluation, a few people at a time: those of whom something arrives needn't wait behind them.

    How far it is isn't stored. After a restart the open jobs begin anew, which changes nothing but the time that they take.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._under_way = False
        self._after: int | None = 0
        self._people = 0

    def go_on(self, connection: sqlite3.Connection, limit: int, *, now: int) -> bool:
        """Let the next `limit` people wait, now that nobody does. False if neither a job nor the day asks for it."""
        if not self._under_way:
            self._under_way, self._after, self._people = self._begin(connection, now), 0, 0
            return self._under_way
        with transaction(connection):
            if self._after is None:
                jobs.finish(connection, self._people, now=now)
                self._under_way = False
            else:
                self._after = unsettled.mark_everybody(connection, now=now, after=self._after, limit=limit)
                self._people += unsettled.count(connection)
        return True

    def _begin(self, connection: sqlite3.Connection, now: int) -> bool:
        daily = self._due(connection, now)
        if not daily and not jobs.open_jobs(connection):
            return False
        with transaction(connection):
            if daily:
                jobs.queue(connection, [], source="scheduler", now=now)
            jobs.begin(connection, now=now)
        return True

    def _due(self, connection: sqlite3.Connection, now: int) -> bool:
        organisation = self._database.organisation()
        last = max((job["creationTime"] for job in jobs.listed(connection)), default=_founded(organisation))
        return organisation.evaluates and now - last >= DAY


def _founded(organisation: Organisation) -> int:
    """When the hub was made: Adobe's own namespaces came with it."""
    return min((namespace.created for namespace in organisation.namespaces), default=0)
