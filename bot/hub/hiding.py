"""What is left out of XDM whoever asks: the fields whose usage labels forbid it ("Data usage labels glossary", C12). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.hub.model import Path


def without(value: Any, paths: Iterable[Path]) -> Any:
    """`value` without what lies at `paths`; lists are walked through. The value itself if nothing of it does."""
    for path in paths:
        value = _without(value, path)
    return value


def _without(value: Any, path: Path) -> Any:
    if isinstance(value, list):
        return [_without(item, path) for item in value]
    key, *below = path
    if not isinstance(value, dict) or key not in value:
        return value
    if below:
        return value | {key: _without(value[key], tuple(below))}
    return {other: kept for other, kept in value.items() if other != key}
