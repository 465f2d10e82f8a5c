"""Files of records, read from where an import stands: chunks of rows, with the place up to which each chunk reaches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from bot.hub.model import Xdm
from bot.hub.rejects import Rejected

LONGEST = 1_000_000
"""Bytes of a line. Adobe takes no record of more than 100 KB ("Guardrails for Real-Time Customer Profile")."""

AT_ONCE = 4_000_000
"""Bytes in a chunk, about: some ten thousand records, which go into one transaction."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""With which some programs begin what they write in UTF-8."""

_RECOGNISED = 65_536
"""Bytes before a place by which it is recognised."""


class UnreadableFile(ValueError):
    """The file can't be imported at all. The message says why, and what would be right."""


class Place(NamedTuple):
    """How far a file was read: `position` in its own units (bytes; rows of Parquet), and how many lines that is."""

    position: int = 0
    line: int = 0


class Row(NamedTuple):
    """One record of a file: the line where it begins, what is to be taken in (or why it can't be read), and how it is written."""

    line: int
    record: bytes | Xdm | Rejected
    written: bytes | Xdm


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows, and the place behind them."""

    rows: list[Row] = field(repr=False)
    end: Place


class Reader(Protocol):
    """Reads a file of one format."""

    def size(self) -> int:
        """Where its end is, in the units of `Place.position`. Raises OSError."""

    def mark(self, place: Place) -> str:
        """By which it is recognised later that what stands before `place` is still the same. Raises OSError."""

    def chunks(self, start: Place) -> Iterator[Chunk]:
        """What comes from `start` on. A row that can't be read is one with a `Rejected`. Raises UnreadableFile, OSError."""


class Bytes:
    """A file whose places are bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self) -> int:
        """Bytes."""
        return self._path.stat().st_size

    def mark(self, place: Place) -> str:
        """A hash of what stands right before `place`: files that only grow keep it."""
        begin = max(0, place.position - _RECOGNISED)
        with self._path.open("rb") as file:
            file.seek(begin)
            return hashlib.sha256(file.read(place.position - begin)).hexdigest()


class Line(NamedTuple):
    """A line as it is written, its end included, and how many bytes that is; of one that is too long only the beginning."""

    written: bytes
    length: int


def read_line(file: BinaryIO, longest: int) -> Line:
    """The next line, empty at the end. Of one of more than `longest` bytes no more than these are ever in memory."""
    written = file.readline(longest + 1)
    rest, length = written, len(written)
    while length > longest and rest and not rest.endswith(b"\n"):
        rest = file.readline(longest)
        length += len(rest)
    return Line(written[:longest], length)


def go_on(file: BinaryIO, start: Place) -> Place:
    """Go on at `start`, or where the line begins that had no end there yet, and has grown since."""
    before = max(0, start.position - LONGEST)
    file.seek(before)
    read = file.read(start.position - before)
    if read and not read.endswith(b"\n") and file.read(1):
        start = Place(before + read.rfind(b"\n") + 1, start.line - 1)
    file.seek(start.position)
    return start


class JsonLines(Bytes):
    """One JSON object a line; empty lines are passed over."""

    def __init__(self, path: Path, *, at_once: int = AT_ONCE, longest: int = LONGEST) -> None:
        super().__init__(path)
        self._at_once = at_once
        self._longest = longest

    def chunks(self, start: Place) -> Iterator[Chunk]:
        """What comes from `start` on, cut at the ends of lines."""
        with self._path.open("rb") as file:
            if len(file.readline(self._longest + 1)) > self._longest:
                raise UnreadableFile(f"{self._path}:1: is longer than {self._longest} bytes; JSON Lines has one object a line")
            place = go_on(file, start)
            while (chunk := self._chunk(file, place)).end != place:
                place = chunk.end
                yield chunk

    def _chunk(self, file: BinaryIO, start: Place) -> Chunk:
        rows: list[Row] = []
        position, line = start
        while position - start.position < self._at_once:
            written, length = read_line(file, self._longest)
            if not length:
                break
            position, line = position + length, line + 1
            if length > self._longest:
                rows.append(Row(line, Rejected("", f"is longer than {self._longest} bytes"), written))
            elif not written.isspace():
                rows.append(Row(line, written.removeprefix(BYTE_ORDER_MARK) if line == 1 else written, written))
        return Chunk(rows, Place(position, line))
