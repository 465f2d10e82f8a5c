"""Whether a record is one of its schema, and if not, where and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from bot.hub.malformed import Malformed
from bot.hub.model import Schema, Xdm
from bot.hub.rejects import dotted


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at `path` (dotted); `reason` says what would be right and holds no value of the record."""

    path: str
    reason: str


class Validator:
    """Validates records of one schema. Making one costs milliseconds, using it microseconds.

    A field that the schema doesn't have is a problem: Adobe's documents are silent on it (its services drop some and refuse
    others), and dropping it would lose data that nobody is told of.
    """

    def __init__(self, schema: Schema) -> None:
        """Raises Malformed if its definitions aren't JSON Schema, naming which."""
        self._validator = compiled(schema.properties, schema.document.get("required", ()))

    def problem(self, record: Xdm) -> Problem | None:
        """The first problem, if there is one."""
        return None if self._validator.is_valid(record) else next(self.problems(record))

    def problems(self, record: Xdm) -> Iterator[Problem]:
        """All problems."""
        for error in self._validator.iter_errors(record):
            yield from _told(list(_true_path(record, error.instance_path)), error.kind)


def compiled(properties: Xdm, required: Iterable[str] = ()) -> jsonschema_rs.Draft7Validator:
    """The validator of records that have these properties and no others. Raises Malformed, naming the definition at fault."""
    document = _closed({"type": "object", "properties": properties, "required": list(required)})
    try:
        return jsonschema_rs.Draft7Validator(document, validate_formats=True)
    except jsonschema_rs.ValidationError as error:
        raise Malformed(f"/{'/'.join(map(str, error.instance_path))} isn't JSON Schema ({error.kind.name})") from None


def _closed(node: Xdm) -> Xdm:
    """The JSON Schema, where an object that lists its properties has no others."""
    copy = dict(node)
    if "properties" in node:
        copy["properties"] = {key: _closed(value) for key, value in node["properties"].items()}
        copy.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            copy[key] = _closed(node[key])
    return copy


def _true_path(record: Xdm, path: Iterable[str | int]) -> Iterator[str | int]:
    """The path without keys of digits: the library gives one, such as a phone number in a map, as if it were a position."""
    node: Any = record
    for step in path:
        yield step if isinstance(step, str) or isinstance(node, list) else "*"
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list):
            node = node[int(step)]


def _told(path: list[str | int], kind: Kind) -> Iterator[Problem]:
    match kind:
        case Kind.AdditionalProperties(unexpected=names):
            for name in names:
                yield Problem(dotted((*path, name)), "is no field of the schema")
        case Kind.Required(property=name):
            yield Problem(dotted((*path, str(name))), "is missing")
        case _:
            yield Problem(dotted(path), _reason(kind))


def _reason(kind: Kind) -> str:
    words = _REASONS.get(kind.name)
    return words.format(_listed(kind.value)) if words else f"isn't as the schema demands ({kind.name})"


_REASONS = {
    "type": "isn't of type {}",
    "enum": "isn't one of {}",
    "const": "isn't {}",
    "format": "isn't in the format {}",
    "pattern": "doesn't match {}",
    "minimum": "is less than {}",
    "maximum": "is more than {}",
    "exclusiveMinimum": "isn't more than {}",
    "exclusiveMaximum": "isn't less than {}",
    "multipleOf": "isn't a multiple of {}",
    "minLength": "is shorter than {} characters",
    "maxLength": "is longer than {} characters",
    "minItems": "has fewer than {} items",
    "maxItems": "has more than {} items",
    "uniqueItems": "has the same item twice",
}
"""By the keyword that wasn't met; the keyword's value is the schema's, so it may be told."""


def _listed(value: Any) -> str:
    return " or ".join(sorted(map(str, value))) if isinstance(value, list) else str(value)
