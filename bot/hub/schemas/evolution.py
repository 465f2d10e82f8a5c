"""What a schema that has data may become: it only grows ("Basics of schema composition", rules of schema evolution). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.hub.model import Xdm

_DEMANDS = ("type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "required")


def breaking(before: Xdm, after: Xdm) -> str | None:
    """The first change from one `properties` to another that stored records might not fit any more, as a sentence."""
    return next(_changes(before, after, ""), None)


def _changes(before: Xdm, after: Xdm, path: str) -> Iterator[str]:
    for name, old in before.items():
        if name not in after:
            yield f"{path}/{name} is gone: a schema with data only grows"
        else:
            yield from _of_field(old, after[name], f"{path}/{name}")


def _of_field(old: Xdm, new: Xdm, path: str) -> Iterator[str]:
    for key in _DEMANDS:
        if old.get(key) != new.get(key) and not _looser(key, old, new):
            yield f"{path} has another {key}: a schema with data only grows"
    yield from _changes(old.get("properties", {}), new.get("properties", {}), path)
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), dict):
            yield from _of_field(old[key], new.get(key) or {}, f"{path}/{key}")


def _looser(key: str, old: Xdm, new: Xdm) -> bool:
    if key == "type" or key not in old:
        return False
    if key not in new:
        return True
    if key == "enum":
        return set(old[key]) <= set(new[key])
    if key == "required":
        return set(new[key]) <= set(old[key])
    if key.startswith("min"):
        return bool(new[key] <= old[key])
    return key.startswith("max") and bool(new[key] >= old[key])
