from __future__ import annotations

import httpx
import orjson
import pytest

from bot.hub.store import Store

POLICIES = "/data/core/ups/config/mergePolicies"
BULK_GET = "/data/core/ups/audiences/bulk-get"
UNION = "/data/foundation/schemaregistry/tenant/unions/_xdm.context.profile__union"


async def test_merge_policies(hub: httpx.AsyncClient) -> None:
    """Merge policies are listed by schema, each with whose it is, what it merges and how."""
    answer = (await hub.get(POLICIES, params={"schema.name": "_xdm.context.profile"})).json()
    first = answer["children"][0]

    assert answer["_page"] == {"totalCount": 2, "pageSize": 2}
    assert answer["_links"] == {"next": {"href": ""}}
    assert first["default"] is True
    assert first["schema"] == {"name": "_xdm.context.profile"}
    assert (first["imsOrgId"], first["sandbox"]["sandboxName"]) == ("ORG@AdobeOrg", "prod")
    assert (first["identityGraph"], first["attributeMerge"]) == ({"type": "pdg"}, {"type": "timestampOrdered"})


async def test_merge_policies_by_page(hub: httpx.AsyncClient) -> None:
    """The link to the next page keeps the question; past the end there is nothing."""
    first = (await hub.get(POLICIES, params={"limit": 2})).json()
    second = (await hub.get(POLICIES, params=first["_links"]["next"]["href"].partition("?")[2])).json()
    beyond = (await hub.get(POLICIES, params={"start": 9, "limit": 2})).json()

    assert first["_links"]["next"]["href"] == "@/mergePolicies?start=2&limit=2"
    assert [len(page["children"]) for page in (first, second, beyond)] == [2, 1, 0]
    assert second["_links"] == beyond["_links"] == {"next": {"href": ""}}


async def test_merge_policies_bad_page(hub: httpx.AsyncClient) -> None:
    """A page that is no number is a 400."""
    answer = await hub.get(POLICIES, params={"start": "x"})

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")


async def test_merge_policy(hub: httpx.AsyncClient, store: Store) -> None:
    """One policy by its id, as in the list; another is a 404."""
    listed = (await hub.get(POLICIES)).json()["children"]
    found, missing = await hub.get(f"{POLICIES}/{store.merge_policies[1].id}"), await hub.get(f"{POLICIES}/other")

    assert found.json() == listed[1]
    assert (missing.status_code, missing.json()) == (404, {"statusCode": "404"})


async def test_namespaces(hub: httpx.AsyncClient) -> None:
    """Namespaces come as an array, Adobe's own with Adobe's ids."""
    answer = (await hub.get("/data/core/idnamespace/identities")).json()

    assert {each["code"]: each["id"] for each in answer if not each["custom"]} == {"ECID": 4, "Email": 6, "Phone": 7}
    assert {each["code"] for each in answer if each["custom"]} == {"CRMID", "Loyalty"}
    assert all(each["status"] == "ACTIVE" and each["idType"] and each["name"] for each in answer)


@pytest.mark.parametrize("form", ["xed-full", "xed", "xdm"])
async def test_union(hub: httpx.AsyncClient, form: str) -> None:
    """The union schema is a JSON Schema whose properties have types and titles."""
    answer = (await hub.get(UNION, headers={"Accept": f"application/vnd.adobe.{form}+json; version=1"})).json()
    first_name = answer["properties"]["person"]["properties"]["name"]["properties"]["firstName"]

    assert answer["meta:altId"] == "_xdm.context.profile__union"
    assert first_name == {"type": "string", "title": "First name"}


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.adobe.xed-full+json", "text/html;version=1"])
async def test_union_without_version(hub: httpx.AsyncClient, accept: str) -> None:
    """Without a version in Accept the schema registry answers 400."""
    answer = await hub.get(UNION, headers={"Accept": accept})

    assert answer.status_code == 400
    assert answer.json()["title"] == "Accept header invalid"
    assert answer.json()["type"].endswith("XDM-1007-400")


async def test_audiences(hub: httpx.AsyncClient, store: Store) -> None:
    """Audiences that are there come with their names, and a missing one as an error in its place."""
    known = next(iter(store.records[0].entity["segmentMembership"]["ups"]))
    answer = await hub.post(BULK_GET, json={"ids": [{"id": known}, {"id": "missing"}]})
    results = answer.json()["results"]

    assert answer.status_code == 207
    assert results[known]["id"] == results[known]["audienceId"] == known
    assert results[known]["name"] == "High value"
    assert results[known]["lifecycleState"] == "published"
    assert results["missing"]["errors"] == {"404": [{"code": 404, "message": "Not found."}]}


async def test_all_audiences_missing(hub: httpx.AsyncClient) -> None:
    """If none of the audiences is there, the whole answer is a 404."""
    answer = await hub.post(BULK_GET, json={"ids": [{"id": "one"}, {"id": "two"}]})

    assert answer.status_code == answer.json()["status"] == 404
    assert answer.json()["title"] == "The entity one,two is not found."
    assert answer.json()["errors"]["404"][0]["code"] == "UPAPI-113000-404"


@pytest.mark.parametrize("count", [0, 101])
async def test_number_of_audiences(hub: httpx.AsyncClient, count: int) -> None:
    """No ids, or more than a hundred, are a 400."""
    answer = await hub.post(BULK_GET, json={"ids": [{"id": str(number)} for number in range(count)]})

    assert answer.status_code == 400
    assert answer.json()["errors"]["400"][0] == {
        "code": "UPAPI-113015-400",
        "message": "The number of requested IDs is invalid. Cannot be 0 or exceed 100.",
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"ids": 1}', b'{"ids": ["one"]}', b'{"ids": [{}]}'])
async def test_body_of_audiences(hub: httpx.AsyncClient, body: bytes) -> None:
    """A body that isn't a list of ids is a 400."""
    answer = await hub.post(BULK_GET, content=body)

    assert answer.status_code == 400
    assert orjson.loads(answer.content)["status"] == 400
