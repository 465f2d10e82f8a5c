"""A hub's file whose audiences are evaluated, with a clock that stands where it is put."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from bot.hub.database import documents
from bot.hub.database.connection import Database, transaction
from bot.hub.database.documents import Kind
from bot.hub.database.intake import Intake
from bot.hub.database.reading import Reading, Standing
from bot.hub.founding import found
from bot.hub.model import PROFILE, Identity, Record, Xdm
from bot.hub.segments.evaluation import Evaluation

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
ADA, PHONE, GRACE = (
    Identity("Email", "ada@example.com"),
    Identity("Phone", "+493023125123"),
    Identity("Email", "grace@example.com"),
)
CRM, EVENTS = 1, 2


@dataclass
class World:
    database: Database
    connection: sqlite3.Connection
    now: datetime = NOW

    @classmethod
    @contextmanager
    def at(cls, path: Path) -> Iterator[World]:
        database = Database.open(path)
        with closing(database), closing(database.writer()) as connection:
            world = cls(database, connection)
            world.found()
            yield world

    def found(self) -> None:
        policy: Xdm = {"id": "default", "schema": {"name": PROFILE}, "default": True, "identityGraph": {"type": "pdg"}}
        with transaction(self.connection):
            found(self.connection, "demo", self.milliseconds)
        self.put(Kind.MERGE_POLICY, "default", policy | {"attributeMerge": {"type": "timestampOrdered"}})
        for number in (CRM, EVENTS):
            tags = {tag: ["enabled:true"] for tag in ("unifiedProfile", "unifiedIdentity")}
            body = {"number": number, "id": str(number), "name": str(number), "schemaRef": {"id": "s"}, "tags": tags}
            self.put(Kind.DATASET, str(number), body)

    @property
    def milliseconds(self) -> int:
        return int(self.now.timestamp() * 1000)

    @property
    def evaluation(self) -> Evaluation:
        return Evaluation(self.database, lambda: self.now)

    def put(self, kind: Kind, id: str, body: Xdm) -> None:  # noqa: A002 - Adobe's name
        with transaction(self.connection):
            documents.put(self.connection, kind, id, body, now=self.milliseconds)

    def audience(self, number: int, expression: str) -> None:
        body = {"number": number, "id": f"a{number}", "name": f"Audience {number}", "expression": {"value": expression}}
        self.put(Kind.AUDIENCE, f"a{number}", body)

    def computed(self, name: str, expression: str) -> None:
        self.put(Kind.COMPUTED_ATTRIBUTE, name, {"id": name, "name": name, "status": "NEW", "expression": {"value": expression}})

    def profile(self, *identities: Identity, **body: Any) -> Record:
        return Record(CRM, False, self.milliseconds, "", identities, orjson.dumps(body))

    def event(self, number: int, *identities: Identity, ago: timedelta = timedelta(0), **body: Any) -> Record:
        at = self.now - ago
        event = {"_id": str(number), "timestamp": at.isoformat(), "eventType": "bought", **body}
        return Record(EVENTS, True, int(at.timestamp() * 1000), str(number), identities, orjson.dumps(event))

    def take(self, *records: Record) -> None:
        with transaction(self.connection):
            Intake(self.connection).apply(records, self.database.organisation(), now=self.milliseconds)

    def settle(self, limit: int = 10) -> int:
        """Evaluate until nothing is left to do: how many people that were."""
        evaluation, settled = self.evaluation, 0
        while step := evaluation.work(self.connection, limit):
            settled += step
        return settled

    def standing(self, identity: Identity = ADA) -> Standing:
        reading = Reading(self.connection, self.database)
        person = reading.find(identity)
        standing = reading.standing(person.number) if person else None
        assert standing
        return standing

    def members(self, audience: str, *identities: Identity) -> list[Identity]:
        """Those who are realized in it."""
        found = ((each, self.standing(each).memberships.get(audience)) for each in identities)
        return [each for each, membership in found if membership and membership["status"] == "realized"]
