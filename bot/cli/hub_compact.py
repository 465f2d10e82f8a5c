"""`customer-bot hub compact`: the hub's file without what deleted records left of themselves."""

from __future__ import annotations

import typer

from bot.cli.hub_file import HubOption, opened


def compact(hub: HubOption = None) -> None:
    """Write the hub's file anew, without room and remains of what was deleted. Minutes a GB, in which nobody else can write."""
    with opened(hub) as database:
        before = database.path.stat().st_size
        database.compact()
        after = database.path.stat().st_size
    typer.echo(f"From {before / 1e6:,.1f} MB to {after / 1e6:,.1f} MB.")
