"""The sample, served, and a client that has all its papers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from bot.hub.api.app import Credentials, create_hub
from bot.hub.database.connection import Database
from bot.hub.ingestion.inlet import Here
from bot.hub.sampling import sample_database

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
CREDENTIALS = Credentials("key-1", "s3cret", "ORG@AdobeOrg", "prod")
ENTITIES = "/data/core/ups/access/entities"


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with closing(sample_database(tmp_path_factory.mktemp("sample"), now=NOW)) as database:
        yield database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stranger(database: Database, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(database, clock) as client:
        yield client


@pytest.fixture
async def hub(stranger: httpx.AsyncClient) -> httpx.AsyncClient:
    await authorise(stranger)
    return stranger


def client_of(database: Database, clock: Clock) -> httpx.AsyncClient:
    inlet = Here(database, lambda: int(clock().timestamp() * 1000))
    app = create_hub(database=database, credentials=CREDENTIALS, clock=clock, inlet=inlet)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://hub")


async def authorise(client: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "key-1", "client_secret": "s3cret", "scope": "openid,AdobeID"}
    answer = await client.post("/ims/token/v3", data=form)
    client.headers.update(
        {
            "Authorization": f"Bearer {answer.json()['access_token']}",
            "x-api-key": "key-1",
            "x-gw-ims-org-id": "ORG@AdobeOrg",
            "x-sandbox-name": "prod",
        }
    )


def profile_of(value: str, namespace: str = "Email", **more: str) -> dict[str, str]:
    return {"schema.name": "_xdm.context.profile", "entityId": value, "entityIdNS": namespace, **more}
