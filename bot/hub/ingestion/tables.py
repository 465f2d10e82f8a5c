"""CSV files: rows over one line or several, each made a record as a mapping says."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from bot.hub.ingestion.files import (
    AT_ONCE,
    BYTE_ORDER_MARK,
    LONGEST,
    Bytes,
    Chunk,
    Line,
    Place,
    Row,
    UnreadableFile,
    go_on,
    read_line,
)
from bot.hub.ingestion.shaping import Shape
from bot.hub.rejects import Rejected

LINES_OF_A_ROW = 100
"""A quotation mark that nobody closes would take in all that follows: a row of more lines is one line that is wrong."""


class Csv(Bytes):
    """A table whose first line names the columns, from which `shape` makes the shape of the rows."""

    def __init__(
        self, path: Path, shape: Callable[[list[str]], Shape], *, separator: str, encoding: str, at_once: int = AT_ONCE
    ) -> None:
        super().__init__(path)
        self._shape = shape
        self._separator = separator
        self._encoding = encoding
        self._at_once = at_once

    def chunks(self, start: Place) -> Iterator[Chunk]:
        """What comes from `start` on, cut at the ends of rows. Raises UnreadableFile, WrongMapping, OSError."""
        with self._path.open("rb") as file:
            lines = _Lines(file, self._encoding)
            shape = self._shaped(lines)
            if start.position > lines.place.position:
                lines.go_on_at(start)
            yield from self._cut(self._rows(lines, shape), lines)

    def _shaped(self, lines: _Lines) -> Shape:
        columns = next(self._parsed(lines), [])
        if isinstance(columns, Rejected):
            raise UnreadableFile(f"{self._path}:1: {columns.reason}")
        if not columns:
            raise UnreadableFile(f"{self._path}:1: must name the columns")
        return self._shape([name.strip() for name in columns])

    def _cut(self, rows: Iterator[Row], lines: _Lines) -> Iterator[Chunk]:
        gathered: list[Row] = []
        begun = lines.place.position
        for row in rows:
            gathered.append(row)
            if lines.place.position - begun >= self._at_once:
                yield Chunk(gathered, lines.place)
                gathered, begun = [], lines.place.position
        yield Chunk(gathered, lines.place)

    def _rows(self, lines: _Lines, shape: Shape) -> Iterator[Row]:
        for cells in self._parsed(lines):
            line, written = lines.first, lines.written
            try:
                if isinstance(cells, Rejected):
                    raise cells
                yield Row(line, shape.record(cells), written)
            except Rejected as rejected:
                # What looks like a row of several lines may be one with a stray quotation mark, and good ones behind it.
                if len(lines.taken) > 1:
                    written = lines.taken[0].written
                    lines.give_back()
                yield Row(line, rejected, written)

    def _parsed(self, lines: _Lines) -> Iterator[list[str] | Rejected]:
        reader = csv.reader(lines, delimiter=self._separator, strict=True)
        while True:
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, UnicodeDecodeError) as error:
                yield Rejected("", _reason(error))
            else:
                if cells:
                    yield cells


class _Lines:
    """The lines of a file, one after the other, and where the row begins and ends that is being put together from them."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._given_back: deque[Line] = deque()
        self.taken: list[Line] = []
        self.place = Place()
        self.first = 1

    def begin(self) -> None:
        """The next line is the first one of a row."""
        self.taken = []
        self.first = self.place.line + 1

    @property
    def written(self) -> bytes:
        """The row as it stands in the file."""
        return b"".join(line.written for line in self.taken)

    def go_on_at(self, place: Place) -> None:
        """Go on at the beginning of a row, or of the line that had no end there yet."""
        self.place = go_on(self._file, place)

    def give_back(self) -> None:
        """All lines of the row but its first one are to be read again."""
        again = self.taken[1:]
        self._given_back.extendleft(reversed(again))
        self.place = Place(self.place.position - sum(line.length for line in again), self.place.line - len(again))

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) == LINES_OF_A_ROW:
            raise csv.Error("a quotation mark isn't closed")
        line = self._given_back.popleft() if self._given_back else read_line(self._file, LONGEST)
        if not line.length:
            raise StopIteration
        self.taken.append(line)
        self.place = Place(self.place.position + line.length, self.place.line + 1)
        if line.length > LONGEST:
            raise csv.Error(f"a line is longer than {LONGEST} bytes")
        bare = line.written.removeprefix(BYTE_ORDER_MARK) if self.place.line == 1 else line.written
        return bare.decode(self._encoding)


def _reason(error: csv.Error | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"isn't {error.encoding.upper()} at byte {error.start + 1} of its line; the mapping's `encoding` may say another"
    return f"isn't CSV: {error}"
