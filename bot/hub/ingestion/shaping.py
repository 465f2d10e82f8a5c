"""A row of a table becomes a record, as a mapping says. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from bot.hub.ingestion.mapping import Mapping, Target, WrongMapping
from bot.hub.model import Organisation, Schema, Xdm
from bot.hub.rejects import Rejected

Convert = Callable[[str], Any]
Keys = tuple[str | int, ...]


class Shape:
    """Makes records of a table with the given `columns`.

    Raises:
        WrongMapping: the columns, the mapping and the schema don't fit each other; with all that doesn't.
    """

    def __init__(self, columns: Sequence[str], mapping: Mapping, schema: Schema, organisation: Organisation) -> None:
        problems = list(_problems(columns, mapping, schema, organisation))
        if problems:
            raise WrongMapping("; ".join(problems))
        self._columns = tuple(columns)
        self._fields = [
            (index, _keys(target.path), _convert(target, type_at(schema, target.path)))
            for index, name in enumerate(columns)
            for target in mapping.columns[name]
            if target.path
        ]
        self._identities = [
            (index, target) for index, name in enumerate(columns) for target in mapping.columns[name] if target.identity
        ]
        self._constants = [(_keys(path), value) for path, value in mapping.constants.items()]

    def record(self, cells: Sequence[Any]) -> Xdm:
        """The record that a row says. Texts are converted, other values stay as they are; empty and missing ones are left out.

        Raises:
            Rejected: the row has more or fewer cells than there are columns, or a text isn't of its field's type.
        """
        if len(cells) != len(self._columns):
            raise Rejected("", f"has {len(cells)} cells where there are {len(self._columns)} columns")
        record: Xdm = {}
        for keys, value in self._constants:
            _put(record, keys, value)
        for index, keys, convert in self._fields:
            cell = cells[index]
            if isinstance(cell, str):
                if not (cell := cell.strip()):
                    continue
                try:
                    cell = convert(cell)
                except ValueError as error:
                    raise Rejected(".".join(map(str, keys)), f"{error} (column {self._columns[index]})") from None
            if cell is not None:
                _put(record, keys, cell)
        self._identify(record, cells)
        return record

    def _identify(self, record: Xdm, cells: Sequence[Any]) -> None:
        for index, target in self._identities:
            if (value := str(cells[index] if cells[index] is not None else "").strip()) != "":
                entry = {"id": value, "primary": True} if target.primary else {"id": value}
                record.setdefault("identityMap", {}).setdefault(target.identity, []).append(entry)


def type_at(schema: Schema, path: str) -> Xdm | None:
    """What the schema says of the field at a dotted path, None if it has none."""
    node: Xdm | None = {"properties": schema.properties}
    for key in path.split("."):
        if node is None:
            return None
        inner = node.get("items") if key.isdecimal() else node.get("properties", {}).get(key)
        more = node.get("additionalProperties")
        node = inner if isinstance(inner, dict) else more if isinstance(more, dict) and not key.isdecimal() else None
    return node


def _problems(columns: Sequence[str], mapping: Mapping, schema: Schema, organisation: Organisation) -> Iterator[str]:
    yield from (
        f"column {name}: the mapping doesn't name it (null leaves it out)" for name in columns if name not in mapping.columns
    )
    yield from (
        f"column {name}: the mapping names it, and the file doesn't have it" for name in mapping.columns if name not in columns
    )
    yield from (f"column {name}: there are {count} of that name" for name, count in Counter(columns).items() if count > 1)
    for name, targets in mapping.columns.items():
        for target in targets:
            if target.path and type_at(schema, target.path) is None:
                yield f"column {name}: {target.path} is no field of the schema"
            if target.identity and organisation.namespace(target.identity) is None:
                yield f"column {name}: {target.identity} is no registered namespace"
    yield from (f"constants: {path} is no field of the schema" for path in mapping.constants if type_at(schema, path) is None)


def _keys(path: str) -> Keys:
    return tuple(int(key) if key.isdecimal() else key for key in path.split("."))


def _put(record: Xdm, keys: Keys, value: Any) -> None:
    node: Any = record
    for key, following in pairwise(keys):
        node = _child(node, key, [] if isinstance(following, int) else {})
    _child(node, keys[-1], value)


def _child(node: Any, key: str | int, default: Any) -> Any:
    if isinstance(key, str):
        return node.setdefault(key, default)
    while len(node) <= key:
        node.append(default if len(node) == key else type(default)())
    return node[key]


def _convert(target: Target, node: Xdm | None) -> Convert:
    described = node or {}
    if target.split:
        one = _convert_one(target, described.get("items") or {})
        return lambda text: [one(part.strip()) for part in text.split(target.split) if part.strip()]
    return _convert_one(target, described)


def _convert_one(target: Target, node: Xdm) -> Convert:
    if target.values:
        return lambda text: _chosen(target.values, text)
    if target.date or target.time:
        return lambda text: _moment(target, text)
    match node.get("type"):
        case "integer":
            return _whole
        case "number":
            return lambda text: _number(text, target.decimal)
        case "boolean":
            return _yes_or_no
    return str


def _chosen(values: dict[str, str | bool | int | float], text: str) -> Any:
    if text not in values:
        raise ValueError(f"isn't one of {' or '.join(sorted(values))}")
    return values[text]


def _moment(target: Target, text: str) -> str:
    try:
        return target.moment(text)
    except ValueError:
        raise ValueError(f"isn't written as {target.date or target.time}") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("isn't a whole number") from None


def _number(text: str, decimal: str) -> float:
    grouping = "." if decimal == "," else ","
    try:
        return float(text.replace(grouping, "").replace(decimal, "."))
    except ValueError:
        raise ValueError("isn't a number") from None


_TRUTH = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False, "y": True, "n": False}


def _yes_or_no(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError("isn't true or false")
    return _TRUTH[text.lower()]
