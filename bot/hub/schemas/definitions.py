"""Whether what is posted as a schema or a part of one is a definition that the hub understands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.schemas.composition import inside

TYPES = ("string", "number", "integer", "boolean", "object", "array")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "type": (lambda value: value in TYPES, f"is one of {', '.join(TYPES)}"),
    **dict.fromkeys(
        ("title", "description", "format", "pattern", "$ref", "$id", "$schema", "version"),
        (lambda value: isinstance(value, str), "is a text"),
    ),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), (_is_number, "is a number")),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), (_is_count, "is a whole number, 0 or more")),
    **dict.fromkeys(
        ("enum", "allOf", "examples"),
        (lambda value: isinstance(value, list) and bool(value), "is an array that isn't empty"),
    ),
    "required": (lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value), "is an array of names"),
    **dict.fromkeys(("properties", "definitions"), (lambda value: isinstance(value, dict), "is an object of fields by name")),
    **dict.fromkeys(("items", "additionalProperties"), (lambda value: isinstance(value, dict | bool), "defines a field")),
    "uniqueItems": (lambda value: isinstance(value, bool), "is true or false"),
}
"""By JSON Schema's keyword: whether its value is one, and what it should be."""


def check(resource: Xdm, tenant: str | None) -> None:
    """Check a schema or field group of `tenant` (without underscore), or a data type (None): it is JSON Schema as XDM uses it.

    Raises:
        Malformed: the text says where and what is wrong, and what would be right.
    """
    for path, reason in _problems(resource, ""):
        raise Malformed(f"{path or 'the definition'} {reason}")
    for field in _roots(resource, resource) if tenant else ():
        if field != f"_{tenant}":
            raise Malformed(f"{field} must lie under _{tenant}: fields of one's own do, so that they never collide with Adobe's")


def _problems(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(node, dict):
        yield path, "must be an object that defines a field"
        return
    for key, value in node.items():
        if reason := _wrong(key, value):
            yield f"{path}/{key}", reason
    if node.get("type") == "array" and "items" not in node and "$ref" not in node:
        yield path, "is an array, and needs items"
    yield from _problems_below(node, path)


def _problems_below(node: Xdm, path: str) -> Iterator[tuple[str, str]]:
    for key in ("properties", "definitions"):
        for name, field in _dict(node.get(key)).items():
            yield from _problems(field, f"{path}/{key}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from _problems(node[key], f"{path}/{key}")
    for place, part in enumerate(node["allOf"] if isinstance(node.get("allOf"), list) else ()):
        yield from _problems(part, f"{path}/allOf/{place}")


def _dict(value: Any) -> Xdm:
    return value if isinstance(value, dict) else {}


def _wrong(key: str, value: Any) -> str | None:
    if key == "default" or key.startswith("meta:"):
        return None
    fits, sentence = _RULES.get(key, (_never, _UNKNOWN))
    return None if fits(value) else sentence


def _never(_value: Any) -> bool:
    return False


_UNKNOWN = "isn't understood; fields are defined with type, format, properties, items, enum, minimum and the like"


def _roots(node: Xdm, root: Xdm, above: frozenset[str] = frozenset()) -> Iterator[str]:
    """The fields that the resource itself adds to the top of a record: its own, and those of the definitions it refers to."""
    yield from node.get("properties", ())
    reference = node.get("$ref", "")
    if reference.startswith("#/") and reference not in above:
        yield from _roots(inside(root, reference), root, above | {reference})
    for part in node.get("allOf", ()):
        yield from _roots(part, root, above)
