"""A hub that nobody misses: one that is made anew at each start, as the sample is."""

from __future__ import annotations

import sqlite3

from bot.hub.database.connection import Database


class Fleeting(Database):
    """Its writers don't wait for the disk, which makes filling it twice as fast; power that fails may spoil it."""

    def writer(self, *, importing: bool = False) -> sqlite3.Connection:
        """A connection whose transactions are seen by everybody when `transaction` returns, and on the disk some time later."""
        connection = super().writer(importing=importing)
        connection.execute("PRAGMA synchronous = OFF")
        return connection
