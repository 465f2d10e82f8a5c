"""Commands that are loaded when they are asked for: all of them together take a second."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup


def group(places: Mapping[str, str], **options: Any) -> typer.Typer:
    """Commands by name, each in its place, `module:function` or `module:group`. `options` are those that typer has for groups."""

    class Loading(TyperGroup):
        """In the order of `places`."""

        def __init__(self, **made: Any) -> None:
            super().__init__(**made)
            self.commands = _Commands(places)

    made = typer.Typer(cls=Loading, no_args_is_help=True, add_completion=False, **options)
    made.callback()(_nothing)
    return made


class _Commands(dict[str, Any]):
    """The names are there from the beginning."""

    def __getitem__(self, name: str) -> Any:
        place = super().__getitem__(name)
        if isinstance(place, str):
            place = self[name] = _loaded(name, place)
        return place

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401 - which would call this


def _loaded(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    return typer.main.get_command(found)


def _nothing() -> None:
    """What a group does before its command."""
