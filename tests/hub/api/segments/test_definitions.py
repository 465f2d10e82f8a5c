from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.hub.segments.world import ADA, World

DEFINITIONS = "/ups/segment/definitions"
CLUB = {"audienceId": "members-1", "name": "Club", "namespace": "AlpineClub", "type": "ExternalSegment"}


def definition(name: str = "Gold", value: str = 'loyalty.tier = "gold"', **more: Any) -> dict[str, Any]:
    expression = {"type": "PQL", "format": "pql/text", "value": value}
    return {"name": name, "expression": expression, "schema": {"name": "_xdm.context.profile"}} | more


async def made(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(DEFINITIONS, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_post(client: httpx.AsyncClient) -> None:
    """A new definition is answered as Adobe does (segmentation.yaml, SegmentDefinition), with where it is."""
    how = {"batch": {"enabled": False}, "continuous": {"enabled": True}, "synchronous": {"enabled": False}}
    answer = await client.post(
        DEFINITIONS, json=definition(description="Last 30 days", evaluationInfo=how, payloadSchema="string")
    )
    made = answer.json()

    assert answer.status_code == 200
    assert answer.headers["x-location"] == f"/data/core{DEFINITIONS}/{made['id']}"
    assert made == {
        "id": made["id"],
        "schema": {"name": "_xdm.context.profile"},
        "profileInstanceId": "ups",
        "imsOrgId": "ORG@AdobeOrg",
        "sandbox": made["sandbox"],
        "name": "Gold",
        "description": "Last 30 days",
        "expression": {"type": "PQL", "format": "pql/text", "value": 'loyalty.tier = "gold"'},
        "mergePolicyId": "default",
        "evaluationInfo": how,
        "payloadSchema": "string",
        "dataGovernancePolicy": {"excludeOptOut": True},
        "creationTime": 1772703000000,
        "updateEpoch": 1772703000,
        "updateTime": 1772703000000,
    }


async def test_is_an_audience(client: httpx.AsyncClient, world: World) -> None:
    """A definition is that of an audience, found on both ways, and evaluated."""
    found = await made(client, definition())
    audience = (await client.get(f"/ups/audiences/{found['id']}")).json()
    world.take(world.profile(ADA, loyalty={"tier": "gold"}))
    world.settle()

    assert {name: audience[name] for name in found} == found
    assert world.members(found["id"], ADA) == [ADA]


async def test_taken(client: httpx.AsyncClient) -> None:
    """A name that is taken is a 422."""
    await made(client, definition())
    answer = await client.post(DEFINITIONS, json=definition())

    assert (answer.status_code, answer.json()["status"]) == (422, 422)
    assert answer.json()["title"] == "There is an audience with that name already. Use PATCH to change it."


@pytest.mark.parametrize("body", [[], definition(value="a ="), definition(schema={"name": "x"}), {"name": "Gold"}])
async def test_post_invalid(client: httpx.AsyncClient, body: Any) -> None:
    """What is no definition is a 400."""
    assert (await client.post(DEFINITIONS, json=body)).status_code == 400


async def test_missing(client: httpx.AsyncClient) -> None:
    """One that there isn't is a 404; an audience from outside has no definition."""
    club = (await client.post("/ups/audiences", json=CLUB)).json()["id"]

    for segment_id in ("x", club):
        assert (await client.get(f"{DEFINITIONS}/{segment_id}")).status_code == 404
        assert (await client.delete(f"{DEFINITIONS}/{segment_id}")).status_code == 404
        assert (await client.patch(f"{DEFINITIONS}/{segment_id}", json={})).status_code == 404


async def test_patch(client: httpx.AsyncClient) -> None:
    """What the body names is overwritten, the rest stays."""
    found = await made(client, definition(description="Upper tier"))
    answer = await client.patch(f"{DEFINITIONS}/{found['id']}", json={"name": "Golden"})
    refused = await client.patch(f"{DEFINITIONS}/{found['id']}", json={"expression": {"value": "a ="}})

    assert (answer.status_code, answer.json()) == (200, found | {"name": "Golden"})
    assert refused.status_code == 400
    assert (await client.get(f"{DEFINITIONS}/{found['id']}")).json() == answer.json()


async def test_delete(client: httpx.AsyncClient) -> None:
    """A deleted one is gone: 200, with a message."""
    found = await made(client, definition())
    answer = await client.delete(f"{DEFINITIONS}/{found['id']}")

    assert (answer.status_code, answer.json()["status"]) == (200, True)
    assert (await client.get(f"{DEFINITIONS}/{found['id']}")).status_code == 404


async def test_list(client: httpx.AsyncClient) -> None:
    """The list has Adobe's envelope and pages, and no audience from outside."""
    for name in ("Beta", "alpha", "Gamma"):
        await made(client, definition(name))
    await client.post("/ups/audiences", json=CLUB)
    first = (await client.get(DEFINITIONS, params={"sort": "name:asc,internalId:desc", "limit": 2, "page": 0})).json()
    second = (await client.get(DEFINITIONS, params=first["link"]["next"]["href"].partition("?")[2])).json()

    assert [each["name"] for each in first["segments"]] == ["alpha", "Beta"]
    assert first["page"] == {"totalCount": 3, "totalPages": 2, "sortField": "name", "sort": "asc", "pageSize": 2, "limit": 2}
    assert first["link"]["next"]["href"].startswith("@/segment/definitions?page=1&")
    assert ([each["name"] for each in second["segments"]], second["link"]) == (["Gamma"], {})


async def test_list_as_it_is(client: httpx.AsyncClient) -> None:
    """Without parameters the newest come first, a hundred of them."""
    page = (await client.get(DEFINITIONS)).json()

    assert page["segments"] == []
    assert page["page"] == {
        "totalCount": 0,
        "totalPages": 0,
        "sortField": "creationTime",
        "sort": "desc",
        "pageSize": 0,
        "limit": 100,
    }


async def test_bulk_get(client: httpx.AsyncClient) -> None:
    """Several by their ids: 207, with an error in the place of each that there isn't."""
    found = await made(client, definition())
    answer = await client.post(f"{DEFINITIONS}/bulk-get", json={"ids": [{"id": found["id"]}, {"id": "x"}]})

    assert answer.status_code == 207
    assert answer.json()["results"][found["id"]] == found
    assert answer.json()["results"]["x"]["errors"] == {"404": [{"code": 404, "message": "Not found."}]}
