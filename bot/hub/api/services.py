"""What the hub's endpoints work with, as one value that each of them is given."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from bot.hub.database.connection import Database, transaction
from bot.hub.database.reading import Reading
from bot.hub.ims import Credentials
from bot.hub.ingestion.inlet import Inlet
from bot.hub.model import Organisation
from bot.hub.segments import jobs
from bot.hub.times import milliseconds

__all__ = ["HubServices", "Inlet"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class HubServices:
    """The hub's file, who may ask, what time it is (aware), and where records go in."""

    database: Database
    credentials: Credentials
    clock: Callable[[], datetime]
    inlet: Inlet

    @property
    def now(self) -> int:
        """The present in whole milliseconds since 1970."""
        return milliseconds(self.clock())

    @property
    def organisation(self) -> Organisation:
        """All that is configured, as of now."""
        return self.database.organisation()

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """The connection on which look-ups read: one for the whole application, which serves in a single thread."""
        return self.database.reader()

    @cached_property
    def reading(self) -> Reading:
        """Look-ups of people and what is known of them, on `connection`."""
        return Reading(self.connection, self.database)

    def evaluate_again(self, connection: sqlite3.Connection) -> None:
        """Have everybody evaluated, inside the caller's transaction: what profiles are made of is configured differently now.

        Adobe's would wait for its daily job; memberships that don't match the profile they stand on needn't.
        """
        waiting = any(job["status"] == jobs.Status.QUEUED for job in jobs.open_jobs(connection))
        if self.organisation.evaluates and not waiting:
            jobs.queue(connection, [], source="scheduler", now=self.now)

    async def change(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `work` on a connection of its own, in one transaction that is durable when this returns.

        In a thread, since it may have to wait for an import's transaction, which look-ups needn't. What `work` raises is raised
        here, and nothing was changed.
        """
        return await asyncio.to_thread(self._change, work)

    def _change(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with closing(self.database.writer()) as connection, transaction(connection):
            return work(connection)
