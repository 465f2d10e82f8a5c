"""How much is in a hub, and what isn't done yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.hub.database import unsettled


@dataclass(frozen=True, slots=True)
class Content:
    """What a dataset holds: profile records (the newest of each identity), events, and records that wait for it to be enabled."""

    fragments: int = 0
    events: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts, and `bytes` on the disk with the log.

    `oldest` is when what is longest unsettled arrived, in milliseconds; None if everything is computed. `datasets` is by number.
    """

    profiles: int
    identities: int
    fragments: int
    events: int
    waiting: int
    rejects: int
    unsettled: int
    oldest: int | None
    bytes: int
    datasets: Mapping[int, Content]


def status(connection: sqlite3.Connection) -> Figures:
    """All of it as of one moment if inside a `snapshot`. Counts by walking the tables: seconds with millions of rows."""
    fragments = _by_dataset(connection, "fragment")
    events = _by_dataset(connection, "event")
    waiting = _by_dataset(connection, "waiting")
    return Figures(
        profiles=_number(connection, "SELECT count(DISTINCT person) FROM identity"),
        identities=_number(connection, "SELECT count(*) FROM identity"),
        fragments=sum(fragments.values()),
        events=sum(events.values()),
        waiting=sum(waiting.values()),
        rejects=_number(connection, "SELECT count(*) FROM reject"),
        unsettled=unsettled.count(connection),
        oldest=unsettled.oldest(connection),
        bytes=_size(connection),
        datasets={
            number: Content(fragments.get(number, 0), events.get(number, 0), waiting.get(number, 0))
            for number in sorted(fragments.keys() | events.keys() | waiting.keys())
        },
    )


def _by_dataset(connection: sqlite3.Connection, table: str) -> dict[int, int]:
    return dict(connection.execute(f"SELECT dataset, count(*) FROM {table} GROUP BY dataset"))  # noqa: S608 - this module's tables


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _size(connection: sqlite3.Connection) -> int:
    (_, _, name) = connection.execute("PRAGMA database_list").fetchone()
    return sum(path.stat().st_size for path in (Path(name), Path(f"{name}-wal")) if path.exists())
