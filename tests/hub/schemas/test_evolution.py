from __future__ import annotations

from typing import Any

import pytest

from bot.hub.schemas.evolution import breaking

BEFORE: dict[str, Any] = {
    "name": {"type": "string", "maxLength": 10, "enum": ["a", "b"]},
    "order": {"type": "object", "properties": {"total": {"type": "number", "minimum": 0}}, "required": ["total"]},
    "tags": {"type": "array", "items": {"type": "string"}},
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"age": {"type": "integer"}},
        {"name": {"type": "string", "maxLength": 20, "enum": ["a", "b", "c"], "title": "Name"}},
        {"name": {"type": "string"}},
        {"order": {"type": "object", "properties": {"total": {"type": "number", "minimum": -1}, "tax": {"type": "number"}}}},
    ],
)
def test_growth(change: dict[str, Any]) -> None:
    """Fields may come, and demands may be loosened."""
    assert breaking(BEFORE, BEFORE | change) is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": {"type": "integer"}}, "/name has another type"),
        ({"name": BEFORE["name"] | {"maxLength": 5}}, "/name has another maxLength"),
        ({"name": BEFORE["name"] | {"enum": ["a"]}}, "/name has another enum"),
        ({"name": BEFORE["name"] | {"pattern": "^a"}}, "/name has another pattern"),
        ({"order": {"type": "object", "properties": {}}}, "/order/total is gone"),
        ({"order": BEFORE["order"] | {"required": ["tax", "total"]}}, "/order has another required"),
        (
            {"order": {"type": "object", "properties": {"total": {"type": "number", "minimum": 1}}}},
            "/order/total has another minimum",
        ),
        ({"tags": {"type": "array", "items": {"type": "number"}}}, "/tags/items has another type"),
    ],
)
def test_breaking(change: dict[str, Any], sentence: str) -> None:
    """What stored records might not fit any more is told with its path."""
    assert breaking(BEFORE, BEFORE | change) == f"{sentence}: a schema with data only grows"


def test_gone() -> None:
    """A field that goes is told, too."""
    assert breaking(BEFORE, {"name": BEFORE["name"], "tags": BEFORE["tags"]}) == "/order is gone: a schema with data only grows"
