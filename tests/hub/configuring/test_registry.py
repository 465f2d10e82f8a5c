from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from bot.hub.database.connection import Database
from tests.hub.configuring.calls import (
    CONTEXT,
    DATASETS,
    FULL,
    IDS,
    PROFILE,
    REGISTRY,
    WHOLE,
    XED,
    dataset,
    group,
    one,
    schema_of,
)

SCHEMAS, GROUPS = f"{REGISTRY}/tenant/schemas", f"{REGISTRY}/tenant/fieldgroups"


def told(answer: httpx.Response) -> tuple[int, str]:
    """The status, and what is wrong, from a body that must be the registry's."""
    body = answer.json()
    assert set(body) == {"type", "title", "status", "report", "detail"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["detail"]


async def test_post(hub: httpx.AsyncClient, group_id: str, database: Database) -> None:
    """A new schema is answered with 201 and everything that Adobe says of it, and is part of the organisation from then on."""
    answer = await hub.post(SCHEMAS, json=schema_of(group_id))
    body = answer.json()

    assert answer.status_code == 201
    assert body["$id"].startswith("https://ns.adobe.com/demo/schemas/")
    assert body["meta:altId"] == "_demo.schemas." + body["$id"].rpartition("/")[2]
    assert (body["meta:resourceType"], body["version"], body["meta:class"]) == ("schemas", "1.0", PROFILE)
    assert (body["imsOrg"], body["meta:containerId"], body["meta:tenantNamespace"]) == ("ORG@AdobeOrg", "tenant", "_demo")
    assert body["meta:registryMetadata"]["repo:createdDate"] == 1_772_703_000_000
    assert database.organisation().schema(body["$id"]) is not None


async def test_forms(hub: httpx.AsyncClient, schema_id: str) -> None:
    """One schema comes with references or with all fields, with or without texts, by either of its ids."""
    altered = "_demo.schemas." + schema_id.rpartition("/")[2]
    basic = (await hub.get(one("tenant/schemas", schema_id), headers=XED)).json()
    full = (await hub.get(f"{SCHEMAS}/{altered}", headers=FULL)).json()
    silent = (
        await hub.get(f"{SCHEMAS}/{altered}", headers={"Accept": "application/vnd.adobe.xed-full-notext+json; version=1"})
    ).json()

    assert ({"$ref": PROFILE} in basic["allOf"], "properties" in basic) == (True, False)
    assert full["properties"]["person"]["properties"]["birthDate"] == {"title": "Birth date", "type": "string", "format": "date"}
    assert full["properties"]["_demo"]["properties"]["customerId"] == {"type": "string", "title": "Customer number"}
    assert "allOf" not in full
    assert silent["properties"]["person"]["properties"]["birthDate"] == {"type": "string", "format": "date"}


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.adobe.xed+json"])
async def test_lookup_accept(hub: httpx.AsyncClient, schema_id: str, accept: str) -> None:
    """A look-up whose Accept header has no version is refused with Adobe's code for it."""
    answer = await hub.get(one("tenant/schemas", schema_id), headers={"Accept": accept})

    assert answer.json()["type"] == "http://ns.adobe.com/aep/errors/XDM-1007-400"
    assert told(answer)[0] == 400


async def test_list_accept(hub: httpx.AsyncClient) -> None:
    """A list whose Accept header has a version is refused with Adobe's code for it."""
    answer = await hub.get(SCHEMAS, headers=XED)

    assert answer.json()["type"] == "http://ns.adobe.com/aep/errors/XDM-1006-400"


async def test_not_found(hub: httpx.AsyncClient, schema_id: str) -> None:
    """A schema that there isn't, and a version that there isn't, are a 404 with Adobe's code for it."""
    missing = await hub.get(f"{SCHEMAS}/_demo.schemas.none", headers=XED)
    later = await hub.get(one("tenant/schemas", schema_id), headers={"Accept": "application/vnd.adobe.xed+json; version=2"})

    assert missing.json()["type"] == later.json()["type"] == "http://ns.adobe.com/aep/errors/XDM-1012-404"
    assert (missing.status_code, later.status_code) == (404, 404)


async def test_list(hub: httpx.AsyncClient) -> None:
    """Lists are summaries or whole resources, page by page until the link is null."""
    for title in ("C", "A", "B"):
        await hub.post(SCHEMAS, json=schema_of(title=title))
    first = (await hub.get(SCHEMAS, params={"limit": 2}, headers=IDS)).json()
    second = (await hub.get(first["_links"]["next"]["href"], headers=WHOLE)).json()
    named = (await hub.get(SCHEMAS, params={"property": "title==B"}, headers=IDS)).json()

    assert [each["title"] for each in first["results"]] == ["A", "B"]
    assert set(first["results"][0]) == {"$id", "meta:altId", "version", "title"}
    assert first["_page"] | {"next": None} == {"orderby": "title", "next": None, "count": 2}
    assert [each["title"] for each in second["results"]] == ["C"]
    assert second["results"][0]["meta:class"] == PROFILE
    assert (second["_page"]["next"], second["_links"]["next"]) == (None, None)
    assert [each["title"] for each in named["results"]] == ["B"]


async def test_global(hub: httpx.AsyncClient) -> None:
    """Adobe's own classes, field groups and data types can be listed and looked up."""
    classes = (await hub.get(f"{REGISTRY}/global/classes", headers=IDS)).json()["results"]
    groups = (
        await hub.get(f"{REGISTRY}/global/fieldgroups", params={"property": f"meta:intendedToExtend=={PROFILE}"}, headers=IDS)
    ).json()
    email = (await hub.get(one("global/datatypes", f"{CONTEXT}emailaddress"), headers=FULL)).json()
    person = (await hub.get(f"{REGISTRY}/global/fieldgroups/_xdm.context.profile-person-details", headers=FULL)).json()

    assert [each["meta:altId"] for each in classes] == ["_xdm.context.experienceevent", "_xdm.context.profile"]
    assert "Loyalty Details" in [each["title"] for each in groups["results"]]
    assert "Web Details" not in [each["title"] for each in groups["results"]]
    assert email["properties"]["address"] == {"title": "Address", "type": "string"}
    assert person["properties"]["person"]["properties"]["name"]["properties"]["lastName"]["title"] == "Last name"


async def test_stats(hub: httpx.AsyncClient, schema_id: str) -> None:
    """The registry says whose it is and how much there is."""
    body = (await hub.get(f"{REGISTRY}/stats")).json()

    assert (body["imsOrg"], body["tenantId"]) == ("ORG@AdobeOrg", "demo")
    assert body["counts"] == {"schemas": 1, "mixins": 1, "datatypes": 0, "classes": 0, "unions": 2}
    assert schema_id in [each["$id"] for each in body["recentlyCreatedResources"]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"type": "object", "title": "A"}, "exactly one class"),
        (schema_of("https://ns.adobe.com/demo/mixins/none"), "isn't in the registry"),
        (schema_of() | {"title": ""}, "title is missing"),
        (schema_of() | {"properties": {"_other": {"type": "object"}}}, "must lie under _demo"),
        (schema_of() | {"properties": {"_demo": {"type": "object", "properties": {"a": {"type": "text"}}}}}, "type is one of"),
        (
            schema_of() | {"properties": {"_demo": {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}}}},
            "isn't JSON Schema",
        ),
        ([], "must be a JSON object"),
    ],
)
async def test_bad_schema(hub: httpx.AsyncClient, database: Database, body: Any, words: str) -> None:
    """A schema that can't be composed is refused with the reason, and isn't kept."""
    status, detail = told(await hub.post(SCHEMAS, json=body))

    assert status == 400
    assert words in detail
    assert database.organisation().schemas == ()


async def test_no_json(hub: httpx.AsyncClient) -> None:
    """A body that isn't JSON is told with the place."""
    assert told(await hub.post(SCHEMAS, content=b'{"title": }'))[1].endswith("(line 1, column 11)")


async def test_enable_for_profile(hub: httpx.AsyncClient, schema_id: str) -> None:
    """A schema is enabled for Profile by a patch of its tags, as Adobe's guide does it; its version grows."""
    operations = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    answer = await hub.patch(one("tenant/schemas", schema_id), json=operations)

    assert (answer.status_code, answer.json()["version"], answer.json()["meta:immutableTags"]) == (200, "1.1", ["union"])


async def test_bad_patch(hub: httpx.AsyncClient, schema_id: str) -> None:
    """A patch that can't be done changes nothing."""
    status, detail = told(await hub.patch(one("tenant/schemas", schema_id), json=[{"op": "remove", "path": "/colour"}]))
    emptied = told(await hub.patch(one("tenant/schemas", schema_id), json=[{"op": "replace", "path": "", "value": 7}]))

    assert (status, "operation 0 can't be done" in detail) == (400, True)
    assert (emptied[0], "nothing would be left" in emptied[1]) == (400, True)
    assert (await hub.get(one("tenant/schemas", schema_id), headers=XED)).json()["version"] == "1.0"


async def test_growth(hub: httpx.AsyncClient, schema_id: str, group_id: str, database: Database) -> None:
    """A field group whose schema has a dataset may gain fields, and every schema with it has them."""
    await hub.post(DATASETS, json=dataset(schema_id))
    more = group(
        customerId={"type": "string"}, tier={"type": "string", "enum": ["gold", "silver", "iron"]}, since={"type": "string"}
    )
    answer = await hub.put(one("tenant/fieldgroups", group_id), json=more)
    schema = database.organisation().schema(schema_id)

    assert (answer.status_code, answer.json()["version"]) == (200, "1.1")
    assert schema is not None
    assert set(schema.properties["_demo"]["properties"]) == {"customerId", "tier", "since"}


async def test_data_type(hub: httpx.AsyncClient, database: Database) -> None:
    """A data type of one's own can't go, and only grows, while a schema with data has it by way of a field group."""
    body = {"type": "object", "title": "Pet", "properties": {"name": {"type": "string"}}}
    pet = (await hub.post(f"{REGISTRY}/tenant/datatypes", json=body)).json()["$id"]
    owner = (await hub.post(GROUPS, json=group(pet={"$ref": pet, "title": "Pet"}))).json()["$id"]
    schema_id = (await hub.post(SCHEMAS, json=schema_of(owner))).json()["$id"]
    await hub.post(DATASETS, json=dataset(schema_id))
    schema = database.organisation().schema(schema_id)
    narrowed = await hub.put(one("tenant/datatypes", pet), json=body | {"properties": {"name": {"type": "integer"}}})
    grown = await hub.put(
        one("tenant/datatypes", pet), json=body | {"properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    )

    assert pet.startswith("https://ns.adobe.com/demo/datatypes/")
    assert schema is not None
    assert schema.properties["_demo"]["properties"]["pet"]["properties"] == {"name": {"type": "string"}}
    assert "/_demo/pet/name has another type" in told(narrowed)[1]
    assert grown.status_code == 200
    assert {"Shop", "Customers"} <= set(re.findall(r"\w+", told(await hub.delete(one("tenant/datatypes", pet)))[1]))


async def test_answered_again(hub: httpx.AsyncClient, schema_id: str) -> None:
    """What the registry answers can be put back as it came, and means the same."""
    before = (await hub.get(one("tenant/schemas", schema_id), headers=XED)).json()
    after = (await hub.put(one("tenant/schemas", schema_id), json=before)).json()

    assert (after["allOf"], after["title"], after["version"]) == (before["allOf"], before["title"], "1.1")


async def test_narrowing(hub: httpx.AsyncClient, schema_id: str, group_id: str) -> None:
    """It may not lose or narrow one; without a dataset it may."""
    narrower = group(customerId={"type": "integer"})
    before = await hub.put(one("tenant/fieldgroups", group_id), json=group(customerId={"type": "string"}))
    await hub.post(DATASETS, json=dataset(schema_id))
    status, detail = told(await hub.put(one("tenant/fieldgroups", group_id), json=narrower))

    assert before.status_code == 200
    assert (status, "/_demo/customerId has another type" in detail) == (400, True)


async def test_delete(hub: httpx.AsyncClient, schema_id: str, group_id: str) -> None:
    """What nobody uses can be deleted; what is used says by whom."""
    used = told(await hub.delete(one("tenant/fieldgroups", group_id)))
    await hub.post(DATASETS, json=dataset(schema_id, name="CRM"))
    held = told(await hub.delete(one("tenant/schemas", schema_id)))
    spare = (await hub.post(GROUPS, json=group())).json()["$id"]
    gone = await hub.delete(one("tenant/fieldgroups", spare))

    assert (used[0], used[1].endswith("it is used by Customers")) == (400, True)
    assert (held[0], held[1].endswith("it is used by CRM")) == (400, True)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await hub.get(one("tenant/fieldgroups", spare), headers=XED)).status_code == 404
