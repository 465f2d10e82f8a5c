"""Batches: files that were uploaded go in, one committed step after the other, and are deleted when they are in.

They lie in a folder beside the hub's file, under names of ours: what their sender called them may name a person.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from bot.hub.database import imports
from bot.hub.database.connection import Database, transaction
from bot.hub.database.imports import Import, Status
from bot.hub.ingestion.files import UnreadableFile
from bot.hub.ingestion.importing import Progress, steps
from bot.hub.ingestion.mapping import WrongMapping
from bot.hub.ingestion.rejecting import SUFFIX
from bot.hub.ingestion.source import Source
from bot.hub.model import Xdm

log = structlog.get_logger()

BATCH = "batch"
"""The kind of an import that is a batch. Its details: `format`, `files` by the sender's name, `errors`, `request`."""

SUFFIXES = {"json": ".jsonl", "csv": ".csv", "parquet": ".parquet"}
"""By `inputFormat.format`, in whatever case."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files of a batch lie."""

    path: Path

    @classmethod
    def of(cls, database: Database, batch: Import) -> Folder:
        """That of `batch`, beside the hub's file. It needn't be there."""
        return cls(database.path.with_name(f"{database.path.name}.batches") / batch.id)

    def file(self, name: str, suffix: str) -> Path:
        """Where the file that its sender calls `name` lies."""
        return self.path / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}{suffix}"

    def make(self) -> None:
        """Make it, for the owner alone. Raises OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def hold(self) -> ExitStack | None:
        """Make it this process's until that is closed, or the process ends in whatever way; None if it is another's.

        Raises OSError.
        """
        self.make()
        with ExitStack() as opened:
            descriptor = os.open(self.path, os.O_RDONLY)
            opened.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
            return opened.pop_all()

    def remove(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def clear(self) -> None:
        """Delete what was uploaded; what was refused of it stays. Raises OSError."""
        for path in self.path.glob("*"):
            if not path.name.endswith(SUFFIX):
                path.unlink(missing_ok=True)


class Batches:
    """Imports the batches that are complete, the oldest first. Several processes may do so: each batch is imported by one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = database.writer()
        self._running: Generator[None, None, None] | None = None
        self._clear()

    def step(self, *, now: int) -> bool:
        """Take in a part of a batch; False if none is complete. `now` in milliseconds."""
        if self._running is None:
            self._running = self._next(now)
        if self._running is None:
            return False
        if next(self._running, "ended") == "ended":
            self._running = None
        return True

    def close(self) -> None:
        """Leave what is under way as it is: it is gone on with."""
        if self._running is not None:
            self._running.close()
        self._connection.close()

    def _clear(self) -> None:
        """Delete what a process left that ended between the last record of a batch and the batch's files."""
        for status in (Status.DONE, Status.FAILED, Status.ABORTED):
            for batch in imports.of_kind(self._connection, BATCH, status):
                Folder.of(self._database, batch).clear()

    def _next(self, now: int) -> Generator[None, None, None] | None:
        for complete in imports.of_kind(self._connection, BATCH, Status.RUNNING):
            folder = Folder.of(self._database, complete)
            held = folder.hold()
            if held is None:
                continue
            batch = imports.get(self._connection, complete.id)
            if batch and batch.status == Status.RUNNING:
                return self._imported(batch, folder, held, now)
            held.close()  # another process has just finished it
        return None

    def _imported(self, batch: Import, folder: Folder, held: ExitStack, now: int) -> Generator[None, None, None]:
        with held:
            yield from self._files_imported(batch, folder, now)

    def _files_imported(self, batch: Import, folder: Folder, now: int) -> Generator[None, None, None]:
        dataset = str(batch.details["request"]["datasetId"])
        files: Xdm = {}
        for name, file in batch.details["files"].items():
            path = folder.file(name, SUFFIXES[batch.details["format"]])
            last: Progress | None = None
            problem = ""
            try:
                for last in steps(self._database, Source(path, dataset), now=now):  # noqa: B007 - the last one counts
                    yield
            except (UnreadableFile, WrongMapping, FileNotFoundError) as error:
                # What lies there has a name of ours, which nobody knows.
                problem = str(error).replace(str(path), name)
            except (sqlite3.Error, OSError):
                raise  # it may well go better later
            except Exception as error:  # noqa: BLE001 - what goes wrong each time must not keep all else from being done
                log.error("hub_batch_failed", kind=type(error).__name__)
                problem = f"{name}: can't be imported ({type(error).__name__})"
            files[name] = file | _counted(Source(path, dataset).id, last, problem)
        self._end(batch, files, now)
        folder.clear()

    def _end(self, batch: Import, files: Xdm, now: int) -> None:
        counted = [file for file in files.values() if not file["problem"]]
        with transaction(self._connection):
            imports.save(
                self._connection,
                replace(
                    batch,
                    status=Status.DONE if len(counted) == len(files) else Status.FAILED,
                    line=sum(file["lines"] for file in counted),
                    accepted=sum(file["accepted"] for file in counted),
                    known=sum(file["known"] for file in counted),
                    rejected=sum(file["rejected"] for file in counted),
                    updated=now,
                    details=batch.details | {"files": files, "completed": now},
                ),
            )


def _counted(import_id: str, last: Progress | None, problem: str) -> Xdm:
    counts = {name: getattr(last, name, 0) for name in ("lines", "accepted", "known", "rejected")}
    return {"import": import_id, "problem": problem, **counts}
