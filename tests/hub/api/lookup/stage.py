"""A hub's file with a few invented customers, and a client that has all its papers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from bot.hub.api.app import create_hub
from bot.hub.database import documents
from bot.hub.database.connection import Database, transaction
from bot.hub.database.documents import Kind
from bot.hub.database.intake import Intake
from bot.hub.database.reading import Reading
from bot.hub.founding import found
from bot.hub.ims import Credentials
from bot.hub.ingestion.inlet import Here
from bot.hub.model import Identity, Person, Record, Xdm

ENTITIES = "/data/core/ups/access/entities"
PROFILE = "_xdm.context.profile"
EVENT = "_xdm.context.experienceevent"

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
MILLISECONDS = int(NOW.timestamp() * 1000)
CREDENTIALS = Credentials("key-1", "s3cret", "ORG@AdobeOrg", "prod")
PAPERS = {"x-api-key": "key-1", "x-gw-ims-org-id": "ORG@AdobeOrg", "x-sandbox-name": "prod"}

ADA = Identity("Email", "ada@example.com")
PHONE = Identity("Phone", "+493023125123")
ECID = Identity("ECID", "38400000000000000000000000000000000001")
GRACE = Identity("Email", "grace@example.com")

CRM, LOYALTY, ORDERS, WEB = (f"{number:024x}" for number in (1, 2, 3, 4))
NUMBERS = {CRM: 1, LOYALTY: 2, ORDERS: 3, WEB: 4}

DEFAULT, PRECEDENCE, UNSTITCHED = "policy-default", "policy-precedence", "policy-none"


def record(dataset: str, body: Xdm, *identities: Identity, time: int = 0, id: str = "") -> Record:  # noqa: A002 - Adobe's name
    event = dataset in {ORDERS, WEB}
    return Record(NUMBERS[dataset], event, time, id, identities, orjson.dumps(body))


def event(number: int, *identities: Identity, dataset: str = WEB, time: int | None = None, **body: Any) -> Record:
    """The event with that number, a second later than the one before it."""
    moment = MILLISECONDS + 1000 * number if time is None else time
    return record(dataset, {"_id": f"e{number}", "eventType": "web", **body}, *identities, time=moment, id=f"e{number}")


def policy(id: str, **changes: Any) -> Xdm:  # noqa: A002 - Adobe's name
    return {
        "id": id,
        "name": id,
        "schema": {"name": PROFILE},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "timestampOrdered"},
        "default": False,
    } | changes


def dataset(id: str, schema: str, *, enabled: bool = True) -> Xdm:  # noqa: A002 - Adobe's name
    tag = [f"enabled:{str(enabled).lower()}"]
    tags = {"unifiedProfile": tag, "unifiedIdentity": tag}
    return {"number": NUMBERS[id], "id": id, "name": id, "schemaRef": {"id": schema}, "tags": tags}


def schema(id: str, xdm_class: str) -> Xdm:  # noqa: A002 - Adobe's name
    parent = {"$ref": f"https://ns.adobe.com/xdm/context/{xdm_class}"}
    return {"$id": id, "title": id, "type": "object", "allOf": [parent], "meta:resourceType": "schemas"}


def label(schema: str, path: str) -> Xdm:
    return {"@type": "xdm:descriptorLabel", "xdm:sourceSchema": schema, "xdm:sourceProperty": path, "xdm:labels": ["C12"]}


@dataclass
class Stage:
    """The file, and a client of the hub that serves it."""

    database: Database
    client: httpx.AsyncClient

    def configure(self, kind: Kind, id: str, body: Xdm) -> None:  # noqa: A002 - Adobe's name
        with closing(self.database.writer()) as writer, transaction(writer):
            documents.put(writer, kind, id, body, now=MILLISECONDS)

    def dismiss(self, kind: Kind, id: str) -> None:  # noqa: A002 - Adobe's name
        with closing(self.database.writer()) as writer, transaction(writer):
            documents.remove(writer, kind, id)

    def take(self, *records: Record, now: int = MILLISECONDS) -> None:
        with closing(self.database.writer()) as writer, transaction(writer):
            Intake(writer).apply(records, self.database.organisation(), now=now)

    def person(self, identity: Identity) -> Person:
        with closing(self.database.reader()) as reader:
            person = Reading(reader, self.database).find(identity)
        assert person
        return person

    async def get(self, **params: Any) -> httpx.Response:
        return await self.client.get(ENTITIES, params=dotted(params))

    async def post(self, **body: Any) -> httpx.Response:
        return await self.client.post(ENTITIES, json=body)

    async def profile(self, identity: Identity = ADA, **params: Any) -> Xdm:
        answer = await self.get(schema=PROFILE, entityId=identity.value, entityIdNS=identity.namespace, **params)
        assert answer.status_code == 200, answer.text
        [found] = answer.json().values()
        return dict(found)

    async def events(self, identity: Identity = ADA, **params: Any) -> Xdm:
        answer = await self.get(**events_of(identity), **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def events_of(identity: Identity) -> dict[str, str]:
    related = {"relatedEntityId": identity.value, "relatedEntityIdNS": identity.namespace}
    return {"schema": EVENT, "relatedSchema": PROFILE, **related}


def dotted(params: dict[str, Any]) -> dict[str, Any]:
    """With the names of Adobe's parameters that Python can't spell."""
    return {f"{name}.name" if name in {"schema", "relatedSchema"} else name: value for name, value in params.items()}


def ids(page: Xdm) -> list[str]:
    return [child["entityId"] for child in page["children"]]


def configured(path: Path) -> Database:
    """A hub with two datasets of profiles and two of events, and three merge policies."""
    database = Database.open(path)
    with closing(database.writer()) as writer, transaction(writer):
        found(writer, "demo", MILLISECONDS)
        for body in (schema("profiles", "profile"), schema("events", "experienceevent")):
            documents.put(writer, Kind.SCHEMA, body["$id"], body, now=MILLISECONDS)
        for id_, of in ((CRM, "profiles"), (LOYALTY, "profiles"), (ORDERS, "events"), (WEB, "events")):
            documents.put(writer, Kind.DATASET, id_, dataset(id_, of), now=MILLISECONDS)
        for body in (
            policy(DEFAULT, default=True),
            policy(PRECEDENCE, attributeMerge={"type": "dataSetPrecedence", "order": [CRM, LOYALTY]}),
            policy(UNSTITCHED, identityGraph={"type": "none"}),
        ):
            documents.put(writer, Kind.MERGE_POLICY, body["id"], body, now=MILLISECONDS)
    return database


@asynccontextmanager
async def serving(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the hub at `database`, with its token."""
    app = create_hub(database=database, credentials=CREDENTIALS, clock=lambda: NOW, inlet=Here(database, lambda: MILLISECONDS))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=PAPERS) as client:
        form = {"grant_type": "client_credentials", "client_id": "key-1", "client_secret": "s3cret"}
        answer = await client.post("/ims/token/v3", data=form)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client
