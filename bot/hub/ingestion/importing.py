"""A file goes into a dataset, batch by batch, each committed with how far that is: after any end it can be gone on with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection
from typing import Protocol

from bot.hub.database import imports
from bot.hub.database.connection import Database, transaction
from bot.hub.database.imports import Import, Refusal, Status
from bot.hub.database.intake import Intake
from bot.hub.ingestion.batch import Batch, batches
from bot.hub.ingestion.files import Place, UnreadableFile
from bot.hub.ingestion.rejecting import RejectFile
from bot.hub.ingestion.source import Source, reader_of
from bot.hub.ingestion.storing import store
from bot.hub.model import Organisation

FILE = "file"
"""The kind of an import whose id is that of its `Source`."""


class Overtaken(RuntimeError):
    """Another process imports the same file into the same dataset."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: `position` of `size`, in the file's own units, and what became of the records up to there.

    `accepted` were new, `known` changed nothing, and `rejected` are in the file `rejects`.
    """

    position: int
    size: int
    lines: int
    accepted: int
    known: int
    rejected: int
    rejects: Path


class Batching(Protocol):
    """Prepares a file: `batches`, or the same in another process."""

    def __call__(self, source: Source, organisation: Organisation, start: Place, *, now: int) -> Iterator[Batch]:
        """The file from `start` on."""


def quiet(_progress: Progress) -> None:
    """Tell nobody."""


def import_file(
    database: Database,
    source: Source,
    *,
    now: int,
    told: Callable[[Progress], None] = quiet,
    again: bool = False,
    batching: Batching = batches,
) -> Progress:
    """Take the whole file in, and say what became of it. `told` hears of each batch that is committed, and of the beginning.

    An import that ended early goes on where it was, as does one of a file that has grown since; `again` starts from the
    beginning, which changes nothing of what is known already. `now` (milliseconds) is the time of profile records that don't say
    their own.

    Raises:
        UnreadableFile, WrongMapping: the file can't be imported as it is; nothing was taken in.
        Overtaken: another process imports it too, and goes on.
        OSError: the file can't be read, or the rejects can't be written.
    """
    with closing(steps(database, source, now=now, again=again, batching=batching)) as importing:
        for progress in importing:
            told(progress)
    return progress


def steps(
    database: Database, source: Source, *, now: int, again: bool = False, batching: Batching = batches
) -> Generator[Progress, None, None]:
    """`import_file` step by step: first where it begins, then each time that something is committed. Raises as it does."""
    with closing(database.writer(importing=True)) as connection:
        yield from _Importing(database, connection, source, now).run(batching, again=again)


class _Reconfigured(Exception):
    """The dataset, its schema or the namespaces aren't any more what the batch was prepared for."""


class _Importing:
    def __init__(self, database: Database, connection: Connection, source: Source, now: int) -> None:
        self._database = database
        self._connection = connection
        self._intake = Intake(connection)
        self._source = source
        self._rejects = RejectFile(source.rejects_path)
        self._now = now
        self._organisation = database.organisation()
        self._reader = reader_of(source, self._organisation)
        self._size = self._reader.size()

    def run(self, batching: Batching, *, again: bool) -> Iterator[Progress]:
        state = self._begun(again=again)
        yield self._progress(state)
        ended = False
        while not ended:
            try:
                for batch in batching(self._source, self._organisation, _place(state), now=self._now):
                    state = self._stored(state, batch)
                    yield self._progress(state)
                ended = True
            except _Reconfigured:
                self._organisation = self._database.organisation()
        self._end(state)

    def _begun(self, *, again: bool) -> Import:
        with transaction(self._connection):
            state = imports.get(self._connection, self._source.id)
            if again or state is None or state.details["mark"] != self._mark(_place(state)):
                if state is not None:
                    RejectFile(Path(state.details["rejects_path"])).cut(0)
                    imports.forget(self._connection, self._source.id)
                state = self._new()
            self._check_rejects(state)
            state = replace(state, details=state.details | {"rejects_path": self._rejects_path})
            imports.save(self._connection, replace(state, status=Status.RUNNING, updated=self._now))
            self._rejects.cut(state.details["rejects"])
        return state

    def _check_rejects(self, state: Import) -> None:
        """Pass if the file of the rejects is this import's to write and to delete. Raises UnreadableFile."""
        if self._rejects.strange():
            raise UnreadableFile(f"{self._rejects.path}: is there, and holds no rejects; name another file for them")
        if state.details["rejects"] and state.details["rejects_path"] != self._rejects_path:
            raise UnreadableFile(
                f"{state.details['rejects_path']}: holds what was refused so far; rejects go there, or start again"
            )
        for other in imports.all(self._connection):
            held = other.details.get("rejects") and other.details.get("rejects_path") == self._rejects_path
            if held and other.id != state.id:
                raise UnreadableFile(f"{self._rejects.path}: holds what another import refused; name another file for rejects")

    def _new(self) -> Import:
        return Import(
            id=self._source.id,
            dataset=self._dataset_number(),
            kind=FILE,
            status=Status.RUNNING,
            started=self._now,
            updated=self._now,
            details={
                "file": self._source.path.name,
                "mark": self._mark(Place()),
                "rejects": 0,
                "rejects_path": self._rejects_path,
            },
        )

    @property
    def _rejects_path(self) -> str:
        return str(self._rejects.path.resolve())

    def _dataset_number(self) -> int:
        dataset = self._organisation.dataset(self._source.dataset)
        assert dataset is not None  # noqa: S101 - or there would be no reader
        return dataset.number

    def _stored(self, state: Import, batch: Batch) -> Import:
        """Commit the batch together with how far the import is by then."""
        with transaction(self._connection):
            organisation = self._database.organisation()  # as it stays until the end of this transaction
            if _relevant(organisation, self._source) != _relevant(self._organisation, self._source):
                raise _Reconfigured
            there = imports.get(self._connection, state.id)
            if there is None or there.position != state.position:
                raise Overtaken(f"{self._source.path}: another process imports it into the same dataset")
            new, known = store(self._intake, batch.ready, organisation, now=self._now)
            imports.refuse(self._connection, state.id, (Refusal(*each) for each in batch.ready.rejects), now=self._now)
            state = replace(
                state,
                position=batch.end.position,
                line=batch.end.line,
                accepted=state.accepted + new,
                known=state.known + known,
                rejected=state.rejected + len(batch.refused),
                updated=self._now,
                details=state.details | {"mark": self._mark(batch.end), "rejects": self._rejects.append(batch.refused)},
            )
            imports.save(self._connection, state)
        return state

    def _end(self, state: Import) -> None:
        with transaction(self._connection):
            imports.save(self._connection, replace(state, status=Status.DONE))

    def _mark(self, place: Place) -> str:
        mapping = hashlib.sha256(self._source.mapping.read_bytes()).hexdigest() if self._source.mapping else ""
        return f"{self._reader.mark(place)} {mapping}"

    def _progress(self, state: Import) -> Progress:
        return Progress(
            state.position, self._size, state.line, state.accepted, state.known, state.rejected, self._source.rejects_path
        )


def _place(state: Import) -> Place:
    return Place(state.position, state.line)


def _relevant(organisation: Organisation, source: Source) -> tuple[object, ...]:
    """What a record of the source is prepared by."""
    dataset = organisation.dataset(source.dataset)
    return dataset, dataset and organisation.schema(dataset.schema), organisation.namespaces
