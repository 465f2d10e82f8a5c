from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.hub.database.documents import Kind
from tests.hub.segments.world import ADA, World

AUDIENCES = "/ups/audiences"


def platform(name: str = "Gold", value: str = 'loyalty.tier = "gold"', **more: Any) -> dict[str, Any]:
    expression = {"type": "PQL", "format": "pql/text", "value": value}
    body = {"name": name, "description": f"{name}!", "type": "SegmentDefinition", "expression": expression}
    return body | {"schema": {"name": "_xdm.context.profile"}} | more


def external(audience_id: str = "members-1", **more: Any) -> dict[str, Any]:
    return {"audienceId": audience_id, "name": "Club", "namespace": "AlpineClub", "type": "ExternalSegment"} | more


async def made(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(AUDIENCES, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_post(client: httpx.AsyncClient) -> None:
    """A new audience is answered as Adobe does (segmentation.yaml, PlatformGeneratedAudience)."""
    answer = await client.post(AUDIENCES, json=platform(labels=["core/C1"]))
    made = answer.json()

    assert answer.status_code == 201
    assert made["id"] == made["audienceId"]
    assert {name: made[name] for name in ("name", "description", "type", "namespace", "lifecycleState", "labels")} == {
        "name": "Gold",
        "description": "Gold!",
        "type": "SegmentDefinition",
        "namespace": "AEPSegments",
        "lifecycleState": "published",
        "labels": ["core/C1"],
    }
    assert made["expression"] == {"type": "PQL", "format": "pql/text", "value": 'loyalty.tier = "gold"'}
    assert made["mergePolicyId"] == "default"
    assert made["evaluationInfo"] == {kind: {"enabled": kind == "batch"} for kind in ("batch", "continuous", "synchronous")}
    assert (made["imsOrgId"], made["sandbox"]["sandboxName"]) == ("ORG@AdobeOrg", "prod")
    assert (made["creationTime"], made["createEpoch"]) == (1772703000000, 1772703000)
    assert (made["updateTime"], made["updateEpoch"]) == (1772703000000, 1772703000)
    assert made["originName"] == "REAL_TIME_CUSTOMER_PROFILE"
    assert made["isSystem"] is False
    assert "number" not in made


async def test_evaluated(client: httpx.AsyncClient, world: World) -> None:
    """An audience that was made is evaluated as data arrives."""
    audience = await made(client, platform())
    world.take(world.profile(ADA, loyalty={"tier": "gold"}))
    world.settle()

    assert world.members(audience["id"], ADA) == [ADA]


async def test_post_external(client: httpx.AsyncClient) -> None:
    """One whose members are supplied from outside keeps the id that it has there, and where its data lies."""
    body = external(datasetId="1", linkedAudienceRef={"flowId": "f"}, audienceMeta={"segmentStatus": "ACTIVE"})
    found = await made(client, body)

    assert {name: found[name] for name in body} == body
    assert found["id"] != found["audienceId"]
    assert found["originName"] == "CUSTOM_UPLOAD"
    assert "expression" not in found
    for audience_id in (found["id"], found["audienceId"]):
        assert (await client.get(f"{AUDIENCES}/{audience_id}")).json() == found


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "an audience is a JSON object"),
        (platform(name=" "), "name is required"),
        (platform() | {"name": 1}, "name is a text"),
        (platform(description=None), "description is a text"),
        (platform(type="Other"), "type is SegmentDefinition or ExternalSegment"),
        (platform(schema={"name": "_xdm.context.account"}), "schema.name is _xdm.context.profile"),
        (platform(expression="a = 1"), "expression is required"),
        (platform(expression={"type": "PQL", "format": "pql/json", "value": "{}"}), "pql/text"),
        (platform(value="a = "), "expression can't be evaluated: line 1, column"),
        (platform(value="a.median()"), "there is no function median"),
        (platform(mergePolicyId="other"), "there is none with this one"),
        (platform(mergePolicyId=1), "mergePolicyId is the id of a merge policy"),
        (platform(evaluationInfo=[]), "evaluationInfo is"),
        (platform(lifecycleState="deleted"), "lifecycleState is published"),
        (platform(labels="C1"), "labels is an array"),
        (external(namespace=""), "namespace is required"),
        (external(namespace="ups"), "namespace ups is that of audiences which the hub evaluates"),
        (external(datasetId="other"), "datasetId is the id of a dataset"),
        ({"name": "Club", "type": "ExternalSegment", "namespace": "AlpineClub"}, "audienceId is required"),
    ],
)
async def test_post_invalid(client: httpx.AsyncClient, body: Any, told: str) -> None:
    """What can't be taken is a 400 that says why, in the service's form; nothing is kept of it."""
    answer = await client.post(AUDIENCES, json=body)
    refusal = answer.json()

    assert (answer.status_code, refusal["status"], refusal["type"].rpartition("/")[2]) == (400, 400, "UPAPI-113434-400")
    assert told in refusal["title"]
    assert refusal["errors"]["400"] == [{"code": 400, "message": refusal["title"]}]
    assert (await client.get(AUDIENCES)).json()["_page"]["totalCount"] == 0


async def test_post_no_json(client: httpx.AsyncClient) -> None:
    """A body that is no JSON is a 400 that says where it ends to be."""
    answer = await client.post(AUDIENCES, content=b'{"name": }')

    assert answer.status_code == 400
    assert "isn't JSON" in answer.json()["title"]


async def test_post_taken(client: httpx.AsyncClient) -> None:
    """Names of the hub's own are unique; an external id is in its namespace."""
    await made(client, platform())
    await made(client, external())

    assert (await client.post(AUDIENCES, json=platform())).status_code == 400
    assert (await client.post(AUDIENCES, json=external())).status_code == 400
    assert (await client.post(AUDIENCES, json=external(namespace="Other"))).status_code == 201
    assert (await client.post(AUDIENCES, json=external(audience_id="members-2", name="Gold"))).status_code == 201


async def test_get_missing(client: httpx.AsyncClient) -> None:
    """One that there isn't is a 404 in Adobe's words, whatever is asked of it."""
    calls = [
        client.get(f"{AUDIENCES}/x"),
        client.delete(f"{AUDIENCES}/x"),
        client.patch(f"{AUDIENCES}/x", json=[]),
        client.put(f"{AUDIENCES}/x", json=platform()),
    ]
    for call in calls:
        answer = await call

        assert answer.status_code == 404
        assert answer.json()["title"] == "The audience entity x is not found. Use a valid entity and try again."
        assert answer.json()["type"] == "https://ns.adobe.com/aep/errors/UPAPI-113430-404"


async def test_patch(client: httpx.AsyncClient, world: World) -> None:
    """JSON Patch changes parts; who was made stays, and from now on the new rule counts."""
    audience = await made(client, platform())
    world.now += timedelta(hours=1)
    expression = {"type": "PQL", "format": "pql/text", "value": "age > 30"}
    operations = [{"op": "add", "path": "/expression", "value": expression}, {"op": "replace", "path": "/name", "value": "Grown"}]
    answer = await client.patch(f"{AUDIENCES}/{audience['id']}", json=operations)
    changed = answer.json()

    assert answer.status_code == 201
    assert (changed["name"], changed["expression"], changed["id"]) == ("Grown", expression, audience["id"])
    assert changed["creationTime"] == audience["creationTime"]
    assert changed["updateTime"] == audience["updateTime"] + 3_600_000
    assert (await client.get(f"{AUDIENCES}/{audience['id']}")).json() == changed


@pytest.mark.parametrize(
    ("operations", "told"),
    [
        ([{"op": "add", "path": "/namespace", "value": "x"}], "Namespace is immutable field."),
        ([{"op": "add", "path": "/lifecycleState", "value": "deleted"}], "lifecycleState is published"),
        ([{"op": "add", "path": "/type", "value": "ExternalSegment"}], "Namespace AEPSegments"),
        (
            [{"op": "add", "path": path, "value": value} for path, value in (("/type", "ExternalSegment"), ("/namespace", "x"))],
            "Type is immutable field.",
        ),
        ([{"op": "add", "path": "/audienceId", "value": "x"}], "AudienceId is immutable field."),
        ([{"op": "add", "path": "/expression/value", "value": "a ="}], "can't be evaluated"),
        ([{"op": "remove", "path": "/nowhere"}], "operation 0"),
        ({"name": "Grown"}, "a JSON Patch is an array"),
    ],
)
async def test_patch_invalid(client: httpx.AsyncClient, operations: Any, told: str) -> None:
    """A change that can't be made is a 400, and the audience stays as it was."""
    audience = await made(client, platform())
    answer = await client.patch(f"{AUDIENCES}/{audience['id']}", json=operations)

    assert answer.status_code == 400
    assert told.lower() in answer.json()["title"].lower()
    assert (await client.get(f"{AUDIENCES}/{audience['id']}")).json() == audience


async def test_put(client: httpx.AsyncClient) -> None:
    """The whole of it anew, with the id that it has; its own name is no obstacle."""
    audience = await made(client, platform(labels=["core/C1"]))
    answer = await client.put(f"{AUDIENCES}/{audience['id']}", json=platform(value="age > 30"))

    assert answer.status_code == 201
    assert (answer.json()["expression"]["value"], answer.json()["labels"]) == ("age > 30", [])


async def test_put_external(client: httpx.AsyncClient) -> None:
    """An external one gets another name."""
    audience = await made(client, external())
    answer = await client.put(f"{AUDIENCES}/{audience['id']}", json=external(name="New", datasetId="2"))

    assert (answer.status_code, answer.json()["name"], answer.json()["datasetId"]) == (201, "New", "2")


async def test_delete(client: httpx.AsyncClient, world: World) -> None:
    """A deleted one is gone, and from each profile with the next evaluation."""
    audience = await made(client, platform())
    world.take(world.profile(ADA, loyalty={"tier": "gold"}))
    world.settle()
    answer = await client.delete(f"{AUDIENCES}/{audience['id']}")
    world.evaluation.everybody(world.connection)
    world.settle()

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(f"{AUDIENCES}/{audience['id']}")).status_code == 404
    assert world.standing().memberships == {}


async def names(client: httpx.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(AUDIENCES, params=params)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["children"]]


@pytest.fixture
async def listed(client: httpx.AsyncClient, world: World) -> None:
    for number, name in enumerate(("Beta", "alpha", "Delta", "gamma")):
        world.now += timedelta(seconds=number)
        await made(client, platform(name=name))
    await made(client, external())


@pytest.mark.usefixtures("listed")
async def test_list(client: httpx.AsyncClient) -> None:
    """The list is sorted and filtered as asked, by default the newest change first."""
    assert await names(client, sort="name:asc") == ["alpha", "Beta", "Club", "Delta", "gamma"]
    assert await names(client, sort="name:desc") == ["gamma", "Delta", "Club", "Beta", "alpha"]
    assert set((await names(client))[:2]) == {"gamma", "Club"}
    assert await names(client, sort="name", name="ELTA") == ["Delta"]
    assert await names(client, sort="name", description="ta!") == ["Beta", "Delta"]
    assert await names(client, property="audienceId==members-1") == ["Club"]
    assert await names(client, property="expression.type==PQL", name="gamma") == ["gamma"]
    assert await names(client, entityType="_xdm.context.profile", sort="name", limit=1) == ["alpha"]
    assert await names(client, property="isSystem==true") == []


@pytest.mark.usefixtures("listed")
async def test_pages(client: httpx.AsyncClient) -> None:
    """Pages follow each other by their links, without repeating or skipping one."""
    first = (await client.get(AUDIENCES, params={"sort": "name:asc", "limit": 2})).json()
    href = first["_links"]["next"]["href"]
    second = (await client.get(AUDIENCES, params=href.partition("?")[2])).json()
    third = (await client.get(AUDIENCES, params=second["_links"]["next"]["href"].partition("?")[2])).json()

    assert first["_page"] == {
        "totalCount": 5,
        "totalPages": 3,
        "sortField": "name",
        "sort": "asc",
        "pageSize": 2,
        "limit": 2,
        "start": 0,
        "next": 2,
    }
    assert href == "@/audiences?start=2&totalCount=5&sort=name%3Aasc&limit=2"
    assert [each["name"] for page in (first, second, third) for each in page["children"]] == [
        "alpha",
        "Beta",
        "Club",
        "Delta",
        "gamma",
    ]
    assert (third["_links"], "next" in third["_page"]) == ({"next": {"href": ""}}, False)


@pytest.mark.parametrize("params", [{"limit": "x"}, {"limit": 0}, {"start": -1}, {"sort": "name:up"}, {"property": "name=x"}])
@pytest.mark.usefixtures("listed")
async def test_list_invalid(client: httpx.AsyncClient, params: dict[str, Any]) -> None:
    """A parameter that can't be understood is a 400."""
    assert (await client.get(AUDIENCES, params=params)).status_code == 400


async def test_bulk_get(client: httpx.AsyncClient) -> None:
    """Several by their ids: 207, with an error in the place of each that there isn't."""
    own, club = await made(client, platform()), await made(client, external())
    ids = [own["id"], "members-1", "missing"]
    answer = await client.post(f"{AUDIENCES}/bulk-get", json={"ids": [{"id": each} for each in ids]})
    results = answer.json()["results"]

    assert answer.status_code == 207
    assert (results[own["id"]], results["members-1"]) == (own, club)
    assert results["missing"]["errors"] == {"404": [{"code": 404, "message": "Not found."}]}
    assert len(results["missing"]["requestId"]) == 32


async def test_bulk_get_none(client: httpx.AsyncClient) -> None:
    """If there is none of them it is a 404 that names them."""
    answer = await client.post(f"{AUDIENCES}/bulk-get", json={"ids": [{"id": "missing-1"}, {"id": "missing-2"}]})
    refusal = answer.json()

    assert (answer.status_code, refusal["status"]) == (404, 404)
    assert refusal["title"] == "The entity missing-1,missing-2 is not found."
    assert refusal["errors"]["404"] == [{"code": "UPAPI-113000-404", "message": refusal["title"]}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ids": []}, "UPAPI-113015-400"),
        ({"ids": [{"id": str(number)} for number in range(101)]}, "UPAPI-113015-400"),
        ({"ids": ["x"]}, "UPAPI-113001-400"),
        ({}, "UPAPI-113001-400"),
    ],
)
async def test_bulk_get_invalid(client: httpx.AsyncClient, body: Any, code: str) -> None:
    """One to a hundred ids can be asked for."""
    answer = await client.post(f"{AUDIENCES}/bulk-get", json=body)

    assert (answer.status_code, answer.json()["errors"]["400"][0]["code"]) == (400, code)


async def test_without_default_policy(client: httpx.AsyncClient, world: World) -> None:
    """Where no merge policy is the default, an audience names none."""
    policy = {"id": "default", "schema": {"name": "_xdm.context.profile"}, "identityGraph": {"type": "pdg"}}
    world.put(Kind.MERGE_POLICY, "default", policy | {"attributeMerge": {"type": "timestampOrdered"}})

    assert (await made(client, platform()))["mergePolicyId"] is None
