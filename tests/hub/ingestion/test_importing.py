"""A file goes in, whole or in pieces, once."""

from __future__ import annotations

from pathlib import Path

from bot.hub.ingestion.importing import import_file
from bot.hub.ingestion.source import Source
from tests.hub.ingestion.conftest import NOW, ORDERS, Hub, order, write_lines


def test_json_lines(hub: Hub, tmp_path: Path) -> None:
    """Each line of a file is a record of the dataset."""
    file = write_lines(tmp_path / "orders.jsonl", [order(1), order(2), order(3, "bea@example.com")])
    told = import_file(hub.database, Source(file, ORDERS), now=NOW)

    assert (told.accepted, told.known, told.rejected, told.lines, told.position) == (3, 0, 0, 3, file.stat().st_size)
    assert [event.id for event in hub.events("ada@example.com")] == ["order-1", "order-2"]
