"""The classes, field groups and data types that come with the hub: Adobe's ids, names and types, as JSON files under `resources`.

Their source is the public XDM repository. Where its versions disagree on the values that a field may have, those are suggested
(`meta:enum`), not demanded (`enum`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import orjson

from bot.hub.model import Xdm

CONTAINERS = ("classes", "fieldgroups", "datatypes")
"""The kinds of resources that a schema is composed of, as the registry's paths name them."""


@cache
def standard_resources() -> Mapping[str, Xdm]:
    """Each by its `$id`, with its kind as `meta:resourceType`. Nobody writes to them."""
    return MappingProxyType({body["$id"]: body for container in CONTAINERS for body in _of(container)})


def _of(container: str) -> Iterator[Xdm]:
    found = files("bot.hub.schemas").joinpath("resources", container).iterdir()
    for file in sorted(found, key=lambda each: each.name):
        yield orjson.loads(file.read_bytes()) | {"meta:resourceType": container}
