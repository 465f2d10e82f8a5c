"""A hub's file with the standard namespaces and one of the organisation's own, and what is written to it and read from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.hub.database import documents
from bot.hub.database.connection import Database, transaction
from bot.hub.database.documents import Kind
from bot.hub.database.intake import Applied, Intake
from bot.hub.database.reading import Reading
from bot.hub.founding import found
from bot.hub.model import ComputedAttribute, Namespace, Organisation, Record
from bot.hub.organising import namespace_document
from tests.hub.database.invented import NOW

CRM = Namespace(10_000_001, "CRMID", "CROSS_DEVICE", "Customer number", custom=True)


@dataclass
class Store:
    """A hub's file and a connection of each kind."""

    database: Database
    writer: sqlite3.Connection
    reader: sqlite3.Connection

    @property
    def reading(self) -> Reading:
        return Reading(self.reader, self.database)

    @property
    def organisation(self) -> Organisation:
        """As configured, with something to compute, so that arrivals are queued."""
        return replace(self.database.organisation(), computed=(ComputedAttribute("1", "orders", "", ("orders",)),))

    def take(self, *records: Record, now: int = NOW) -> Applied:
        with transaction(self.writer):
            return Intake(self.writer).apply(records, self.organisation, now=now)

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        return self.reader.execute(query, values).fetchall()


def founded(path: Path) -> Database:
    database = Database.open(path)
    with closing(database.writer()) as writer, transaction(writer):
        found(writer, "demo", NOW)
        documents.put(writer, Kind.NAMESPACE, str(CRM.id), namespace_document(CRM, NOW), now=NOW)
    return database


def opened(path: Path) -> Iterator[Store]:
    with closing(founded(path)) as database, closing(database.writer()) as writer, closing(database.reader()) as reader:
        yield Store(database, writer, reader)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield from opened(tmp_path / "hub.db")
