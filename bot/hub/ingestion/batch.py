"""What a file gives, prepared chunk by chunk. It needs no connection, so another process than the one that stores may do it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.hub.ingestion.files import Chunk, Place
from bot.hub.ingestion.preparation import Item, Prepared, prepared
from bot.hub.ingestion.rejecting import Refused
from bot.hub.ingestion.source import Source, reader_of
from bot.hub.model import Dataset, Organisation
from bot.hub.schemas.preparing import Preparing


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes into one transaction: what is `ready`, what was `refused`, and the place up to which that is all."""

    ready: Prepared
    refused: list[Refused] = field(repr=False)
    end: Place


def batches(source: Source, organisation: Organisation, start: Place, *, now: int) -> Iterator[Batch]:
    """The file from `start` on, prepared at the time `now` (milliseconds). Raises UnreadableFile, WrongMapping, OSError."""
    reader = reader_of(source, organisation)
    dataset = organisation.dataset(source.dataset)
    assert dataset is not None  # noqa: S101 - or there would be no reader
    preparing = Preparing(organisation)
    for chunk in reader.chunks(start):
        yield _batch(chunk, dataset, preparing, now)


def _batch(chunk: Chunk, dataset: Dataset, preparing: Preparing, now: int) -> Batch:
    ready = prepared((Item(row.line, dataset, row.record) for row in chunk.rows), preparing, now=now)
    written = {row.line: row.written for row in chunk.rows} if ready.rejects else {}
    return Batch(ready, [Refused(reject, written[reject.place]) for reject in ready.rejects], chunk.end)
