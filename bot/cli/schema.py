"""`customer-bot schema`: the JSON Schema of `customer.yml`, for editors."""

from __future__ import annotations

import json

import typer

from bot.config import CustomerConfig


def schema() -> None:
    """Print the JSON Schema of customer.yml."""
    typer.echo(document(), nl=False)


def document() -> str:
    """The schema as text. Every part of the file may be left out, since the packaged one has it."""
    described = CustomerConfig.model_json_schema()
    described.pop("required", None)
    return json.dumps(described, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
