"""From the parts that a schema names (`allOf`, `$ref`) to the properties that its records may have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from bot.hub.malformed import Malformed
from bot.hub.model import EVENT, PROFILE, Xdm
from bot.hub.schemas.standard import standard_resources

CLASSES = {"https://ns.adobe.com/xdm/context/profile": PROFILE, "https://ns.adobe.com/xdm/context/experienceevent": EVENT}
"""The `$id` of each class that a schema may have, and the name by which the Entities API knows it."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A schema whose references are resolved. `class_id` is one of CLASSES; `required` are the properties that must be there."""

    class_id: str
    properties: Xdm = field(repr=False)
    required: tuple[str, ...] = ()


class Composition:
    """Composes schemas of the tenant's `resources` and the standard ones."""

    def __init__(self, resources: Iterable[Xdm]) -> None:
        self._resources = {**standard_resources(), **{each["$id"]: each for each in resources}}

    def of(self, schema: Xdm) -> Composed:
        """The schema, composed.

        Raises:
            Malformed: it has no class or several, or refers to what isn't in the registry or doesn't go with its class.
        """
        class_id = self.class_of(schema)
        whole = self.resolved(schema)
        return Composed(class_id, whole.get("properties", {}), tuple(whole.get("required", ())))

    def resolved(self, resource: Xdm) -> Xdm:
        """Any resource with its references resolved. Raises Malformed as `of` does."""
        return self._resolved(resource, resource, ())

    def class_of(self, schema: Xdm) -> str:
        """The `$id` of the schema's class. Raises Malformed as `of` does."""
        references: list[str] = [part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part]
        classes = [reference for reference in references if reference in CLASSES]
        if len(classes) != 1:
            raise Malformed(f"allOf must refer to exactly one class, and refers to {len(classes)}: it is {' or '.join(CLASSES)}")
        for reference in references:
            extends = self._resources.get(reference, {}).get("meta:intendedToExtend")
            if extends and classes[0] not in extends:
                raise Malformed(f"{reference} extends {', '.join(extends)}, and this schema is of {classes[0]}")
        return classes[0]

    def uses(self, resource: Xdm) -> set[str]:
        """The `$id` of everything that the resource is composed of, however indirectly."""
        found: set[str] = set()
        unread = [resource]
        while unread:
            new = set(_references(unread.pop())) - found
            found |= new
            unread += [self._resources[each] for each in new if each in self._resources]
        return found

    def _resolved(self, node: Xdm, root: Xdm, above: tuple[str, ...]) -> Xdm:
        """`node`, which stands in `root`, as one object without references; `above` are the references that led to it."""
        whole: Xdm = {}
        for part in self._parts(node, root, above):
            _merge(whole, part)
        _merge(whole, self._own(node, root, above))
        return whole

    def _parts(self, node: Xdm, root: Xdm, above: tuple[str, ...]) -> Iterator[Xdm]:
        if reference := node.get("$ref"):
            target, its_root = self._target(reference, root, above)
            yield self._resolved(target, its_root, (*above, reference))
        for part in node.get("allOf", ()):
            yield self._resolved(part, root, above)

    def _target(self, reference: str, root: Xdm, above: tuple[str, ...]) -> tuple[Xdm, Xdm]:
        if reference in above:
            raise Malformed(f"{reference} refers to itself")
        if reference.startswith("#/"):
            return inside(root, reference), root
        found = self._resources.get(reference)
        if found is None:
            raise Malformed(f"refers to {reference}, which isn't in the registry")
        return found, found

    def _own(self, node: Xdm, root: Xdm, above: tuple[str, ...]) -> Xdm:
        own = {key: deepcopy(value) for key, value in node.items() if _describes(key)}
        if "properties" in node:
            own["properties"] = {key: self._resolved(value, root, above) for key, value in node["properties"].items()}
        for key in ("items", "additionalProperties"):
            if isinstance(node.get(key), dict):
                own[key] = self._resolved(node[key], root, above)
        return own


_OF_FIELDS = frozenset({"meta:enum", "meta:xdmType"})
_OF_RESOURCES = frozenset({"allOf", "definitions", "properties", "items", "imsOrg", "version"})


def _describes(key: str) -> bool:
    """Whether the key says something of the values: others speak of the resource, or are resolved by themselves."""
    return key in _OF_FIELDS or not (key in _OF_RESOURCES or key.startswith(("$", "meta:")))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str) and not node["$ref"].startswith("#"):
            yield node["$ref"]
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)


def inside(root: Xdm, reference: str) -> Xdm:
    """What `#/definitions/…` means in `root`. Raises Malformed."""
    node = root
    for key in reference.removeprefix("#/").split("/"):
        node = node.get(key, {})
        if not node or not isinstance(node, dict):
            raise Malformed(f"refers to {reference}, which isn't in it")
    return node


def _merge(into: Xdm, other: Xdm) -> None:
    for key, value in other.items():
        if isinstance(into.get(key), dict) and isinstance(value, dict):
            _merge(into[key], value)
        elif key == "required":
            into[key] = sorted({*into.get(key, ()), *value})
        else:
            into[key] = value
