"""A hub with the sample data, and a client that has all its papers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot.hub.app import Credentials, create_hub
from bot.hub.sample import sample_store
from bot.hub.store import Store

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
CREDENTIALS = Credentials("key-1", "s3cret", "ORG@AdobeOrg", "prod")
ENTITIES = "/data/core/ups/access/entities"


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def client_of(store: Store, clock: Clock) -> httpx.AsyncClient:
    app = create_hub(store=store, credentials=CREDENTIALS, clock=clock)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://hub")


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


@pytest.fixture(scope="session")
def store() -> Store:
    return sample_store(now=NOW)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stranger(store: Store, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(store, clock) as client:
        yield client


@pytest.fixture
async def hub(stranger: httpx.AsyncClient) -> httpx.AsyncClient:
    await authorise(stranger)
    return stranger


def profile_of(value: str, namespace: str = "Email", **more: str) -> dict[str, str]:
    return {"schema.name": "_xdm.context.profile", "entityId": value, "entityIdNS": namespace, **more}


def events_of(value: str, namespace: str = "Email", **more: Any) -> dict[str, str]:
    asked = {"schema.name": "_xdm.context.experienceevent", "relatedSchema.name": "_xdm.context.profile"}
    return asked | {"relatedEntityId": value, "relatedEntityIdNS": namespace} | {name: str(text) for name, text in more.items()}


def only(answer: httpx.Response) -> dict[str, Any]:
    [profile] = answer.json().values()
    assert isinstance(profile, dict)
    return profile
