"""`customer-bot hub import FILE`: a file of records goes into a dataset."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import OperationalError
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from bot.cli.hub_file import HubOption, dataset_of, milliseconds, opened
from bot.errors import ConfigurationError
from bot.hub.database import unsettled
from bot.hub.database.connection import Database
from bot.hub.ingestion.ahead import PreparationEnded, batching_for
from bot.hub.ingestion.background import IMPORTING, work_behind
from bot.hub.ingestion.files import UnreadableFile
from bot.hub.ingestion.importing import Overtaken, Progress, import_file
from bot.hub.ingestion.mapping import WrongMapping
from bot.hub.ingestion.source import Source
from bot.hub.ingestion.taking import MANY, Taking
from bot.hub.segments.evaluation import Evaluation

NOT_ALL = 1

_TOLD_EVERY = 1.0
"""Seconds between two counts of those that wait: of a million, a count takes a tenth of one."""


def import_(
    file: Annotated[Path, typer.Argument(help="JSON Lines (.jsonl), CSV (.csv, .tsv) or Parquet (.parquet).", dir_okay=False)],
    dataset: Annotated[str, typer.Option(help="Name or id of the dataset.")],
    mapping: Annotated[Path | None, typer.Option(help="YAML file that says which column is which field.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where refused records go; by default FILE.rejects.jsonl.")] = None,
    again: Annotated[bool, typer.Option("--again", help="From the beginning, not from where it was left.")] = False,
    compute: Annotated[
        bool, typer.Option(help="Bring audiences and computed attributes up to date; else a running `hub serve` does.")
    ] = True,
    hub: HubOption = None,
) -> None:
    """Take a file's records in. Exit code 1 if some were refused. One that was interrupted goes on where it was."""
    with opened(hub) as database:
        source = Source(file, dataset_of(database.organisation(), dataset).id, mapping, rejects)
        work_behind(IMPORTING)
        with _bars() as bars:
            done = _imported(database, source, bars, again=again)
            if compute:
                _computed(database, bars)
    typer.echo(told(done))
    if done.rejected:
        raise typer.Exit(NOT_ALL)


def told(done: Progress) -> str:
    """What became of a file, in a sentence or two."""
    counts = (
        f"{done.lines:,} lines: {done.accepted:,} records are new, {done.known:,} change nothing, {done.rejected:,} were refused."
    )
    return f"{counts}\nThe refused ones, each with line, path and reason: {done.rejects}" if done.rejected else counts


def _imported(database: Database, source: Source, bars: Bars, *, again: bool) -> Progress:
    task = bars.add_task(source.path.name, total=None, done="")

    def show(progress: Progress) -> None:
        done = f"{progress.accepted + progress.known:,} in, {progress.rejected:,} refused"
        bars.update(task, completed=progress.position, total=progress.size, done=done)

    try:
        batching = batching_for(source.path)
        return import_file(database, source, now=milliseconds(), told=show, again=again, batching=batching)
    except (UnreadableFile, WrongMapping, Overtaken, PreparationEnded) as error:
        raise ConfigurationError((f"{error}.",)) from None
    except OSError as error:
        raise ConfigurationError((f"{error.filename or source.rejects_path}: {error.strerror}.",)) from None
    except OperationalError as error:  # the disk is full, or somebody else has been writing for half a minute
        raise ConfigurationError((f"{database.path}: {error}. The same command goes on from here.",)) from None


def _computed(database: Database, bars: Bars) -> None:
    """Evaluate those of whom something arrived."""
    with closing(database.reader()) as reader, closing(Taking(database, _evaluation(database))) as taking:
        total = unsettled.count(reader)
        task = bars.add_task("audiences", total=total, done="", visible=total > 0)
        told = time.monotonic()
        while taking.step(now=milliseconds(), people=MANY):
            if time.monotonic() - told >= _TOLD_EVERY:
                left = unsettled.count(reader)
                bars.update(task, completed=total - left, done=f"{left:,} left")
                told = time.monotonic()


def _evaluation(database: Database) -> Evaluation:
    return Evaluation(database, lambda: datetime.now(UTC))


def _bars() -> Bars:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Bars(*columns, TextColumn("{task.fields[done]}"), console=Console(stderr=True), transient=True)
