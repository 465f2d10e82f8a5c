"""Parquet files go in, nested ones as they are, flat ones as a mapping says."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from bot.hub.ingestion.files import Place, UnreadableFile
from bot.hub.ingestion.importing import import_file
from bot.hub.ingestion.parquet import Parquet
from bot.hub.ingestion.source import Source
from tests.hub.ingestion.conftest import NOW, ORDERS, Hub

WHEN = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
IDENTITIES = pa.map_(pa.string(), pa.list_(pa.struct([("id", pa.string()), ("primary", pa.bool_())])))
DETAILS = pa.struct(
    [("amount", pa.decimal128(9, 2)), ("items", pa.int64()), ("day", pa.date32()), ("tags", pa.list_(pa.string()))]
)


def write(path: Path, *details: Any, unit: str = "us") -> Path:
    """A file with an event for each of `details`."""
    count = len(details)
    columns = {
        "_id": pa.array([f"o-{number}" for number in range(count)]),
        "timestamp": pa.array([WHEN] * count, pa.timestamp(unit, "UTC")),
        "identityMap": pa.array([[("Email", [{"id": "ada@example.com", "primary": True}])]] * count, IDENTITIES),
        "_demo": pa.array(details, DETAILS),
    }
    pq.write_table(pa.table(columns), path, row_group_size=7)
    return path


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_nested(hub: Hub, tmp_path: Path, unit: str) -> None:
    """A row is a record as it stands; what is null is no field."""
    details = {"amount": Decimal("10.50"), "items": None, "day": date(2026, 12, 24), "tags": ["a"]}
    file = write(tmp_path / "orders.parquet", details, None, unit=unit)
    done = import_file(hub.database, Source(file, ORDERS), now=NOW)
    first, second = hub.events("ada@example.com")

    assert (done.accepted, done.rejected, done.lines, done.size) == (2, 0, 2, 2)
    assert first.body == {
        "_id": "o-0",
        "timestamp": "2026-03-01T10:30:00+00:00",
        "identityMap": {"Email": [{"id": "ada@example.com", "primary": True}]},
        "_demo": {"amount": 10.5, "day": "2026-12-24", "tags": ["a"]},
    }
    assert "_demo" not in second.body


def test_bad_rows(hub: Hub, tmp_path: Path) -> None:
    """A bad row is listed by its number, and keeps none out."""
    file = write(tmp_path / "orders.parquet", {"amount": Decimal(1)}, {"amount": Decimal(-1)}, {"amount": Decimal(2)})
    done = import_file(hub.database, Source(file, ORDERS), now=NOW)
    [listed] = map(json.loads, done.rejects.read_text().splitlines())

    assert (done.accepted, listed["line"], listed["path"], listed["record"]["_id"]) == (2, 2, "_demo.amount", "o-1")


def test_flat(hub: Hub, tmp_path: Path) -> None:
    """Flat columns become fields by a mapping, texts and others alike."""
    table = pa.table({"NO": ["o-1"], "WHEN": [WHEN], "MAIL": ["ada@example.com"], "ITEMS": ["3"], "AMOUNT": [10.5]})
    pq.write_table(table, tmp_path / "orders.parquet")
    columns = "{NO: _id, WHEN: timestamp, MAIL: {identity: Email}, ITEMS: _demo.items, AMOUNT: _demo.amount}"
    (tmp_path / "mapping.yml").write_text(f"columns: {columns}")
    import_file(hub.database, Source(tmp_path / "orders.parquet", ORDERS, tmp_path / "mapping.yml"), now=NOW)
    [event] = hub.events("ada@example.com")

    assert event.body["_demo"] == {"items": 3, "amount": 10.5}


@pytest.mark.parametrize("begun", range(0, 30, 3))
def test_from_anywhere(tmp_path: Path, begun: int) -> None:
    """Read from any row on, the rest comes, in chunks that say where they end."""
    file = write(tmp_path / "orders.parquet", *[{"items": number} for number in range(30)])
    chunks = list(Parquet(file, rows=4).chunks(Place(begun, begun)))
    rows = [row for chunk in chunks for row in chunk.rows]

    assert [(row.line, row.record["_id"]) for row in rows if isinstance(row.record, dict)] == [
        (number + 1, f"o-{number}") for number in range(begun, 30)
    ]
    assert chunks[-1].end == Place(30, 30)


def test_written_anew(hub: Hub, tmp_path: Path) -> None:
    """A file that isn't any more what it was is read from the beginning."""
    file = write(tmp_path / "orders.parquet", {"items": 1}, {"items": 2})
    import_file(hub.database, Source(file, ORDERS), now=NOW)
    write(file, {"items": 1}, {"items": 3})
    done = import_file(hub.database, Source(file, ORDERS), now=NOW)

    assert (done.accepted, done.known) == (1, 1)


def test_not_parquet(hub: Hub, tmp_path: Path) -> None:
    """What isn't a Parquet file is told so."""
    (tmp_path / "orders.parquet").write_text("_id,timestamp\n")

    with pytest.raises(UnreadableFile, match=r"orders\.parquet: is no Parquet file"):
        import_file(hub.database, Source(tmp_path / "orders.parquet", ORDERS), now=NOW)
