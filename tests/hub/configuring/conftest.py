"""The configuration endpoints over an empty hub of the tenant `demo`, behind no gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.hub.answers import refused
from bot.hub.api import catalogue, namespaces, policies, registry
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.connection import Database, transaction
from bot.hub.database.documents import Kind
from bot.hub.errors import Refused
from bot.hub.founding import found
from bot.hub.ims import Credentials
from bot.hub.ingestion.inlet import Here
from bot.hub.segments import jobs
from tests.hub.configuring.calls import REGISTRY, XED, group, schema_of

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
CREDENTIALS = Credentials("key-1", "s3cret", "ORG@AdobeOrg", "prod")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "hub.db")
    with closing(database.writer()) as connection, transaction(connection):
        found(connection, "demo", 1_000)
    yield database
    database.close()


@pytest.fixture
async def hub(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    inlet = Here(database, lambda: int(NOW.timestamp() * 1000))
    services = HubServices(database, CREDENTIALS, lambda: NOW, inlet)
    routes = [route for module in (registry, catalogue, namespaces, policies) for route in module.routes(services)]
    app = Starlette(routes=[Mount("/data", routes=routes)], exception_handlers={Refused: refused})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub") as client:
        yield client
    services.connection.close()
    inlet.close()


@pytest.fixture
async def group_id(hub: httpx.AsyncClient) -> str:
    """The `$id` of a field group of the tenant's own."""
    return str((await hub.post(f"{REGISTRY}/tenant/fieldgroups", json=group())).json()["$id"])


@pytest.fixture
async def schema_id(hub: httpx.AsyncClient, group_id: str) -> str:
    """The `$id` of a profile schema with that field group."""
    return str((await hub.post(f"{REGISTRY}/tenant/schemas", json=schema_of(group_id), headers=XED)).json()["$id"])


def evaluating(database: Database) -> None:
    """From now on something is computed of profiles."""
    audience = {"number": 1, "id": "1", "name": "All", "expression": {"value": "true"}}
    with closing(database.writer()) as connection, transaction(connection):
        documents.put(connection, Kind.AUDIENCE, "1", audience, now=1_000)


def evaluations(database: Database) -> int:
    """How many evaluations of everybody are queued."""
    with closing(database.reader()) as connection:
        return len(jobs.open_jobs(connection))
