"""Preparing in a process of its own: the next batch is parsed and validated while the last one is stored."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from bot.hub.ingestion.background import work_behind
from bot.hub.ingestion.batch import Batch, batches
from bot.hub.ingestion.files import Place
from bot.hub.ingestion.importing import Batching
from bot.hub.ingestion.source import Source
from bot.hub.model import Organisation

WORTH_IT = 5_000_000
"""Bytes of a file from which on two processes are faster than one: a process takes a third of a second to start."""


class PreparationEnded(RuntimeError):
    """The process that prepares records has died. What was committed stays, and the import can be gone on with."""


def batching_for(path: Path) -> Batching:
    """How a file of that size is prepared fastest. Raises OSError."""
    return batches_ahead if path.stat().st_size >= WORTH_IT else batches


def batches_ahead(source: Source, organisation: Organisation, start: Place, *, now: int) -> Iterator[Batch]:
    """As `batches`, one batch ahead of whoever asks. Raises what `batches` raises, and PreparationEnded if the process dies."""
    here, there = Pipe()
    command = [sys.executable, "-m", __name__, str(there.fileno())]
    with here, subprocess.Popen(command, pass_fds=(there.fileno(),)) as process:  # noqa: S603 - it is this module
        there.close()
        try:
            with _alive():
                here.send((source, organisation, start, now))
            while True:
                # A pipe holds less than a batch: the process waits with its next one until this one is fetched.
                with _alive():
                    received = here.recv()
                match received:
                    case Batch() as batch:
                        yield batch
                    case None:
                        return
                    case error:
                        raise error
        finally:
            process.kill()


@contextmanager
def _alive() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError):
        raise PreparationEnded("the process that prepares records has died; the import can be gone on with") from None


def main(pipe: Connection) -> None:
    """Send the batches that are asked for through `pipe`, then None, or the error that ends them."""
    source, organisation, start, now = pipe.recv()
    try:
        for batch in batches(source, organisation, start, now=now):
            pipe.send(batch)
    except (ValueError, OSError) as error:
        pipe.send(error)
    else:
        pipe.send(None)


if __name__ == "__main__":
    work_behind(0)  # the process that asks is nice, and this one with it
    with suppress(BrokenPipeError, KeyboardInterrupt), Connection(int(sys.argv[1])) as connection:
        main(connection)
