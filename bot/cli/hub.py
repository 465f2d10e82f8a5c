"""`customer-bot hub …`: the embedded real-time customer profile on its own."""

from __future__ import annotations

import typer

from bot.cli.hub_backup import backup
from bot.cli.hub_compact import compact
from bot.cli.hub_import import import_
from bot.cli.hub_person import delete_, export_
from bot.cli.hub_sample import sample
from bot.cli.hub_serve import serve
from bot.cli.hub_status import status_

hub = typer.Typer(
    name="hub",
    help="The embedded real-time customer profile: serve it, fill it, look into it.",
    no_args_is_help=True,
)
hub.command()(serve)
hub.command()(sample)
hub.command("import")(import_)
hub.command("status")(status_)
hub.command("export")(export_)
hub.command("delete")(delete_)
hub.command()(backup)
hub.command()(compact)
