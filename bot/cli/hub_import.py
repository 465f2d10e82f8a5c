"""`customer-bot hub import FILE`: a file of records goes into a dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from bot.cli.hub_file import HubOption, dataset_of, milliseconds, opened
from bot.errors import ConfigurationError
from bot.hub.database.connection import Database
from bot.hub.ingestion.ahead import batching_for
from bot.hub.ingestion.files import UnreadableFile
from bot.hub.ingestion.importing import Overtaken, Progress, import_file
from bot.hub.ingestion.mapping import WrongMapping
from bot.hub.ingestion.source import Source

NOT_ALL = 1
POLITE = 10
"""Look-ups of a service on the same machine go before."""


def import_(
    file: Annotated[Path, typer.Argument(help="JSON Lines (.jsonl), CSV (.csv, .tsv) or Parquet (.parquet).")],
    dataset: Annotated[str, typer.Option(help="Name or id of the dataset.")],
    mapping: Annotated[Path | None, typer.Option(help="YAML file that says which column is which field.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where refused records go; by default FILE.rejects.jsonl.")] = None,
    again: Annotated[bool, typer.Option("--again", help="From the beginning, not from where it was left.")] = False,
    hub: HubOption = None,
) -> None:
    """Take a file's records in. Exit code 1 if some were refused. One that was interrupted goes on where it was."""
    with opened(hub) as database:
        source = Source(file, dataset_of(database.organisation(), dataset).id, mapping, rejects)
        os.nice(POLITE)
        done = _imported(database, source, again=again)
    typer.echo(told(done))
    if done.rejected:
        raise typer.Exit(NOT_ALL)


def told(done: Progress) -> str:
    """What became of a file, in a sentence or two."""
    counts = (
        f"{done.lines:,} lines: {done.accepted:,} records are new, {done.known:,} change nothing, {done.rejected:,} were refused."
    )
    return f"{counts}\nThe refused ones, each with line, path and reason: {done.rejects}" if done.rejected else counts


def _imported(database: Database, source: Source, *, again: bool) -> Progress:
    try:
        with _bar(source.path.name) as show:
            batching = batching_for(source.path)
            return import_file(database, source, now=milliseconds(), told=show, again=again, batching=batching)
    except (UnreadableFile, WrongMapping, Overtaken) as error:
        raise ConfigurationError((f"{error}.",)) from None
    except OSError as error:
        raise ConfigurationError((f"{error.filename}: {error.strerror}.",)) from None


@contextmanager
def _bar(name: str) -> Iterator[Callable[[Progress], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[done]}"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=None, done="")

        def show(progress: Progress) -> None:
            bars.update(
                task,
                completed=progress.position,
                total=progress.size,
                done=f"{progress.accepted + progress.known:,} in, {progress.rejected:,} refused",
            )

        yield show
