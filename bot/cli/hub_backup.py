"""`customer-bot hub backup FILE`: a copy of the hub, while others read and write it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.hub_file import HubOption, opened
from bot.errors import ConfigurationError
from bot.hub.database.connection import WrongFile


def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; one that is there is replaced.", dir_okay=False)],
    hub: HubOption = None,
) -> None:
    """Copy the hub as it is at this moment; nobody has to wait for it."""
    with opened(hub) as database:
        try:
            database.backup(file)
        except WrongFile as error:
            raise ConfigurationError((f"{error}.",)) from None
        except OSError as error:
            raise ConfigurationError((f"{file}: {error.strerror}.",)) from None
    typer.echo(f"{file}: {file.stat().st_size / 1e6:,.1f} MB.")
