"""The hub's file, as the commands of `customer-bot hub` open it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot import settings
from bot.errors import ConfigurationError
from bot.hub.database.connection import Database, WrongFile, transaction
from bot.hub.founding import found
from bot.hub.model import Dataset, Organisation
from bot.settings import Settings

HubOption = Annotated[Path | None, typer.Option("--hub", help="The hub's file; by default that of HUB_PATH.")]


def milliseconds() -> int:
    """The present, as the hub counts it."""
    return time.time_ns() // 1_000_000


def chosen() -> Settings:
    """The settings, whether or not Slack and Adobe are set up. Raises ConfigurationError for those that can't be read."""
    read, wrong = settings.readable()
    if wrong:
        raise ConfigurationError(wrong)
    return read


@contextmanager
def opened(path: Path | None, *, make: bool = False) -> Iterator[Database]:
    """The hub at `path`, or that of the settings; a new one if there is none and it is to be made.

    Raises:
        ConfigurationError: none is named, there is none, or it isn't a hub's file.
    """
    asked = chosen()
    path = path or asked.hub_path
    if path is None:
        raise ConfigurationError(("HUB_PATH is missing: the hub's file, e.g. hub.db; or name it with --hub.",))
    if not make and not path.exists():
        raise ConfigurationError((f"{path}: there is no hub; `customer-bot hub serve` makes one.",))
    try:
        database = Database.open(path)
    except WrongFile as error:
        raise ConfigurationError((f"{error}.",)) from None
    with closing(database):
        if not database.organisation().tenant:
            with closing(database.writer()) as connection, transaction(connection):
                found(connection, asked.hub_tenant, milliseconds())
        yield database


def dataset_of(organisation: Organisation, name: str) -> Dataset:
    """The dataset with that id or name. Raises ConfigurationError if there is none or several."""
    if by_id := organisation.dataset(name):
        return by_id
    match list(organisation.datasets_named(name)):
        case [only]:
            return only
        case []:
            known = ", ".join(sorted({dataset.name for dataset in organisation.datasets})) or "none yet"
            raise ConfigurationError((f"--dataset: there is no {name!r}; there are: {known}.",))
        case several:
            ids = ", ".join(dataset.id for dataset in several)
            raise ConfigurationError((f"--dataset: {len(several)} are named {name!r}; name one by its id: {ids}.",))
