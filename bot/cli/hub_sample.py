"""`customer-bot hub sample FOLDER`: the files of an invented company, to fill a hub with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ConfigurationError
from bot.hub.sampling import write_sources


def sample(
    folder: Annotated[Path, typer.Argument(help="Made if it isn't there.", file_okay=False)],
    seed: Annotated[int, typer.Option(help="Another number gives other people.")] = 1,
) -> None:
    """Write what an invented company's systems export, and what it takes to set a hub up for it (docs/hub.md)."""
    try:
        write_sources(folder, seed=seed, now=datetime.now(UTC))
    except OSError as error:
        raise ConfigurationError((f"{error.filename}: {error.strerror}.",)) from None
