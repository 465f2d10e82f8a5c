"""Streaming ingestion answers as Adobe's does, after what it answers for is stored."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.hub.answers import refused
from bot.hub.api.services import HubServices
from bot.hub.api.streaming import collection
from bot.hub.errors import Refused
from bot.hub.ims import Credentials, Tokens
from bot.hub.ingestion.inlet import Here, Inlet, InletDown
from bot.hub.ingestion.submission import Outcome, Submission
from bot.hub.model import Xdm
from tests.hub.ingestion.conftest import NOW, ORDERS, Hub, order

CREDENTIALS = Credentials("key-1", "s3cret", "ORG@AdobeOrg", "prod")
SCHEMA = {"id": "https://ns.adobe.com/demo/schemas/orders", "contentType": "application/vnd.adobe.xed-full+json;version=1"}
TOLD = "inletId: [inlet-1] imsOrgId: [ORG@AdobeOrg]"


class Down:
    """An inlet whose process is gone."""

    async def take(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        raise InletDown

    async def settle(self) -> None:
        raise InletDown


def client_of(hub: Hub, inlet: Inlet) -> httpx.AsyncClient:
    def clock() -> datetime:
        return datetime.fromtimestamp(NOW / 1000, UTC)

    tokens = Tokens(clock)
    app = Starlette(
        routes=[collection(HubServices(hub.database, CREDENTIALS, clock, inlet), tokens)], exception_handlers={Refused: refused}
    )
    headers = {"Authorization": f"Bearer {tokens.mint()}", "x-sandbox-name": "prod"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub/collection", headers=headers)


@pytest.fixture
async def client(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    inlet = Here(hub.database, lambda: NOW)
    async with client_of(hub, inlet) as client:
        yield client
    inlet.close()


def message(record: Any, header: Xdm | None = None, **body: Any) -> Xdm:
    return {
        "header": {"schemaRef": SCHEMA, "imsOrgId": "ORG@AdobeOrg", "datasetId": ORDERS} | (header or {}),
        "body": {"xdmMeta": {"schemaRef": SCHEMA}, "xdmEntity": record} | body,
    }


async def test_one(client: httpx.AsyncClient, hub: Hub) -> None:
    """A message that is right is stored when it is answered; nothing is said of its validity."""
    answer = await client.post("/inlet-1", json=message(order(1)))
    body = answer.json()

    assert (answer.status_code, body.pop("xactionId").split(":")[0]) == (200, str(NOW))
    assert body == {"inletId": "inlet-1", "receivedTimeMs": NOW, "syncValidation": {"skipped": True}}
    assert [event.id for event in hub.events("ada@example.com")] == ["order-1"]


async def test_validated(client: httpx.AsyncClient) -> None:
    """Who asks for validation learns that the record passed."""
    answer = await client.post("/inlet-1?syncValidation=true", json=message(order(1)))

    assert (answer.status_code, answer.json()["syncValidation"]) == (200, {"status": "pass"})


async def test_not_valid(client: httpx.AsyncClient, hub: Hub) -> None:
    """Who asks for validation learns where the record is wrong, and it isn't kept."""
    answer = await client.post("/inlet-1?syncValidation=true", json=message(order(1, level="medium")))

    assert answer.status_code == 400
    assert answer.json() == {
        "type": "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet",
        "status": 400,
        "title": "Invalid XDM Message Format",
        "report": {
            "message": f"{TOLD} Message is invalid",
            "cause": {
                "_streamingValidation": [
                    {
                        "schemaLocation": "#",
                        "pointerToViolation": "#/_demo/level",
                        "causingExceptions": [],
                        "message": "isn't one of high or low",
                    }
                ]
            },
        },
    }
    assert (hub.events("ada@example.com"), hub.rejects()) == ([], [])


async def test_kept(client: httpx.AsyncClient, hub: Hub) -> None:
    """Who doesn't ask is told that the message arrived, and the record is kept beside the hub with what is wrong."""
    bad = order(1, level="medium")
    answer = await client.post("/inlet-1", json=message(bad))

    assert answer.status_code == 200
    assert hub.rejects() == [{"line": 1, "path": "_demo.level", "reason": "isn't one of high or low", "record": bad}]


WRONG = {
    "no body": ({"header": message({})["header"]}, "unknown xdm format: body is missing: a JSON object"),
    "no object": ([], "unknown xdm format: header is missing: a JSON object"),
    "other organisation": (
        message(order(9), {"imsOrgId": "OTHER@AdobeOrg"}),
        "an absent or wrong ims org in the header: header.imsOrgId isn't this organisation's",
    ),
    "no dataset": (
        message(order(9), {"datasetId": "0"}),
        "unknown xdm format: header.datasetId names no dataset of the catalogue",
    ),
    "other schema": (
        message(order(9), xdmMeta={"schemaRef": {"id": "people"}}),
        f"unknown xdm format: body.xdmMeta.schemaRef.id isn't the schema of the dataset, {SCHEMA['id']}",
    ),
    "no entity": (message("text"), "unknown xdm format: body.xdmEntity is missing: the record, a JSON object"),
}


async def test_several(client: httpx.AsyncClient, hub: Hub) -> None:
    """Each message of several is answered in its place; bad ones don't stop good ones."""
    sent = [message(order(1)), *(bad for bad, _ in WRONG.values()), message(order(2))]
    answer = await client.post("/batch/inlet-1", json={"messages": sent})
    body = answer.json()

    assert (answer.status_code, body["inletId"], body["receivedTimeMs"]) == (207, "inlet-1", NOW)
    assert body["responses"] == [
        {"xactionId": f"{body['batchId']}:0"},
        *({"statusCode": 400, "message": f"{TOLD} Message has {told}"} for _, told in WRONG.values()),
        {"xactionId": f"{body['batchId']}:{len(sent) - 1}"},
    ]
    assert [event.id for event in hub.events("ada@example.com")] == ["order-1", "order-2"]


@pytest.mark.parametrize("path", ["/inlet-1", "/batch/inlet-1"])
@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"{", 400, f"{TOLD} Message has unknown xdm format"),
        (json.dumps({"messages": "none"}).encode(), 400, f"{TOLD} Message has unknown xdm format"),
        (b" " * 1_000_001, 413, "the request is larger than 1000000 bytes"),
    ],
)
async def test_not_a_message(client: httpx.AsyncClient, path: str, content: bytes, status: int, told: str) -> None:
    """A body that is no message, or too large, is refused as a whole."""
    answer = await client.post(path, content=content)

    assert (answer.status_code, answer.json()["report"]["message"]) == (status, told)


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ({"Authorization": ""}, 401, "[id] Ims service token is empty"),
        ({"Authorization": "Bearer other"}, 401, "[id] Ims service token is not valid"),
        ({"x-sandbox-name": "dev"}, 403, "x-sandbox-name names no sandbox of this organisation"),
    ],
)
async def test_strangers(client: httpx.AsyncClient, hub: Hub, headers: dict[str, str], status: int, told: str) -> None:
    """Nobody gets in without a token, or into another sandbox."""
    answer = await client.post("/inlet-1", json=message(order(1)), headers=headers)

    assert (answer.status_code, answer.json()["report"]["message"]) == (status, told)
    assert hub.events("ada@example.com") == []


@pytest.mark.parametrize("path", ["/inlet-1", "/batch/inlet-1"])
async def test_down(hub: Hub, path: str) -> None:
    """When nothing can be stored the answer says so, and when to try again."""
    async with client_of(hub, Down()) as client:
        answer = await client.post(path, json={"messages": []} | message(order(1)))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_deeply_nested(client: httpx.AsyncClient) -> None:
    """A record that is nested too deeply to be written is no message."""
    entity = "[" * 300 + "]" * 300
    content = json.dumps(message({"deep": 0})).replace('"deep": 0', f'"deep": {entity}')
    one = await client.post("/inlet-1", content=content)
    several = await client.post("/batch/inlet-1", content=f'{{"messages": [{content}]}}')

    assert (one.status_code, several.status_code, several.json()["responses"][0]["statusCode"]) == (400, 207, 400)
