from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hub.api.catalogue import new_id
from bot.hub.database.connection import Database
from tests.hub.configuring.calls import DATASETS, ENABLED, dataset, schema_of
from tests.hub.configuring.conftest import evaluating, evaluations


async def make(hub: httpx.AsyncClient, schema_id: str, name: str = "CRM", **more: Any) -> str:
    [link] = (await hub.post(DATASETS, json=dataset(schema_id, name, **more))).json()
    return str(link.removeprefix("@/dataSets/"))


async def test_post(hub: httpx.AsyncClient, schema_id: str, database: Database) -> None:
    """A new dataset is answered with 201, a reference and its place; it takes part in Profile only with both tags."""
    answer = await hub.post(DATASETS, json=dataset(schema_id, tags=ENABLED))
    [link] = answer.json()
    quiet = await make(hub, schema_id, "Quiet")
    found = database.organisation().datasets

    assert answer.status_code == 201
    assert answer.headers["location"] == f"{DATASETS}/{link.removeprefix('@/dataSets/')}"
    assert [(each.name, each.enabled, each.schema) for each in found] == [("CRM", True, schema_id), ("Quiet", False, schema_id)]
    assert (found[0].id, found[1].id) == (link.removeprefix("@/dataSets/"), quiet)


async def test_get(hub: httpx.AsyncClient, schema_id: str) -> None:
    """One dataset comes in an object by its id, in Adobe's shape, or with the properties that were asked for."""
    made = await make(hub, schema_id, tags=ENABLED, description="Customers", number=99, id="x")
    whole = (await hub.get(f"{DATASETS}/{made}")).json()
    some = (await hub.get(f"{DATASETS}/{made}", params={"properties": "name,tags"})).json()

    assert list(whole) == [made]
    assert whole[made] | {"sandboxId": ""} == {
        "version": "1.0.0",
        "imsOrg": "ORG@AdobeOrg",
        "sandboxId": "",
        "name": "CRM",
        "description": "Customers",
        "created": 1_772_703_000_000,
        "updated": 1_772_703_000_000,
        "tags": ENABLED,
        "schemaRef": {"id": schema_id, "contentType": "application/vnd.adobe.xed+json;version=1"},
        "files": f"@/dataSetFiles?dataSetId={made}",
    }
    assert some == {made: {"name": "CRM", "tags": ENABLED}}


async def test_list(hub: httpx.AsyncClient, schema_id: str) -> None:
    """Datasets are listed by id: filtered by name and tags, ordered, a part at a time."""
    ids = {name: await make(hub, schema_id, name, tags=ENABLED if name == "B" else {"owner": ["shop"]}) for name in "CAB"}

    async def names(**params: Any) -> list[str]:
        return [each["name"] for each in (await hub.get(DATASETS, params=params)).json().values()]

    assert list((await hub.get(DATASETS)).json()) == list(ids.values())
    assert await names(orderBy="asc:name") == ["A", "B", "C"]
    assert await names(orderBy="desc:name", limit=2) == ["C", "B"]
    assert await names(start=1, limit=1) == ["A"]
    assert await names(name="A") == ["A"]
    assert await names(tags="unifiedProfile:enabled:true") == ["B"]
    assert await names(tags="owner:*") == ["C", "A"]
    assert await names(tags="owner:nobody") == []


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"start": "-1"}, {"orderBy": "up:name"}])
async def test_bad_list(hub: httpx.AsyncClient, params: dict[str, str]) -> None:
    """A page that is none is refused with the range."""
    answer = await hub.get(DATASETS, params=params)

    assert answer.status_code == 400
    assert next(iter(params)) in answer.json()["detail"]


async def test_enable(hub: httpx.AsyncClient, schema_id: str, database: Database) -> None:
    """A dataset is enabled later by a patch in Adobe's form, or by an object of what is to change."""
    first, second = await make(hub, schema_id, "First"), await make(hub, schema_id, "Second")
    operations = [
        {"op": "add", "path": "/tags/unifiedProfile", "value": ["enabled:true", "isUpsert:true"]},
        {"op": "add", "path": "/tags/unifiedIdentity", "value": ["enabled:true"]},
    ]
    answer = await hub.patch(f"{DATASETS}/{first}", json=operations, headers={"Content-Type": "application/json-patch+json"})
    await hub.patch(f"{DATASETS}/{second}", json={"tags": ENABLED})

    assert (answer.status_code, answer.json()) == (200, [f"@/dataSets/{first}"])
    assert [(each.id, each.enabled) for each in database.organisation().datasets] == [(first, True), (second, True)]


@pytest.mark.parametrize(("tags", "followed"), [({"unifiedProfile": ["enabled:false"]}, 1), (ENABLED | {"source": ["CRM"]}, 0)])
async def test_audiences_follow(
    hub: httpx.AsyncClient, schema_id: str, database: Database, tags: dict[str, Any], followed: int
) -> None:
    """When a dataset leaves Profile everybody is evaluated again, and not for any other tag."""
    made = await make(hub, schema_id, tags=ENABLED)
    evaluating(database)
    await hub.patch(f"{DATASETS}/{made}", json={"tags": tags})

    assert evaluations(database) == followed


async def test_put(hub: httpx.AsyncClient, schema_id: str, database: Database) -> None:
    """A dataset can be given anew; its id, number and schema stay."""
    made = await make(hub, schema_id, tags=ENABLED)
    before = database.organisation().datasets[0]
    await hub.put(f"{DATASETS}/{made}", json=dataset(schema_id, "Renamed"))
    after = database.organisation().datasets[0]
    other = (await hub.post("/data/foundation/schemaregistry/tenant/schemas", json=schema_of())).json()["$id"]
    moved = await hub.put(f"{DATASETS}/{made}", json=dataset(other))

    emptied = await hub.patch(f"{DATASETS}/{made}", json=[{"op": "replace", "path": "", "value": 7}])

    assert (after.id, after.number, after.name, after.enabled) == (before.id, before.number, "Renamed", False)
    assert (emptied.status_code, emptied.json()["detail"]) == (400, "nothing would be left of it")
    assert (moved.status_code, moved.json()["detail"]) == (400, "schemaRef can't change: what the dataset holds is of its schema")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "name is required"),
        ({"schemaRef": None}, "schemaRef is required"),
        ({"schemaRef": {"id": "https://ns.adobe.com/demo/schemas/none"}}, "names no schema"),
        ({"schemaRef": {"id": "group"}}, "names no schema"),
        ({"tags": {"unifiedProfile": "enabled:true"}}, "tags is an object of arrays"),
    ],
)
async def test_bad(hub: httpx.AsyncClient, schema_id: str, group_id: str, changes: dict[str, Any], words: str) -> None:
    """A dataset without a name or a schema is refused with what is missing."""
    if changes.get("schemaRef") == {"id": "group"}:
        changes = {"schemaRef": {"id": group_id}}
    answer = await hub.post(DATASETS, json=dataset(schema_id) | changes)

    assert answer.status_code == 400
    assert words in answer.json()["detail"]


async def test_not_found(hub: httpx.AsyncClient) -> None:
    """A dataset that there isn't is a 404, however it is asked for."""
    path = f"{DATASETS}/66f0a1b2c3d4e5f601020304"

    assert [
        answer.status_code for answer in (await hub.get(path), await hub.patch(path, json={}), await hub.put(path, json={}))
    ] == [404] * 3


@given(moments=st.lists(st.integers(min_value=0, max_value=4_000_000_000_000), min_size=2, max_size=20))
def test_ids_grow(moments: list[int]) -> None:
    """Ids of datasets are 24 hex digits that grow with each, even if the clock goes back."""
    ids: list[str] = []
    for number, moment in enumerate(moments, start=1):
        ids.append(new_id("demo", number, moment, max(ids, default="")))

    assert ids == sorted(set(ids))
    assert all(len(each) == 24 and int(each, 16) for each in ids)
