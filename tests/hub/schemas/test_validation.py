from __future__ import annotations

from typing import Any

import pytest

from bot.hub.model import Schema
from bot.hub.schemas.validation import Problem, Validator

PROPERTIES: dict[str, Any] = {
    "number": {"type": "number", "minimum": 1, "maximum": 9, "multipleOf": 0.5},
    "between": {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3},
    "text": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^a"},
    "kind": {"type": "string", "enum": ["b", "a"]},
    "items": {
        "type": "array",
        "minItems": 1,
        "maxItems": 2,
        "uniqueItems": True,
        "items": {"type": "object", "properties": {"id": {"type": "string"}}},
    },
    "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
    "open": {"type": "object"},
    "when": {"type": "string", "format": "date-time"},
    "must": {"type": "object", "properties": {"have": {"type": "string"}}, "required": ["have"]},
}


def problems(record: dict[str, Any], **document: Any) -> list[Problem]:
    return list(Validator(Schema("s", "S", event=False, properties=PROPERTIES, document=document)).problems(record))


@pytest.mark.parametrize(
    ("record", "path", "reason"),
    [
        ({"number": 0}, "number", "is less than 1"),
        ({"number": 10}, "number", "is more than 9"),
        ({"number": 1.3}, "number", "isn't a multiple of 0.5"),
        ({"between": 1}, "between", "isn't more than 1"),
        ({"between": 3}, "between", "isn't less than 3"),
        ({"text": "a"}, "text", "is shorter than 2 characters"),
        ({"text": "abcd"}, "text", "is longer than 3 characters"),
        ({"text": "bcd"}, "text", "doesn't match ^a"),
        ({"kind": "c"}, "kind", "isn't one of a or b"),
        ({"items": []}, "items", "has fewer than 1 items"),
        ({"items": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}, "items", "has more than 2 items"),
        ({"items": [{}, {}]}, "items", "has the same item twice"),
        ({"items": [{"id": "1"}, {"name": "x"}]}, "items.1.name", "is no field of the schema"),
        ({"map": {"any": "x"}}, "map.any", "isn't of type boolean"),
        ({"when": "2026-01-01"}, "when", "isn't in the format date-time"),
        ({"must": {}}, "must.have", "is missing"),
    ],
)
def test_problems(record: dict[str, Any], path: str, reason: str) -> None:
    """Each demand of a schema that isn't met is told where it is, in a sentence without values of the record."""
    assert problems(record) == [Problem(path, reason)]


def test_good() -> None:
    """A record that meets all demands has no problem; maps take any key, and objects without listed fields any field."""
    record = {"number": 1.5, "text": "abc", "map": {"x": True}, "open": {"x": {"y": 1}}, "items": [{"id": "1"}]}
    validator = Validator(Schema("s", "S", event=False, properties=PROPERTIES))

    assert validator.problem(record) is None
    assert problems(record) == []


def test_all_problems() -> None:
    """All problems of a record can be had, also several fields that aren't in the schema."""
    assert problems({"x": 1, "y": 2, "number": 0}) == [
        Problem("number", "is less than 1"),
        Problem("x", "is no field of the schema"),
        Problem("y", "is no field of the schema"),
    ]


def test_required() -> None:
    """What a schema requires at the top must be there."""
    assert problems({}, required=["kind"]) == [Problem("kind", "is missing")]
