from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.hub.database.connection import Database
from bot.hub.model import PROFILE, AttributeMerge
from tests.hub.configuring.calls import DATASETS, POLICIES, dataset, policy
from tests.hub.configuring.conftest import evaluating, evaluations


async def make(hub: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await hub.post(POLICIES, json=policy(**more))
    made: dict[str, Any] = answer.json()
    return made


async def datasets(hub: httpx.AsyncClient, schema_id: str) -> list[str]:
    links = [(await hub.post(DATASETS, json=dataset(schema_id, name))).json()[0] for name in ("CRM", "Shop")]
    return [link.removeprefix("@/dataSets/") for link in links]


async def test_post(hub: httpx.AsyncClient, database: Database) -> None:
    """A new policy is answered in Adobe's shape, with whose it is; as the default it governs its schema class."""
    made = await make(hub)
    default = database.organisation().default_merge_policy(PROFILE)

    assert made | {"id": "", "sandbox": {}} == {
        "id": "",
        "name": "Newest",
        "imsOrgId": "ORG@AdobeOrg",
        "sandbox": {},
        "schema": {"name": "_xdm.context.profile"},
        "version": 1,
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "timestampOrdered"},
        "isActiveOnEdge": False,
        "default": True,
        "updateEpoch": 1_772_703_000,
    }
    assert made["sandbox"]["sandboxName"] == "prod"
    assert default is not None
    assert default.id == made["id"]


async def test_precedence(hub: httpx.AsyncClient, schema_id: str, database: Database) -> None:
    """Dataset precedence keeps the order of the datasets that it was given."""
    crm, shop = await datasets(hub, schema_id)
    made = await make(hub, attributeMerge={"type": "dataSetPrecedence", "order": [shop, crm]}, identityGraph={"type": "none"})
    kept = database.organisation().merge_policy(made["id"])

    assert made["attributeMerge"] == {"type": "dataSetPrecedence", "order": [shop, crm]}
    assert kept is not None
    assert (kept.attribute_merge, kept.order, kept.stitched) == (AttributeMerge.DATASET_PRECEDENCE, (shop, crm), False)


async def test_one_default(hub: httpx.AsyncClient, database: Database) -> None:
    """A schema class has one default: the last that was made so; other classes keep theirs."""
    first, account = await make(hub), await make(hub, schema={"name": "_xdm.context.account"})
    second = await make(hub, name="Second")
    policies = {each.id: each.default for each in database.organisation().merge_policies}

    assert policies == {first["id"]: False, account["id"]: True, second["id"]: True}


async def test_list(hub: httpx.AsyncClient) -> None:
    """Policies are listed by schema class and default, page by page; the link keeps the question."""
    made = [await make(hub, name=name) for name in "ABC"]
    await make(hub, schema={"name": "_xdm.context.account"})
    first = (await hub.get(POLICIES, params={"schema.name": PROFILE, "limit": 2})).json()
    second = (await hub.get(POLICIES, params=first["_links"]["next"]["href"].partition("?")[2])).json()
    default = (await hub.get(POLICIES, params={"schema.name": PROFILE, "default": "true"})).json()

    assert first["_page"] == {"totalCount": 3, "pageSize": 2}
    assert first["_links"]["next"]["href"] == "@/mergePolicies?start=2&schema.name=_xdm.context.profile&limit=2"
    assert sorted(each["id"] for each in first["children"] + second["children"]) == sorted(each["id"] for each in made)
    assert second["_links"] == {"next": {"href": ""}}
    assert [each["name"] for each in default["children"]] == ["C"]


async def test_get(hub: httpx.AsyncClient) -> None:
    """One policy by its id; another is a 404."""
    made = await make(hub)
    found, missing = await hub.get(f"{POLICIES}/{made['id']}"), await hub.get(f"{POLICIES}/other")

    assert found.json() == made
    assert (missing.status_code, missing.json()) == (404, {"statusCode": "404"})


async def test_put(hub: httpx.AsyncClient, schema_id: str) -> None:
    """A policy can be given anew: the version grows."""
    crm, _ = await datasets(hub, schema_id)
    made = await make(hub)
    changed = policy(attributeMerge={"type": "dataSetPrecedence", "order": [crm]})
    answer = await hub.put(f"{POLICIES}/{made['id']}", json=changed)

    assert (answer.status_code, answer.json()["id"], answer.json()["version"]) == (200, made["id"], 2)
    assert answer.json()["attributeMerge"]["order"] == [crm]


@pytest.mark.parametrize("path", ["/identityGraph.type", "/identityGraph/type"])
async def test_patch(hub: httpx.AsyncClient, path: str) -> None:
    """A part of it is changed by a patch, in Adobe's dotted paths or in JSON Patch's own."""
    made = await make(hub)
    answer = await hub.patch(f"{POLICIES}/{made['id']}", json=[{"op": "add", "path": path, "value": "none"}])

    assert (answer.status_code, answer.json()["identityGraph"], answer.json()["version"]) == (200, {"type": "none"}, 2)


async def test_delete(hub: httpx.AsyncClient, database: Database) -> None:
    """A policy can be deleted; then there is no default."""
    made = await make(hub)
    answer = await hub.delete(f"{POLICIES}/{made['id']}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert database.organisation().default_merge_policy(PROFILE) is None
    assert (await hub.delete(f"{POLICIES}/{made['id']}")).status_code == 404


async def test_bulk_get(hub: httpx.AsyncClient) -> None:
    """Several come at once with 207; in the place of one that there isn't stands an error."""
    made = await make(hub)
    answer = await hub.post(f"{POLICIES}/bulk-get", json={"ids": [{"id": made["id"]}, {"id": "none"}]})
    results = answer.json()["results"]

    assert answer.status_code == 207
    assert results[made["id"]] == made
    assert results["none"]["errors"] == {"404": [{"code": 404, "message": "Not found."}]}


@pytest.mark.parametrize(
    "body", [{}, {"ids": []}, {"ids": ["x"]}, {"ids": [{"id": 7}]}, {"ids": [{"id": str(each)} for each in range(101)]}, []]
)
async def test_bad_bulk_get(hub: httpx.AsyncClient, body: Any) -> None:
    """Ids that are none, and more than 100, are refused."""
    assert (await hub.post(f"{POLICIES}/bulk-get", json=body)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": {"name": "_xdm.context.experienceevent"}}, "schema.name is required, and one of _xdm.context.profile"),
        ({"schema": None}, "schema.name is required"),
        ({"identityGraph": {"type": "coop"}}, "identityGraph.type is required, and one of pdg, none"),
        ({"attributeMerge": {}}, "attributeMerge.type is required, and one of timestampOrdered, dataSetPrecedence"),
        ({"attributeMerge": {"type": "dataSetPrecedence"}}, "attributeMerge.order is required"),
        ({"attributeMerge": {"type": "dataSetPrecedence", "order": ["a", "a"]}}, "each once"),
        ({"attributeMerge": {"type": "dataSetPrecedence", "order": [{}]}}, "names datasets that there aren't"),
        ({"default": "true"}, "default is true or false"),
        ({"name": 7}, "name is a text"),
    ],
)
async def test_bad(hub: httpx.AsyncClient, database: Database, changes: dict[str, Any], words: str) -> None:
    """A policy that isn't one is refused in Profile's own body, with what would be right, and isn't kept."""
    answer = await hub.post(POLICIES, json=policy(**changes))

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")
    assert words in answer.json()["message"]
    assert database.organisation().merge_policies == ()


@pytest.mark.parametrize("params", [{"limit": "0"}, {"start": "x"}])
async def test_bad_page(hub: httpx.AsyncClient, params: dict[str, str]) -> None:
    """A page that is none is refused."""
    assert (await hub.get(POLICIES, params=params)).status_code == 400


async def test_audiences_follow(hub: httpx.AsyncClient, database: Database, schema_id: str) -> None:
    """When profiles look otherwise everybody is evaluated again: once, however much is changed until that begins."""
    crm, _ = await datasets(hub, schema_id)
    made = await make(hub)
    without_audiences = evaluations(database)
    evaluating(database)
    at = f"{POLICIES}/{made['id']}"
    await hub.put(at, json=policy(name="Latest"))
    renamed = evaluations(database)
    await hub.put(at, json=policy(attributeMerge={"type": "dataSetPrecedence", "order": [crm]}))
    await hub.patch(at, json=[{"op": "replace", "path": "/identityGraph.type", "value": "none"}])

    assert (without_audiences, renamed, evaluations(database)) == (0, 0, 1)


@pytest.mark.parametrize("default", [True, False])
async def test_audiences_follow_a_policy_that_comes_or_goes(hub: httpx.AsyncClient, database: Database, default: bool) -> None:
    """One that is gone may have been an audience's; one that is new is nobody's yet, unless it is the default."""
    evaluating(database)
    made = await make(hub, default=default)
    created = evaluations(database)
    await hub.delete(f"{POLICIES}/{made['id']}")

    assert (created, evaluations(database)) == (int(default), 1)
