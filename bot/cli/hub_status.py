"""`customer-bot hub status`: how much is in the hub, and what isn't done yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.hub_file import HubOption, opened
from bot.hub.database import imports
from bot.hub.database.connection import Database, snapshot
from bot.hub.database.figures import Content, Figures, status
from bot.hub.database.imports import Import
from bot.hub.model import Organisation


def status_(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    hub: HubOption = None,
) -> None:
    """Show counts, sizes, imports, rejects, and since when something waits to be computed."""
    with opened(hub) as database:
        figures, runs = _read(database)
        if as_json:
            typer.echo(json.dumps(_plain(figures, runs, database.organisation()), indent=2, ensure_ascii=False))
        else:
            _print(figures, runs, database.organisation())


def _read(database: Database) -> tuple[Figures, list[Import]]:
    with closing(database.reader()) as connection, snapshot(connection):
        return status(connection), imports.all(connection)


def _plain(figures: Figures, runs: list[Import], organisation: Organisation) -> dict[str, Any]:
    datasets = [
        {
            "id": dataset.id,
            "name": dataset.name,
            "enabled": dataset.enabled,
            **asdict(figures.datasets.get(dataset.number, Content())),
        }
        for dataset in organisation.datasets
    ]
    return (
        {name: value for name, value in asdict(figures).items() if name != "datasets"}
        | {"datasets": datasets}
        | {"imports": [asdict(run) | {"dataset": _dataset(organisation, run.dataset)} for run in runs]}
    )


def _print(figures: Figures, runs: list[Import], organisation: Organisation) -> None:
    console = Console()
    whole = Table(box=None, show_header=False)
    for name, value in _lines(figures):
        whole.add_row(name, value)
    console.print(whole)
    console.print(_datasets(figures, organisation))
    if runs:
        console.print(_imports(runs, organisation))


def _lines(figures: Figures) -> Iterator[tuple[str, str]]:
    yield "profiles", f"{figures.profiles:,}"
    yield "identities", f"{figures.identities:,}"
    yield "profile records", f"{figures.fragments:,}"
    yield "events", f"{figures.events:,}"
    yield "waiting for their dataset", f"{figures.waiting:,}"
    yield "rejects", f"{figures.rejects:,}"
    yield "to be computed", f"{figures.unsettled:,}"
    yield "oldest of these", _moment(figures.oldest) if figures.oldest is not None else "–"
    yield "on the disk", f"{figures.bytes / 1e6:,.1f} MB"


def _datasets(figures: Figures, organisation: Organisation) -> Table:
    table = _table("dataset", "enabled", "profile records", "events", "waiting")
    for dataset in organisation.datasets:
        held = figures.datasets.get(dataset.number, Content())
        enabled = "yes" if dataset.enabled else "no"
        table.add_row(dataset.name, enabled, f"{held.fragments:,}", f"{held.events:,}", f"{held.waiting:,}")
    return table


def _imports(runs: list[Import], organisation: Organisation) -> Table:
    table = _table("import", "dataset", "state", "new", "known", "rejects", "lines", "last")
    for run in runs:
        name, dataset = str(run.details.get("file", run.id)), _dataset(organisation, run.dataset)
        counts = (f"{run.accepted:,}", f"{run.known:,}", f"{run.rejected:,}", f"{run.line:,}")
        table.add_row(name, dataset, run.status, *counts, _moment(run.updated))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _dataset(organisation: Organisation, number: int) -> str:
    return next((dataset.name for dataset in organisation.datasets if dataset.number == number), "(deleted)")


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
