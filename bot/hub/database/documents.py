"""What is configured, as JSON documents by kind and id, and the numbers that only grow."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

import orjson

from bot.hub.model import Xdm

_REVISION = "revision"


class Kind(StrEnum):
    """What a document configures."""

    SCHEMA = "schema"
    DESCRIPTOR = "descriptor"
    DATASET = "dataset"
    NAMESPACE = "namespace"
    MERGE_POLICY = "merge_policy"
    AUDIENCE = "audience"
    COMPUTED_ATTRIBUTE = "computed_attribute"
    DATASTREAM = "datastream"
    SEGMENT_JOB = "segment_job"
    TENANT = "tenant"


def put(connection: sqlite3.Connection, kind: Kind, id: str, body: Xdm, *, now: int) -> None:  # noqa: A002 - Adobe's name for it
    """Store `body` as the document `id`, replacing the one before it."""
    connection.execute(
        """
        INSERT INTO document (kind, id, body, created, updated) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, updated = excluded.updated
        """,
        (kind, id, orjson.dumps(body), now, now),
    )
    next_number(connection, _REVISION)


def get(connection: sqlite3.Connection, kind: Kind, id: str) -> Xdm | None:  # noqa: A002 - Adobe's name for it
    """The document `id`, as a new dict."""
    row = connection.execute("SELECT body FROM document WHERE kind = ? AND id = ?", (kind, id)).fetchone()
    return None if row is None else orjson.loads(row[0])


def all(connection: sqlite3.Connection, kind: Kind) -> dict[str, Xdm]:  # noqa: A001 - read as documents.all
    """Every document of that kind by its id, in the order in which they came."""
    rows = connection.execute("SELECT id, body FROM document WHERE kind = ? ORDER BY created, id", (kind,))
    return {id: orjson.loads(body) for id, body in rows}  # noqa: A001 - Adobe's name for it


def remove(connection: sqlite3.Connection, kind: Kind, id: str) -> bool:  # noqa: A002 - Adobe's name for it
    """Delete the document `id`. False if there is none."""
    removed = connection.execute("DELETE FROM document WHERE kind = ? AND id = ?", (kind, id)).rowcount == 1
    if removed:
        next_number(connection, _REVISION)
    return removed


def revision(connection: sqlite3.Connection) -> int:
    """Grows with each change of any document."""
    row = connection.execute("SELECT value FROM counter WHERE name = ?", (_REVISION,)).fetchone()
    return 0 if row is None else int(row[0])


def next_number(connection: sqlite3.Connection, name: str, count: int = 1) -> int:
    """The last of the counter's next `count` numbers, which begin with 1.

    One that was given isn't given again, unless its transaction is taken back.
    """
    row = connection.execute(
        "INSERT INTO counter VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2 RETURNING value", (name, count)
    ).fetchone()
    return int(row[0])
