from __future__ import annotations

from typing import Any

import pytest

from bot.hub.malformed import Malformed
from bot.hub.schemas.definitions import check
from bot.hub.schemas.validation import compiled
from tests.hub.schemas.test_composition import GROUP

GOOD = {
    "title": "Shop",
    "type": "object",
    "meta:intendedToExtend": ["https://ns.adobe.com/xdm/context/profile"],
    "definitions": {
        "shop": {"properties": {"_demo": {"type": "object", "properties": {"visits": {"type": "integer", "minimum": 0}}}}}
    },
    "allOf": [{"$ref": "#/definitions/shop"}],
}


def field(**definition: Any) -> dict[str, Any]:
    return {"title": "Shop", "properties": {"_demo": {"type": "object", "properties": {"field": definition}}}}


def test_good() -> None:
    """A field group in Adobe's form is a definition, and so is one whose fields stand directly in it."""
    check(GOOD, "demo")
    check(GROUP, "demo")
    check(field(type="array", items={"type": "string", "maxLength": 3}, uniqueItems=True), "demo")
    check(field(type="object", additionalProperties={"type": "number"}, **{"meta:xdmType": "map"}), "demo")
    check(field(type="string", enum=["a"], default="a", **{"meta:enum": {"a": "A"}}), "demo")


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (field(type="text"), "/properties/_demo/properties/field/type is one of string, number"),
        (field(type="array"), "/properties/_demo/properties/field is an array, and needs items"),
        (field(type="string", maxLength=-1), "/properties/_demo/properties/field/maxLength is a whole number, 0 or more"),
        (field(type="number", minimum="low"), "/properties/_demo/properties/field/minimum is a number"),
        (field(type="string", enum=[]), "/properties/_demo/properties/field/enum is an array that isn't empty"),
        (field(type="object", required=[[]]), "/properties/_demo/properties/field/required is an array of names"),
        (field(type="string", oneOf=[]), "/properties/_demo/properties/field/oneOf isn't understood"),
        (field(type="string", title=7), "/properties/_demo/properties/field/title is a text"),
        (field(type="array", items="string"), "/properties/_demo/properties/field/items defines a field"),
        ({"properties": {"_demo": 7}}, "/properties/_demo must be an object that defines a field"),
        ({"properties": []}, "/properties is an object of fields by name"),
        ({"properties": {"nickname": {"type": "string"}}}, "nickname must lie under _demo"),
        (
            {"definitions": {"a": {"properties": {"_acme": {"type": "object"}}}}, "allOf": [{"$ref": "#/definitions/a"}]},
            "_acme must lie under _demo",
        ),
        ({"allOf": [{"$ref": "#/definitions/a"}]}, "refers to #/definitions/a, which isn't in it"),
    ],
)
def test_bad(resource: dict[str, Any], words: str) -> None:
    """What isn't a definition is refused with where, and what would be right."""
    with pytest.raises(Malformed) as error:
        check(resource, "demo")

    assert words in str(error.value)


def test_pattern() -> None:
    """A pattern that is no regular expression is found when the schema is compiled."""
    with pytest.raises(Malformed, match="/properties/a/pattern"):
        compiled({"a": {"type": "string", "pattern": "("}})
