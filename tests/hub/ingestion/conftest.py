"""A hub's file with one dataset of profile records and one of events, both enabled, and one of events that isn't."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.hub.database import documents
from bot.hub.database.connection import Database, transaction
from bot.hub.database.documents import Kind
from bot.hub.database.reading import Reading
from bot.hub.founding import found
from bot.hub.model import Dataset, Event, Fragment, Identity, Xdm

NOW = 1_772_703_000_000
PEOPLE, ORDERS, VISITS = "5f0000000000000000000001", "5f0000000000000000000002", "5f0000000000000000000003"
_PROFILE = "https://ns.adobe.com/xdm/context/profile"
_EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
_AUDIT = {
    "type": "object",
    "properties": {
        "shop": {"type": "string"},
        "amount": {"type": "number", "minimum": 0},
        "items": {"type": "integer"},
        "gift": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
        "day": {"type": "string", "format": "date"},
        "name": {"type": "string", "maxLength": 40},
        "level": {"type": "string", "enum": ["low", "high"]},
    },
}


@dataclass
class Hub:
    """The file, and what one looks at in it."""

    database: Database

    def dataset(self, dataset_id: str) -> Dataset:
        found = self.database.organisation().dataset(dataset_id)
        assert found
        return found

    def enable(self, dataset_id: str) -> None:
        with closing(self.database.writer()) as connection, transaction(connection):
            body = documents.get(connection, Kind.DATASET, dataset_id)
            assert body
            documents.put(connection, Kind.DATASET, dataset_id, body | {"tags": ENABLED}, now=NOW)

    def rejects(self) -> list[Xdm]:
        """The refused records that no import brought."""
        file = self.database.path.with_name("hub.db.rejects.jsonl")
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def events(self, value: str, namespace: str = "Email") -> list[Event]:
        with closing(self.database.reader()) as connection:
            reading = Reading(connection, self.database)
            person = reading.find(Identity(namespace, value))
            numbers = [member.number for member in person.members] if person else []
            return list(reading.events(numbers, newest_first=False, start=None, end=None, after=None, limit=None))

    def fragments(self, value: str, namespace: str = "Email") -> list[Fragment]:
        with closing(self.database.reader()) as connection:
            reading = Reading(connection, self.database)
            person = reading.find(Identity(namespace, value))
            return list(reading.fragments([member.number for member in person.members])) if person else []


ENABLED = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    database = Database.open(tmp_path / "hub.db")
    with closing(database.writer()) as connection, transaction(connection):
        found(connection, "demo", NOW)
        for name, class_id in (("people", _PROFILE), ("orders", _EVENT)):
            schema = _schema(name, class_id)
            documents.put(connection, Kind.SCHEMA, schema["$id"], schema, now=NOW)
        for number, (dataset_id, name, schema_name) in enumerate(
            ((PEOPLE, "People", "people"), (ORDERS, "Orders", "orders"), (VISITS, "Visits", "orders")), 1
        ):
            body = {"number": number, "id": dataset_id, "name": name, "schemaRef": {"id": _id(schema_name)}}
            tags = {} if dataset_id == VISITS else ENABLED
            documents.put(connection, Kind.DATASET, dataset_id, body | {"tags": tags}, now=NOW)
    yield Hub(database)
    database.close()


def _id(name: str) -> str:
    return f"https://ns.adobe.com/demo/schemas/{name}"


def _schema(name: str, class_id: str) -> Xdm:
    return {
        "$id": _id(name),
        "meta:resourceType": "schemas",
        "title": name,
        "version": "1.0",
        "type": "object",
        "allOf": [
            {"$ref": class_id},
            {"type": "object", "properties": {"identityMap": _IDENTITY_MAP, "_demo": _AUDIT, "personalEmail": _EMAIL}},
        ],
    }


_EMAIL = {"type": "object", "properties": {"address": {"type": "string"}}}
_IDENTITY_MAP = {
    "type": "object",
    "additionalProperties": {
        "type": "array",
        "items": {"type": "object", "properties": {"id": {"type": "string"}, "primary": {"type": "boolean"}}},
    },
}


def order(number: int, email: str = "ada@example.com", **more: Any) -> Xdm:
    """An event of the `orders` schema."""
    return {
        "_id": f"order-{number}",
        "timestamp": f"2026-03-01T10:{number // 60 % 60:02}:{number % 60:02}Z",
        "identityMap": {"Email": [{"id": email, "primary": True}]},
        "_demo": {"amount": 10.5, "items": number, **more},
    }


def children_running(module: str) -> list[int]:
    """Our own processes that run `module`. Other children, such as the server of other tests, are none of them."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return [child for child in children if module in Path(f"/proc/{child}/cmdline").read_text().split("\0")]


def write_lines(path: Path, records: list[Any]) -> Path:
    """A file of JSON Lines; texts stand in it as they are."""
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in records), encoding="utf-8")
    return path
