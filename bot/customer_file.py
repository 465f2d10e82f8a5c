"""`customer.yml` → `CustomerConfig`, with the file and line of each mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.config import CustomerConfig
from bot.settings import ConfigurationError, Settings

log = structlog.get_logger()

PACKAGED = Path(__file__).with_name("customer.yml")
HUBS = Path(__file__).parent / "hub" / "customer.yml"


def load(*paths: Path) -> CustomerConfig:
    """The packaged configuration with the given files laid over it, in turn: a later file's top-level parts replace earlier ones.

    Raises:
        ConfigurationError: each mistake with file, line and what would be right.
    """
    documents = {path: _read(path) for path in (PACKAGED, *paths)}
    origin = {part: path for path, document in documents.items() for part in document}
    whole = {part: documents[path][part] for part, path in origin.items()}
    try:
        return CustomerConfig.model_validate(whole)
    except ValidationError as error:
        last = list(documents)[-1]
        raise ConfigurationError(tuple(_sentence(each, documents, origin, last) for each in error.errors())) from None


def chosen(settings: Settings) -> tuple[Path, ...]:
    """The files to lay over the packaged one: what the hub's invented data means, and the organisation's own."""
    hub = (HUBS,) if settings.uses_hub else ()
    return (*hub, settings.customer_config) if settings.customer_config else hub


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


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = YAML(typ="rt", pure=True).load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError((f"{path}:{line}: {error.problem}.",)) from None
    except (OSError, ValueError, YAMLError) as error:  # ValueError: not UTF-8, or a number or day that Python can't hold
        raise ConfigurationError((f"{path} can't be read ({type(error).__name__}).",)) from None
    if not isinstance(document, Mapping):
        raise ConfigurationError((f"{path}:1: the file must hold parts by name, e.g. facts: […].",))
    return document


def _sentence(error: ErrorDetails, documents: Mapping[Path, Any], origin: Mapping[str, Path], last: Path) -> str:
    place = tuple(part for part in error["loc"] if not isinstance(part, str) or "[" not in part)
    path = origin.get(str(place[0]), last) if place else last
    where = ".".join(map(str, place))
    return f"{path}:{_line(documents[path], place)}: {f'{where}: ' if where else ''}{_what(error)}."


def _what(error: ErrorDetails) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "there is no such key; see docs/customer.schema.json for those that are"
        case "missing":
            return "this key is missing"
    return error["msg"].removeprefix("Value error, ")


def _line(document: Any, place: Sequence[int | str]) -> int:
    """The line of the deepest part of `place` that the file has."""
    line, node = 1, document
    for part in place:
        marks = getattr(getattr(node, "lc", None), "data", None) or {}
        if part not in marks:
            break
        line, node = marks[part][0] + 1, node[part]
    return line
