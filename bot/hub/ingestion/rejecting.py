"""The file beside an import that holds what was refused of it: one JSON object a line, with line, path, reason and the record."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import orjson

from bot.hub.database.mentions import mentions
from bot.hub.ingestion.preparation import Reject
from bot.hub.model import Xdm

SUFFIX = ".rejects.jsonl"
"""Follows the name of what was imported."""


class Refused(NamedTuple):
    """A reject, and the record as it was written."""

    reject: Reject
    written: bytes | Xdm


class RejectFile:
    """Written step by step, so that an import that goes on finds in it what is committed, and no more."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def cut(self, size: int) -> None:
        """Take back what an import wrote beyond `size` bytes that ended before it had committed that. Raises OSError."""
        if size == 0:
            self.path.unlink(missing_ok=True)
        elif self.size() > size:
            os.truncate(self.path, size)

    def strange(self) -> bool:
        """Whether there is a file that holds something else than rejects. Raises OSError."""
        if not self.size():
            return False
        with self.path.open("rb") as file:
            begin = file.read(len(_BEGIN))
        return begin != _BEGIN

    def append(self, refused: Iterable[Refused]) -> int:
        """Write them durably, and say how many bytes the file has by now. Raises OSError."""
        lines = [_line(each) for each in refused]
        if lines:
            self.path.touch(mode=0o600)  # customers' data is its owner's alone
            with self.path.open("ab") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
        return self.size()

    def size(self) -> int:
        """How many bytes it has, 0 if it isn't there."""
        return self.path.stat().st_size if self.path.exists() else 0

    def mentioning(self, values: Collection[str]) -> list[bytes]:
        """Its lines that mention one of these values."""
        return [line for line in self._lines() if _concerns(line, values)]

    def purge(self, values: Collection[str]) -> int:
        """Take the lines out that mention one of these values, and say how many those were. Raises OSError."""
        lines = self._lines()
        kept = [line for line in lines if not _concerns(line, values)]
        if len(kept) < len(lines):
            partial = self.path.with_name(f"{self.path.name}.partial")
            partial.touch(mode=0o600)
            with partial.open("wb") as file:
                file.writelines(kept)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
        return len(lines) - len(kept)

    def _lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []


def _concerns(line: bytes, values: Collection[str]) -> bool:
    """Whether the record of that line mentions one of the values. In one that isn't JSON a value is a word of the text."""
    record = orjson.loads(line)["record"]
    if isinstance(record, str):
        return any(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", record, re.IGNORECASE) for value in values)
    return mentions(line, values)


_BEGIN = b'{"line":'


def _line(refused: Refused) -> bytes:
    line, path, reason = refused.reject
    told = {"line": line, "path": path, "reason": reason}
    try:
        return orjson.dumps(told | {"record": _shown(refused.written)}) + b"\n"
    except orjson.JSONEncodeError:  # what is nested very deeply can be read, but not be written again
        return orjson.dumps(told | {"record": _text(refused.written)}) + b"\n"


def _shown(written: bytes | Xdm) -> object:
    if not isinstance(written, bytes):
        return written
    try:
        return orjson.loads(written)
    except orjson.JSONDecodeError:
        return _text(written)


def _text(written: bytes | Xdm) -> str:
    return (written if isinstance(written, bytes) else repr(written).encode()).decode("utf-8", "backslashreplace").rstrip("\r\n")
