"""Segment jobs: the wish that everybody be evaluated, and what became of it ("Segment jobs API endpoint").

A job evaluates every audience and computed attribute, whichever it names: what they read of a person is the same.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from enum import StrEnum

from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.model import Xdm

_KEPT = 100


class Status(StrEnum):
    """Where a job is, in Adobe's words."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    CANCELLED = "CANCELLED"


OPEN = (Status.QUEUED, Status.PROCESSING)
"""Those of jobs that aren't over."""


def queue(connection: sqlite3.Connection, segments: Sequence[Xdm], *, source: str, now: int) -> Xdm:
    """A new job, from "api" or "scheduler", inside the caller's transaction. Of those that are over the last 100 are kept."""
    for job in listed(connection)[_KEPT:]:
        if job["status"] not in OPEN:
            documents.remove(connection, Kind.SEGMENT_JOB, job["id"])
    job = {
        "id": str(uuid.uuid4()),
        "profileInstanceId": "ups",
        "source": source,
        "status": Status.QUEUED.value,
        "segments": list(segments),
        "creationTime": now,
    }
    return _kept(connection, job, now)


def listed(connection: sqlite3.Connection) -> list[Xdm]:
    """All of them, the newest first."""
    return list(reversed(documents.all(connection, Kind.SEGMENT_JOB).values()))


def found(connection: sqlite3.Connection, job_id: str) -> Xdm | None:
    """The job with that id."""
    return documents.get(connection, Kind.SEGMENT_JOB, job_id)


def open_jobs(connection: sqlite3.Connection) -> list[Xdm]:
    """Those that aren't over."""
    return [job for job in listed(connection) if job["status"] in OPEN]


def cancel(connection: sqlite3.Connection, job: Xdm, *, now: int) -> None:
    """Nobody waits for it any more, inside the caller's transaction. One that is over stays what it was."""
    if job["status"] in OPEN:
        _kept(connection, job | {"status": Status.CANCELLED.value}, now)


def begin(connection: sqlite3.Connection, *, now: int) -> None:
    """From now on the queued ones are being processed, inside the caller's transaction."""
    for job in open_jobs(connection):
        if job["status"] == Status.QUEUED:
            _kept(connection, job | {"status": Status.PROCESSING.value, "startTime": now}, now)


def finish(connection: sqlite3.Connection, profiles: int, *, now: int) -> None:
    """Those that are being processed have succeeded with that many profiles, inside the caller's transaction."""
    for job in open_jobs(connection):
        if job["status"] == Status.PROCESSING:
            metrics = {
                "totalTime": _span(job["creationTime"], now),
                "profileSegmentationTime": _span(job["startTime"], now),
                "totalProfiles": profiles,
            }
            _kept(connection, job | {"status": Status.SUCCEEDED.value, "metrics": metrics}, now)


def last_success(connection: sqlite3.Connection) -> int | None:
    """When the last that succeeded was begun (ms): what was configured before has been evaluated for everybody."""
    return max((job["startTime"] for job in listed(connection) if job["status"] == Status.SUCCEEDED), default=None)


def _span(start: int, end: int) -> Xdm:
    return {"startTimeInMs": start, "endTimeInMs": end, "totalTimeInMs": end - start}


def _kept(connection: sqlite3.Connection, job: Xdm, now: int) -> Xdm:
    kept = job | {"updateTime": now, "updateEpoch": now // 1000}
    documents.put(connection, Kind.SEGMENT_JOB, job["id"], kept, now=now)
    return kept
