from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.hub.segments.world import ADA, World

JOBS = "/ups/segment/jobs"


@pytest.fixture
async def segment(client: httpx.AsyncClient) -> str:
    expression = {"type": "PQL", "format": "pql/text", "value": "tier = 1"}
    body = {"name": "First", "expression": expression, "schema": {"name": "_xdm.context.profile"}}
    return str((await client.post("/ups/segment/definitions", json=body)).json()["id"])


async def queued(client: httpx.AsyncClient, segment: str) -> dict[str, Any]:
    answer = await client.post(JOBS, json=[{"segmentId": segment}])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_post(client: httpx.AsyncClient, segment: str) -> None:
    """A job is queued, and answered as Adobe does (segmentation.yaml, SegmentJob)."""
    job = await queued(client, segment)
    path = f"/segment/jobs/{job['id']}"

    assert job == {
        "id": job["id"],
        "imsOrgId": "ORG@AdobeOrg",
        "sandbox": job["sandbox"],
        "profileInstanceId": "ups",
        "source": "api",
        "status": "QUEUED",
        "segments": [
            {
                "segmentId": segment,
                "segment": {
                    "id": segment,
                    "expression": {"type": "PQL", "format": "pql/text", "value": "tier = 1"},
                    "mergePolicyId": "default",
                },
            }
        ],
        "schema": {"name": "_xdm.context.profile"},
        "_links": {"cancel": {"href": path, "method": "DELETE"}, "checkStatus": {"href": path, "method": "GET"}},
        "creationTime": 1772703000000,
        "updateTime": 1772703000000,
        "updateEpoch": 1772703000,
    }


async def test_carried_out(client: httpx.AsyncClient, world: World) -> None:
    """Whoever was there before an audience is in it once the job is done, which then says how long it took."""
    world.take(world.profile(ADA, tier=1))
    segment = (await client.post("/ups/segment/definitions", json=_definition())).json()["id"]
    job = await queued(client, segment)
    world.now += timedelta(seconds=3)
    world.settle()
    done = (await client.get(f"{JOBS}/{job['id']}")).json()
    span = {"startTimeInMs": 1772703000000, "endTimeInMs": 1772703003000, "totalTimeInMs": 3000}

    assert world.members(segment, ADA) == [ADA]
    assert (done["status"], done["metrics"]["totalProfiles"], done["metrics"]["totalTime"]) == ("SUCCEEDED", 1, span)


def _definition() -> dict[str, Any]:
    expression = {"type": "PQL", "format": "pql/text", "value": "tier = 1"}
    return {"name": "First", "expression": expression, "schema": {"name": "_xdm.context.profile"}}


@pytest.mark.parametrize("body", [{}, [], [{}], ["x"], [{"segmentId": 1}], [{"segmentId": "missing"}]])
async def test_post_invalid(client: httpx.AsyncClient, body: Any) -> None:
    """A job names definitions that there are, else it is a 400."""
    assert (await client.post(JOBS, json=body)).status_code == 400
    assert (await client.get(JOBS)).json()["children"] == []


async def test_delete(client: httpx.AsyncClient, segment: str) -> None:
    """A job that nobody waits for any more is cancelled."""
    job = await queued(client, segment)
    answer = await client.delete(f"{JOBS}/{job['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(f"{JOBS}/{job['id']}")).json()["status"] == "CANCELLED"


async def test_missing(client: httpx.AsyncClient) -> None:
    """One that there isn't is a 404."""
    assert (await client.get(f"{JOBS}/x")).status_code == 404
    assert (await client.delete(f"{JOBS}/x")).status_code == 404


async def test_list(client: httpx.AsyncClient, world: World, segment: str) -> None:
    """The list is filtered by status, and comes in pages, the newest first."""
    ids = []
    for _ in range(3):
        world.now += timedelta(seconds=1)
        ids.append((await queued(client, segment))["id"])
    await client.delete(f"{JOBS}/{ids[0]}")
    first = (await client.get(JOBS, params={"status": "QUEUED", "limit": 1})).json()
    second = (await client.get(JOBS, params=first["_links"]["next"]["href"].partition("?")[2])).json()

    assert first["_page"] == {"totalCount": 2, "pageSize": 1}
    assert [each["id"] for page in (first, second) for each in page["children"]] == [ids[2], ids[1]]
    assert second["_links"] == {"next": {"href": ""}}


async def test_bulk_get(client: httpx.AsyncClient, segment: str) -> None:
    """Several by their ids: 207, with an error in the place of each that there isn't."""
    job = await queued(client, segment)
    answer = await client.post(f"{JOBS}/bulk-get", json={"ids": [{"id": job["id"]}, {"id": "x"}]})

    assert answer.status_code == 207
    assert answer.json()["results"][job["id"]] == job
    assert answer.json()["results"]["x"]["errors"] == {"404": [{"code": 404, "message": "Not found."}]}
