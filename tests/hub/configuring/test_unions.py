from __future__ import annotations

import httpx

from tests.hub.configuring.calls import DATASETS, ENABLED, FULL, IDS, PROFILE, REGISTRY, XED, dataset, one

UNIONS = f"{REGISTRY}/tenant/unions"


async def test_union(hub: httpx.AsyncClient, schema_id: str, group_id: str) -> None:
    """Once a dataset of a schema is enabled, its fields are in the union of its class, looked up by either id."""
    before = (await hub.get(f"{UNIONS}/_xdm.context.profile__union", headers=FULL)).json()
    await hub.post(DATASETS, json=dataset(schema_id, tags=ENABLED))
    after = (await hub.get(one("tenant/unions", f"{PROFILE}__union"), headers=XED)).json()

    assert "_demo" not in before["properties"]
    assert after["properties"]["_demo"]["properties"]["customerId"]["title"] == "Customer number"
    assert (after["meta:altId"], after["meta:class"], after["title"]) == (
        "_xdm.context.profile__union",
        PROFILE,
        "XDM Individual Profile",
    )
    assert {"$ref": group_id} in after["allOf"]
    assert after["meta:extends"] == [schema_id]


async def test_unions(hub: httpx.AsyncClient) -> None:
    """There is a union for each class."""
    listed = (await hub.get(UNIONS, headers=IDS)).json()["results"]

    assert [each["meta:altId"] for each in listed] == ["_xdm.context.profile__union", "_xdm.context.experienceevent__union"]
    assert (await hub.get(f"{UNIONS}/_xdm.context.account__union", headers=FULL)).status_code == 404
    assert (await hub.get(f"{UNIONS}/_xdm.context.profile__union")).status_code == 400
