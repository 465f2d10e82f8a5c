"""Parquet files, with the extra `parquet`: nested columns are XDM as they are, flat ones become it as a mapping says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from bot.hub.ingestion.files import Bytes, Chunk, Place, Row, UnreadableFile
from bot.hub.ingestion.shaping import Shape
from bot.hub.model import Xdm
from bot.hub.rejects import Rejected

ROWS = 5_000
"""In a chunk."""


class Parquet(Bytes):
    """A Parquet file, whose places are rows; `shape`, if there is one, makes the shape of its rows from the columns' names."""

    def __init__(self, path: Path, shape: Callable[[list[str]], Shape] | None = None, *, rows: int = ROWS) -> None:
        super().__init__(path)
        self._shape = shape
        self._rows = rows

    def size(self) -> int:
        """Rows. Raises UnreadableFile, OSError."""
        with self._opened() as file:
            return int(file.metadata.num_rows)

    def mark(self, _place: Place) -> str:
        """A hash of the file's end, which describes all of it: a Parquet file doesn't grow, it is written anew."""
        return super().mark(Place(super().size()))

    def chunks(self, start: Place) -> Iterator[Chunk]:
        """What comes from row `start` on. Raises UnreadableFile, WrongMapping, OSError."""
        with self._opened() as file:
            shape = self._shape(list(file.schema_arrow.names)) if self._shape else None
            position = start.position
            for batch in _from(file, position, self._rows):
                rows = [_row(position + number, said, shape) for number, said in enumerate(_said(batch), 1)]
                position += batch.num_rows
                yield Chunk(rows, Place(position, position))

    def _opened(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self._path)
        except pa.ArrowInvalid:
            raise UnreadableFile(f"{self._path}: is no Parquet file, or not a whole one") from None


def _from(file: pq.ParquetFile, position: int, rows: int) -> Iterator[pa.RecordBatch]:
    """Batches from that row on; row groups before it aren't read."""
    groups, passed = list(range(file.num_row_groups)), 0
    while groups and passed + file.metadata.row_group(groups[0]).num_rows <= position:
        passed += file.metadata.row_group(groups.pop(0)).num_rows
    for batch in file.iter_batches(rows, row_groups=groups):
        begun = max(0, position - passed)
        passed += batch.num_rows
        if begun < batch.num_rows:
            yield batch.slice(begun)


def _said(batch: pa.RecordBatch) -> list[Xdm]:
    # Python's times know no nanoseconds.
    coarse = pa.schema([field.with_type(_in_microseconds(field.type)) for field in batch.schema])
    said: list[Xdm] = pa.Table.from_batches([batch]).cast(coarse, safe=False).to_pylist(maps_as_pydicts="lossy")
    return said


def _in_microseconds(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_in_microseconds(field.type)) for field in kind])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_in_microseconds(kind.value_type))
    if pa.types.is_map(kind):
        return pa.map_(kind.key_type, _in_microseconds(kind.item_type))
    return kind


def _row(line: int, said: Xdm, shape: Shape | None) -> Row:
    plain: Xdm = _plain(said) or {}
    if shape is None:
        return Row(line, plain, plain)
    try:
        return Row(line, shape.record([plain.get(name) for name in said]), plain)
    except Rejected as rejected:
        return Row(line, rejected, plain)


def _plain(value: Any) -> Any:
    """As JSON would say it, None for what is no value. Times without a zone are in UTC, as Parquet's own are."""
    match value:
        case dict():
            inner = ((key, _plain(each)) for key, each in value.items())
            return {key: each for key, each in inner if each is not None} or None
        case list():
            return [_plain(each) for each in value]
    return _PLAIN[type(value)](value) if type(value) in _PLAIN else value


_PLAIN: dict[type, Callable[[Any], Any]] = {
    datetime: lambda moment: (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(),
    date: date.isoformat,
    Decimal: lambda number: int(number) if number == number.to_integral_value() else float(number),
    bytes: lambda octets: octets.decode("utf-8", "backslashreplace"),
    float: lambda number: None if math.isnan(number) else number,
}
