"""The JSON Schema of customer.yml, for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.cli.schema import document
from bot.config import CustomerConfig
from bot.customer_file import HUBS, PACKAGED
from tests.cli.conftest import ROOT, Run

SCHEMA = json.loads(document())


def test_published() -> None:
    """docs/customer.schema.json is what the model says; `make schema` writes it anew."""
    assert (ROOT / "docs" / "customer.schema.json").read_text() == document()


def test_printed(run: Run) -> None:
    """The command prints it."""
    told = run("schema")

    assert (told.code, told.out) == (0, document())


@pytest.mark.parametrize("path", [PACKAGED, HUBS], ids=["packaged", "hub's"])
def test_keys(path: Path) -> None:
    """Every key that our own files use is described."""
    assert list(undescribed(YAML(typ="safe").load(path), SCHEMA)) == []


def test_parts() -> None:
    """Every part is described, none is required, and misspelt keys are mistakes."""
    assert set(SCHEMA["properties"]) == set(CustomerConfig.model_fields)
    assert "required" not in SCHEMA
    assert all(part["additionalProperties"] is False for part in SCHEMA["$defs"].values() if part["type"] == "object")


def undescribed(value: object, schema: dict[str, Any], where: str = "") -> Iterator[str]:
    """Where `value` has keys that `schema` doesn't know."""
    options = [resolved(option) for option in schema.get("anyOf", [schema])]
    if isinstance(value, list):
        of_items: dict[str, Any] = next((option["items"] for option in options if "items" in option), {})
        for number, each in enumerate(value):
            yield from undescribed(each, resolved(of_items), f"{where}.{number}")
    elif isinstance(value, dict):
        of_keys: dict[str, Any] = next((option for option in options if option.get("type") == "object"), {})
        known, patterns = of_keys.get("properties", {}), of_keys.get("patternProperties", {})
        others = next(iter(patterns.values()), of_keys.get("additionalProperties"))
        for key, each in value.items():
            if described := known.get(key, others):
                yield from undescribed(each, resolved(described), f"{where}.{key}")
            else:
                yield f"{where}.{key}"


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def test_undescribed() -> None:
    """The check above finds a misspelt key."""
    assert list(undescribed({"facts": [{"kee": 1}], "fakts": []}, SCHEMA)) == [".facts.0.kee", ".fakts"]
