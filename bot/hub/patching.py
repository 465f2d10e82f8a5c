"""JSON Patch (RFC 6902): a document changed by a list of operations. Pure."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from bot.hub.malformed import Malformed


def patched(document: Any, operations: Any) -> Any:
    """A copy of `document` after all `operations`, in their order.

    Raises:
        Malformed: an operation is malformed, or can't be done on this document. The text names it by its place.
    """
    if not isinstance(operations, list):
        raise Malformed("a JSON Patch is an array of operations such as {op, path, value}")
    whole = deepcopy(document)
    for place, operation in enumerate(operations):
        try:
            whole = _done(whole, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Malformed(f"operation {place} can't be done: {error}") from None
    return whole


def _done(document: Any, operation: Any) -> Any:
    do = _OPERATIONS.get(operation["op"])
    if do is None:
        raise Malformed(f"op is one of {', '.join(_OPERATIONS)}")
    return do(document, operation)


def _add(document: Any, operation: Any) -> Any:
    return _put(document, _keys(operation["path"]), deepcopy(operation["value"]))


def _remove(document: Any, operation: Any) -> Any:
    *above, last = _keys(operation["path"])
    parent = _at(document, above)
    del parent[_key(parent, last)]
    return document


def _replace(document: Any, operation: Any) -> Any:
    keys = _keys(operation["path"])
    _at(document, keys)
    return _put(document, keys, deepcopy(operation["value"]), replace=True)


def _move(document: Any, operation: Any) -> Any:
    value = _at(document, _keys(operation["from"]))
    _remove(document, {"path": operation["from"]})
    return _put(document, _keys(operation["path"]), value)


def _copy(document: Any, operation: Any) -> Any:
    return _put(document, _keys(operation["path"]), deepcopy(_at(document, _keys(operation["from"]))))


def _test(document: Any, operation: Any) -> Any:
    if _at(document, _keys(operation["path"])) != operation["value"]:
        raise Malformed("what is there differs from the value that is tested for")
    return document


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _keys(pointer: Any) -> list[str]:
    """RFC 6901: `/a~1b/0` speaks of item 0 under `a/b`."""
    if pointer == "":
        return []
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise Malformed("a path begins with /")
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer[1:].split("/")]


def _at(document: Any, keys: list[str]) -> Any:
    for key in keys:
        document = document[_key(document, key)]
    return document


def _put(document: Any, keys: list[str], value: Any, *, replace: bool = False) -> Any:
    if not keys:
        return value
    *above, last = keys
    parent = _at(document, above)
    if isinstance(parent, list) and not replace:
        parent.insert(len(parent) if last == "-" else _index(parent, last, len(parent)), value)
    else:
        parent[_key(parent, last) if replace else last] = value
    return document


def _key(parent: Any, key: str) -> str | int:
    if isinstance(parent, list):
        return _index(parent, key, len(parent) - 1)
    if not isinstance(parent, dict):
        raise Malformed("its path leads through a value that has nothing below it")
    if key not in parent:
        raise Malformed(f"there is no {key} at its path")
    return key


def _index(items: list[Any], key: str, last: int) -> int:
    if not (key.isascii() and key.isdigit()) or int(key) > last:
        raise Malformed(f"its path needs the number of an item, and there are {len(items)}")
    return int(key)
