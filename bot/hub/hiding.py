"""What is left out of XDM whoever asks: the fields whose usage labels forbid it ("Data usage labels glossary", C12). Pure.

A computed attribute has the labels of the event fields that its expression speaks of, since its value may be that of one: Adobe
documents that for audiences ("Data usage labels overview") and is silent on attributes. Memberships stay, as they hold no value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.hub.model import Organisation, Path
from bot.hub.segments.reach import event_fields


def without(value: Any, paths: Iterable[Path]) -> Any:
    """`value` without what lies at `paths`; lists are walked through. The value itself if nothing of it does."""
    for path in paths:
        value = _without(value, path)
    return value


def withheld(organisation: Organisation) -> frozenset[str]:
    """The names of the computed attributes that are left out: they are of a hidden field, or of an object that holds one."""
    hidden = organisation.hidden(event=True)
    if not hidden:
        return frozenset()
    return frozenset(
        attribute.name
        for attribute in organisation.computed
        if any(_overlap(path, each) for path in event_fields(attribute.expression) for each in hidden)
    )


def _overlap(one: Path, other: Path) -> bool:
    common = min(len(one), len(other))
    return one[:common] == other[:common]


def _without(value: Any, path: Path) -> Any:
    if isinstance(value, list):
        return [_without(item, path) for item in value]
    key, *below = path
    if not isinstance(value, dict) or key not in value:
        return value
    if below:
        return value | {key: _without(value[key], tuple(below))}
    return {other: kept for other, kept in value.items() if other != key}
