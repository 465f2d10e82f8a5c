"""`customer-bot schema`: the JSON Schema of `customer.yml`, for editors."""

from __future__ import annotations

import json
from typing import Any

import typer

from bot.config import CustomerConfig


def schema() -> None:
    """Print the JSON Schema of customer.yml."""
    typer.echo(document(), nl=False)


def document() -> str:
    """The schema as text. Nothing in it is required, since a file says only what is different from the packaged one."""
    return json.dumps(_lenient(CustomerConfig.model_json_schema()), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _lenient(node: Any) -> Any:
    match node:
        case dict():
            return {key: _lenient(value) for key, value in node.items() if key != "required" or not isinstance(value, list)}
        case list():
            return [_lenient(each) for each in node]
    return node
