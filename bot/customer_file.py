"""`customer.yml` → `CustomerConfig`, with the file and line of each mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.config import CustomerConfig
from bot.errors import ConfigurationError
from bot.settings import Settings

log = structlog.get_logger()

PACKAGED = Path(__file__).with_name("customer.yml")
REMOVE = "remove"
"""`{key: …, remove: true}` takes an item of a list away."""

HUBS = Path(__file__).parent / "hub" / "customer.yml"


def load(*paths: Path) -> CustomerConfig:
    """The packaged configuration with the given files laid over it, in turn.

    What has names is merged by them: keys, and in lists the items' `key` (or `code`); an item with `remove: true` goes. Other
    lists replace what was there. A file may be empty.

    Raises:
        ConfigurationError: each mistake with file, line and what would be right.
    """
    whole = reduce(_laid_over, map(_read, (PACKAGED, *paths)))
    try:
        return CustomerConfig.model_validate(_plain(whole))
    except ValidationError as error:
        raise ConfigurationError(tuple(_sentence(each, whole) for each in error.errors())) from None


def of(settings: Settings) -> CustomerConfig:
    """What the data of the chosen source means: the packaged file, the sample's if it is the source, the organisation's own.

    Raises:
        ConfigurationError: as `load`.
    """
    own = (settings.customer_config,) if settings.customer_config else ()
    return load(*((HUBS,) if settings.uses_sample else ()), *own)


class Current:
    """The configuration in force. A broken file keeps the last good one."""

    def __init__(self, read: Callable[[], CustomerConfig]) -> None:
        self._read = read
        self._config = read()

    def __call__(self) -> CustomerConfig:
        """The configuration in force."""
        return self._config

    def reload(self) -> None:
        """Read the files again."""
        try:
            self._config = self._read()
        except ConfigurationError as error:
            for problem in error.problems:
                log.error("configuration_kept", problem=problem)
        else:
            log.info("configuration_reloaded", version=self._config.version)


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of a document that knows where it was written."""

    value: dict[Any, _Node] | list[_Node] | Any
    path: Path
    line: int


def _read(path: Path) -> _Node:
    try:
        document = YAML(typ="rt", pure=True).load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError((f"{path}:{line}: {error.problem}.",)) from None
    # ValueError: not UTF-8, or a number or day that Python can't hold. RecursionError: thousands of brackets.
    except (OSError, ValueError, RecursionError, YAMLError) as error:
        raise ConfigurationError((f"{path} can't be read ({type(error).__name__}).",)) from None
    if document is None:
        return _Node({}, path, 1)
    if not isinstance(document, Mapping):
        raise ConfigurationError((f"{path}:1: the file must hold parts by name, e.g. facts: […].",))
    return _node(document, path, 1)


def _node(value: Any, path: Path, line: int) -> _Node:
    if not isinstance(value, CommentedMap | CommentedSeq):
        return _Node(value, path, line)
    marks = value.lc.data or {}

    def child(key: Any, inner: Any) -> _Node:
        return _node(inner, path, marks[key][0] + 1 if key in marks else line)

    if isinstance(value, CommentedMap):
        return _Node({key: child(key, inner) for key, inner in value.items()}, path, line)
    return _Node([child(index, inner) for index, inner in enumerate(value)], path, line)


def _laid_over(below: _Node, above: _Node) -> _Node:
    match below.value, above.value:
        case dict(old), dict(new):
            return _Node(
                old | {key: _laid_over(old[key], node) if key in old else node for key, node in new.items()},
                above.path,
                above.line,
            )
        case list(old), list(new) if (named := _by_name(old)) and (renamed := _by_name(new)):
            merged = {name: _laid_over(named[name], node) if name in named else node for name, node in renamed.items()}
            return _Node([node for node in (named | merged).values() if not _removed(node)], above.path, above.line)
    return above


def _removed(node: _Node) -> bool:
    return isinstance(node.value, dict) and REMOVE in node.value and node.value[REMOVE].value is True


def _by_name(nodes: list[_Node]) -> dict[str, _Node] | None:
    """The items by what names them, None if any has no name or two have the same."""
    names = [_name(node) for node in nodes]
    return dict(zip(names, nodes, strict=True)) if all(names) and len(set(names)) == len(names) else None


def _name(node: _Node) -> str:
    if not isinstance(node.value, dict):
        return ""
    naming = node.value.get("key") or node.value.get("code")
    return str(naming.value) if naming else ""


def _plain(node: _Node) -> Any:
    match node.value:
        case dict(parts):
            return {key: _plain(part) for key, part in parts.items() if key != REMOVE}
        case list(items):
            return [_plain(item) for item in items]
    return node.value


def _sentence(error: ErrorDetails, whole: _Node) -> str:
    """Where the deepest part that was written stands, and what is wrong; items of lists are called by their names."""
    node, words = whole, list[str]()
    for part in error["loc"]:
        match node.value:
            case dict(parts) if part in parts:
                node, word = parts[part], str(part)
            case list(items) if isinstance(part, int):
                node = items[part]
                word = _name(node) or str(part)
            case _:
                word = str(part)
        words += [] if "[" in word else [word]
    where = ".".join(words)
    return f"{node.path}:{node.line}: {f'{where}: ' if where else ''}{_what(error)}."


def _what(error: ErrorDetails) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "there is no such key; see docs/customer.schema.json for those that are"
        case "missing":
            return "this key is missing"
    return error["msg"].removeprefix("Value error, ")
