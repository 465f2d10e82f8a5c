"""From the parts that a schema names (`allOf`, `$ref`) to the properties that its records may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from bot.hub.model import EVENT, PROFILE, Xdm
from bot.hub.schemas.standard import standard_resources

CLASSES = {"https://ns.adobe.com/xdm/context/profile": PROFILE, "https://ns.adobe.com/xdm/context/experienceevent": EVENT}
"""The `$id` of each class that a schema may have, and the name by which the Entities API knows it."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A schema with its references resolved. `schema_class` is PROFILE or EVENT."""

    schema_class: str
    properties: Xdm = field(repr=False)


class Composition:
    """Composes schemas of the tenant's `resources` and the standard ones."""

    def __init__(self, resources: Iterable[Xdm]) -> None:
        self._resources = {**standard_resources(), **{each["$id"]: each for each in resources}}

    def of(self, schema: Xdm) -> Composed:
        """The schema, composed.

        Raises:
            ValueError: it has no class, or names something that isn't there.
        """
        properties: Xdm = {}
        classes = []
        for part in self._parts(schema, schema):
            if part.get("$id") in CLASSES:
                classes.append(CLASSES[part["$id"]])
            _merge(properties, part.get("properties", {}))
        if len(set(classes)) != 1:
            raise ValueError(f"names {len(set(classes))} classes in allOf, and a schema has exactly one: {', '.join(CLASSES)}")
        return Composed(classes[0], properties)

    def _parts(self, node: Xdm, root: Xdm) -> Iterator[Xdm]:
        if reference := node.get("$ref"):
            yield from self._referenced(reference, root)
        for part in node.get("allOf", ()):
            yield from self._parts(part, root)
        yield node

    def _referenced(self, reference: str, root: Xdm) -> Iterator[Xdm]:
        if reference.startswith("#/"):
            node = root
            for key in reference[2:].split("/"):
                node = node[key]
            yield from self._parts(node, root)
        elif found := self._resources.get(reference):
            yield from self._parts(found, found)
        else:
            raise ValueError(f"refers to {reference}, which isn't in the registry")


def _merge(into: Xdm, other: Xdm) -> None:
    for key, value in other.items():
        if isinstance(into.get(key), dict) and isinstance(value, dict):
            _merge(into[key], value)
        else:
            into[key] = deepcopy(value)
