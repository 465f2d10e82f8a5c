from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.hub.database.connection import transaction
from bot.hub.segments import jobs
from tests.hub.segments.world import ADA, World

ATTRIBUTES = "/ca/attributes"
SPENT = 'xEvent[eventType = "bought"].sum(total)'


def attribute(name: str = "spent", value: str = SPENT, **more: Any) -> dict[str, Any]:
    expression = {"type": "PQL", "format": "pql/text", "value": value}
    return {"name": name, "displayName": name.title(), "expression": expression, "status": "NEW"} | more


async def made(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(ATTRIBUTES, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_post(client: httpx.AsyncClient) -> None:
    """A new one is answered as Adobe does ("Computed attributes API endpoint")."""
    duration = {"count": 4, "unit": "DAYS"}
    made_ = await made(client, attribute(description="All", duration=duration, status="DRAFT", path="ignored"))

    assert made_ == {
        "id": made_["id"],
        "type": "ComputedAttribute",
        "name": "spent",
        "displayName": "Spent",
        "description": "All",
        "imsOrgId": "ORG@AdobeOrg",
        "sandbox": made_["sandbox"],
        "path": "_demo/SystemComputedAttributes",
        "keepCurrent": False,
        "expression": {"type": "PQL", "format": "pql/text", "value": SPENT},
        "mergeFunction": {"value": "SUM"},
        "status": "DRAFT",
        "schema": {"name": "_xdm.context.profile"},
        "duration": duration,
        "lastEvaluationTs": "",
        "createEpoch": 1772703000000,
        "updateEpoch": 1772703000000,
        "createdBy": "key-1",
    }


async def test_computed(client: httpx.AsyncClient, world: World) -> None:
    """What was made is computed as data arrives, of the events within its lookback."""
    await made(client, attribute())
    await made(client, attribute("lately", duration={"count": 7, "unit": "DAYS"}))
    world.take(world.event(1, ADA, total=2.5), world.event(2, ADA, total=4, ago=timedelta(days=8)))
    world.settle()

    assert world.standing().computed == {"spent": 6.5, "lately": 2.5}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "the body must be a JSON object"),
        (attribute(name="two words"), "name is required: letters and digits"),
        ({"expression": {"value": SPENT}}, "name is required"),
        (attribute(displayName=1), "displayName is a text"),
        (attribute(keepCurrent="no"), "keepCurrent is true or false"),
        (attribute(status="PUBLISHED"), "status of a new computed attribute is one of DRAFT, NEW"),
        (attribute(expression=None), "expression is required"),
        (attribute(value="loyalty.points"), "a computed attribute is xEvent[…].count()"),
        (attribute(value="xEvent[a =].count()"), "line 1, column 11"),
        (attribute(value="xEvent[a.median()].count()"), "there is no function median"),
        (attribute(duration={"count": 8, "unit": "DAYS"}), "1 to 7 DAYS"),
    ],
)
async def test_post_invalid(client: httpx.AsyncClient, body: Any, told: str) -> None:
    """What can't be taken is a 400 that says why; nothing is kept of it."""
    answer = await client.post(ATTRIBUTES, json=body)

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")
    assert told in answer.json()["message"]
    assert (await client.get(ATTRIBUTES)).json()["computedAttributes"] == []


async def test_name_taken(client: httpx.AsyncClient) -> None:
    """Names are unique, also when one is changed."""
    await made(client, attribute())
    other = await made(client, attribute("other", status="DRAFT"))

    assert (await client.post(ATTRIBUTES, json=attribute())).status_code == 400
    assert (await client.patch(f"{ATTRIBUTES}/{other['id']}", json={"name": "spent"})).status_code == 400


async def test_missing(client: httpx.AsyncClient) -> None:
    """One that there isn't is a 404."""
    for call in (client.get(f"{ATTRIBUTES}/x"), client.delete(f"{ATTRIBUTES}/x"), client.patch(f"{ATTRIBUTES}/x", json={})):
        answer = await call

        assert (answer.status_code, answer.json()) == (404, {"statusCode": "404"})


async def test_draft(client: httpx.AsyncClient, world: World) -> None:
    """A draft can be changed, isn't computed, and is when it becomes new."""
    draft = await made(client, attribute(status="DRAFT"))
    world.take(world.event(1, ADA, total=2))
    world.settle()
    world.now += timedelta(seconds=1)
    body = {
        "description": "Sum",
        "expression": {"type": "PQL", "format": "pql/text", "value": "xEvent.max(total)"},
        "status": "NEW",
    }
    answer = await client.patch(f"{ATTRIBUTES}/{draft['id']}", json=body)
    changed = answer.json()
    world.take(world.event(2, ADA, total=3))
    world.settle()

    assert answer.status_code == 200
    assert (changed["description"], changed["mergeFunction"], changed["status"]) == ("Sum", {"value": "MAX"}, "NEW")
    assert changed["updateEpoch"] == draft["updateEpoch"] + 1000
    assert world.standing().computed == {"spent": 3}


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        ("DRAFT", {"status": "DISABLED"}, "status DRAFT can be changed to NEW"),
        ("DRAFT", {"mergeFunction": {"value": "MAX"}}, "mergeFunction can't be changed"),
        ("DRAFT", {"path": "x"}, "path can't be changed"),
        ("DRAFT", {"expression": {"value": "a"}}, "a computed attribute is"),
        ("NEW", {"status": "DRAFT"}, "status NEW can be changed to DISABLED"),
        ("NEW", {"name": "other"}, "name can be changed only while status is DRAFT"),
    ],
)
async def test_patch_invalid(client: httpx.AsyncClient, status: str, body: dict[str, Any], told: str) -> None:
    """What its status doesn't allow is a 400, and it stays as it was."""
    before = await made(client, attribute(status=status))
    answer = await client.patch(f"{ATTRIBUTES}/{before['id']}", json=body)

    assert answer.status_code == 400
    assert told in answer.json()["message"]
    assert (await client.get(f"{ATTRIBUTES}/{before['id']}")).json() == before


async def test_disabled(client: httpx.AsyncClient, world: World) -> None:
    """A disabled one isn't computed any more, and stays disabled."""
    found = await made(client, attribute())
    answer = await client.patch(f"{ATTRIBUTES}/{found['id']}", json={"status": "DISABLED"})
    again = await client.patch(f"{ATTRIBUTES}/{found['id']}", json={"status": "NEW"})
    world.audience(1, "tier = 1")
    world.take(world.event(1, ADA, total=2))
    world.settle()

    assert answer.json()["status"] == "DISABLED"
    assert again.status_code == 400
    assert world.standing().computed == {}


async def test_processed(client: httpx.AsyncClient, world: World) -> None:
    """One that is new is processed, with the time, once everybody has been evaluated; then it can only be disabled."""
    world.take(world.event(1, ADA, total=2))
    found = await made(client, attribute())
    with transaction(world.connection):
        jobs.queue(world.connection, [], source="api", now=world.milliseconds)
    world.settle()
    done = (await client.get(f"{ATTRIBUTES}/{found['id']}")).json()
    disabled = await client.patch(f"{ATTRIBUTES}/{found['id']}", json={"status": "DISABLED"})

    assert world.standing().computed == {"spent": 2}
    assert (done["status"], done["lastEvaluationTs"]) == ("PROCESSED", "2026-03-05T09:30:00Z")
    assert disabled.json()["status"] == "DISABLED"


async def test_delete(client: httpx.AsyncClient) -> None:
    """A draft can be deleted: 202, with what it was. Another can't."""
    draft, new = await made(client, attribute(status="DRAFT")), await made(client, attribute("other"))
    answer = await client.delete(f"{ATTRIBUTES}/{draft['id']}")
    refused = await client.delete(f"{ATTRIBUTES}/{new['id']}")

    assert (answer.status_code, answer.json()) == (202, draft)
    assert refused.status_code == 400
    assert (await client.get(f"{ATTRIBUTES}/{draft['id']}")).status_code == 404


@pytest.fixture
async def listed(client: httpx.AsyncClient, world: World) -> None:
    for number, (name, value) in enumerate({"alpha": SPENT, "beta": "xEvent.count()", "gamma": "xEvent.max(n)"}.items()):
        world.now += timedelta(seconds=number)
        await made(client, attribute(name, value, status="DRAFT" if name == "gamma" else "NEW"))


async def names(client: httpx.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(ATTRIBUTES, params=params)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["computedAttributes"]]


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["gamma", "beta", "alpha"]),
        ({"sortBy": "name"}, ["alpha", "beta", "gamma"]),
        ({"sortBy": "-name", "limit": 1, "offset": 1}, ["beta"]),
        ({"status": "draft"}, ["gamma"]),
        ({"property": "name=alpha"}, ["alpha"]),
        ({"property": "name!=alpha", "sortBy": "name"}, ["beta", "gamma"]),
        ({"property": "name=contains(LPH,mm)", "sortBy": "name"}, ["alpha", "gamma"]),
        ({"property": "name=!contains(a,x)"}, []),
        ({"property": "mergeFunction.value=COUNT"}, ["beta"]),
        ({"property": "status=contains(new,processing)", "sortBy": "name"}, ["alpha", "beta"]),
        ({"property": ["updateEpoch>=1772703001000", "createEpoch<=1772703001000"]}, ["beta"]),
    ],
)
async def test_list(client: httpx.AsyncClient, params: dict[str, Any], expected: list[str]) -> None:
    """The list is sorted and filtered as asked, by default the last changed first."""
    assert expected == await names(client, **params)


@pytest.mark.usefixtures("listed")
async def test_pages(client: httpx.AsyncClient) -> None:
    """Pages have Adobe's links and figures."""
    answer = (await client.get(ATTRIBUTES, params={"sortBy": "name", "limit": 1, "offset": 1})).json()

    assert answer["_page"] == {"offset": 1, "limit": 1, "count": 1, "totalCount": 3}
    assert answer["_links"] == {
        "self": {"href": "/attributes?offset=1&limit=1&sortBy=name"},
        "last": {"href": "/attributes?offset=2&limit=1&sortBy=name"},
        "next": {"href": "/attributes?offset=2&limit=1&sortBy=name"},
        "prev": {"href": "/attributes?offset=0&limit=1&sortBy=name"},
    }


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    "params",
    [
        {"limit": 41},
        {"limit": 0},
        {"offset": "x"},
        {"sortBy": "size"},
        {"property": "size=1"},
        {"property": "name>=a"},
        {"property": "updateEpoch>=x"},
    ],
)
async def test_list_invalid(client: httpx.AsyncClient, params: dict[str, Any]) -> None:
    """A parameter that can't be understood is a 400."""
    assert (await client.get(ATTRIBUTES, params=params)).status_code == 400
