from __future__ import annotations

from typing import Any

import pytest

from bot.hub.database.documents import Kind
from bot.hub.model import Xdm
from tests.hub.api.edge.stage import EDGE, Edge, audience, event_of
from tests.hub.api.lookup.stage import ADA, CRM, policy, record

DATASTREAMS = "/data/hub/datastreams"

BODY: Xdm = {
    "name": "Web",
    "alias": "web-personalisation",
    "attributes": {"tier": "loyalty.tier"},
    "audiences": ["vip"],
}


async def made(edge: Edge, **changes: Any) -> Xdm:
    answer = await edge.client.post(DATASTREAMS, json=BODY | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def tiers(edge: Edge, datastream: str) -> list[Xdm]:
    answer = await edge.interact(event_of(ADA), dataStreamId=datastream)
    return [each["attributes"] for each in answer.json()["handle"][0]["payload"]]


async def test_made(edge: Edge) -> None:
    """A datastream answers what it was made to map, under the ids that the hub gave it."""
    edge.take(record(CRM, {"loyalty": {"tier": "gold"}}, ADA))
    datastream = await made(edge)
    answer = await edge.interact(event_of(ADA), dataStreamId=datastream["id"])
    [found] = answer.json()["handle"][0]["payload"]

    assert datastream | BODY == datastream
    assert (datastream["version"], datastream["imsOrgId"]) == (1, "ORG@AdobeOrg")
    assert (found["destinationId"], found["alias"]) == (datastream["destinationId"], "web-personalisation")
    assert found["attributes"] == {"tier": {"value": "gold"}}


async def test_found(edge: Edge) -> None:
    """It is found by its id, and among all of them."""
    datastream = await made(edge)
    one = await edge.client.get(f"{DATASTREAMS}/{datastream['id']}")
    all_of_them = (await edge.client.get(DATASTREAMS)).json()

    assert one.json() == datastream
    assert datastream in all_of_them["children"]
    assert all_of_them["_page"] == {"totalCount": 2, "pageSize": 2}


async def test_smallest(edge: Edge) -> None:
    """Only the name is required: it is the alias as well, and nothing is mapped."""
    answer = await edge.client.post(DATASTREAMS, json={"name": "Web"})
    datastream = answer.json()

    assert (datastream["alias"], datastream["attributes"], datastream["audiences"]) == ("Web", {}, [])


async def test_replaced(edge: Edge) -> None:
    """What was answered can be put back, changed: the ids stay, the version grows, look-ups follow at once."""
    edge.take(record(CRM, {"loyalty": {"tier": "gold", "points": 7}}, ADA))
    datastream = await made(edge)
    before = await tiers(edge, datastream["id"])
    changed = await edge.client.put(
        f"{DATASTREAMS}/{datastream['id']}", json=datastream | {"attributes": {"points": "loyalty.points"}}
    )
    after = await tiers(edge, datastream["id"])

    assert (before, after) == ([{"tier": {"value": "gold"}}], [{"points": {"value": 7}}])
    assert changed.json() == datastream | {"attributes": {"points": "loyalty.points"}, "version": 2}


async def test_deleted(edge: Edge) -> None:
    """Deleted, it is neither found nor a way to look anybody up."""
    datastream = await made(edge)
    path = f"{DATASTREAMS}/{datastream['id']}"
    deleted = await edge.client.delete(path)
    gone = [await edge.client.get(path), await edge.client.put(path, json=BODY), await edge.client.delete(path)]
    asked = await edge.interact(event_of(ADA), dataStreamId=datastream["id"])

    assert deleted.status_code == 204
    assert [(each.status_code, each.json()) for each in gone] == [(404, {"statusCode": "404"})] * 3
    assert asked.status_code == 400


async def test_map(edge: Edge) -> None:
    """A path may lead through a map, whose keys no schema knows."""
    mapped = {"vip": "segmentMembership.ups.vip.status"}
    datastream = await made(edge, attributes=mapped)

    assert datastream["attributes"] == mapped


async def test_outside_id(edge: Edge) -> None:
    """An audience may be named by its id or by its audienceId; the hub keeps its id, once."""
    edge.configure(Kind.AUDIENCE, "a3", audience(3, "a3", audienceId="club", namespace="AlpineClub", expression=None))
    datastream = await made(edge, audiences=["club", "vip", "a3"])

    assert datastream["audiences"] == ["a3", "vip"]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": ""}, "name is required"),
        ({"name": None}, "name is required"),
        ({"alias": 1}, "alias is required"),
        ({"attributes": []}, "attributes must be an object"),
        ({"attributes": {"tier": "loyalty.teir"}}, "attributes.tier must be"),
        ({"attributes": {"tier": ""}}, "attributes.tier must be"),
        ({"attributes": {"tier": "loyalty.tier.name"}}, "attributes.tier must be"),
        ({"attributes": {"tier": "segmentMembership.ups..status"}}, "attributes.tier must be"),
        ({"attributes": {"tier": ["loyalty.tier"]}}, "attributes.tier must be"),
        ({"audiences": "vip"}, "audiences must be a list"),
        ({"audiences": [1]}, "audiences must be a list"),
        ({"audiences": ["nobodys"]}, "audiences names one that there isn't: nobodys"),
        ({"selector": "loyalty"}, "selector is no property of a datastream"),
    ],
)
async def test_malformed(edge: Edge, changes: Xdm, wrong: str) -> None:
    """What can't be a datastream is refused, saying what is wrong, and nothing is made."""
    answer = await edge.client.post(DATASTREAMS, json=BODY | changes)
    kept = (await edge.client.get(DATASTREAMS)).json()["children"]

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")
    assert answer.json()["message"].startswith(wrong)
    assert len(kept) == 1


async def test_no_json(edge: Edge) -> None:
    """A body that isn't JSON is refused."""
    answer = await edge.client.post(DATASTREAMS, content=b"{")

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")


async def test_audience_not_on_edge(edge: Edge) -> None:
    """An audience that another merge policy evaluates is refused, rather than silently missing from answers."""
    edge.configure(Kind.AUDIENCE, "a4", audience(4, "a4"))
    by_default = await edge.client.post(DATASTREAMS, json=BODY | {"audiences": ["a4"]})
    edge.configure(Kind.MERGE_POLICY, EDGE, policy(EDGE, isActiveOnEdge=True, default=True, updateEpoch=2))
    edge.dismiss(Kind.MERGE_POLICY, "policy-default")
    as_default = await edge.client.post(DATASTREAMS, json=BODY | {"audiences": ["a4"]})

    assert by_default.status_code == 400
    assert "isActiveOnEdge" in by_default.json()["message"]
    assert as_default.status_code == 201


async def test_gateway(edge: Edge) -> None:
    """Who may configure is checked as everywhere below `/data`."""
    edge.client.headers["x-sandbox-name"] = "stage"

    assert (await edge.client.get(DATASTREAMS)).status_code == 403
