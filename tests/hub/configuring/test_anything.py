"""What nobody should send: each endpoint refuses it in its service's own body."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hub.configuring.calls import (
    DATASETS,
    IDS,
    NAMESPACES,
    POLICIES,
    PROFILE,
    REGISTRY,
    dataset,
    group,
    identity,
    one,
    policy,
    schema_of,
)

KINDS = ("schemas", "fieldgroups", "datatypes", "descriptors")


@pytest.mark.parametrize(
    "path", [*(f"{REGISTRY}/tenant/{kind}" for kind in KINDS), DATASETS, NAMESPACES, POLICIES, f"{POLICIES}/bulk-get"]
)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"7"])
async def test_no_object(hub: httpx.AsyncClient, path: str, content: bytes) -> None:
    """A body that isn't a JSON object is a 400 that says so."""
    answer = await hub.post(path, content=content)
    body = answer.json()

    assert answer.status_code == 400
    assert "JSON" in str(body.get("detail") or body.get("description") or body.get("message") or body)


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "many"}, {"property": "title~("}])
async def test_bad_list(hub: httpx.AsyncClient, params: dict[str, str]) -> None:
    """A list of the registry that can't be is refused."""
    assert (await hub.get(f"{REGISTRY}/tenant/schemas", params=params, headers=IDS)).status_code == 400


KEYS = st.sampled_from(
    [
        *("$ref", "$id", "allOf", "definitions", "properties", "items", "type", "title", "enum", "required", "_demo", "pattern"),
        *(
            "name",
            "schemaRef",
            "id",
            "tags",
            "unifiedProfile",
            "code",
            "idType",
            "schema",
            "identityGraph",
            "attributeMerge",
            "order",
        ),
        *("@type", "xdm:sourceSchema", "xdm:sourceProperty", "xdm:namespace", "xdm:labels", "op", "path", "value", "from", "ids"),
        *(
            "meta:intendedToExtend",
            "meta:resourceType",
            "additionalProperties",
            "minimum",
            "default",
            "description",
            "xdm:isPrimary",
        ),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=4)
    | st.sampled_from(
        [PROFILE, "#/definitions/_demo", "object", "array", "string", "/title", "", "dataSetPrecedence", "add", "replace"]
    )
)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=10)


@given(changes=st.dictionaries(KEYS, JSON, max_size=4), whole=JSON, mixed=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
async def test_anything(
    hub: httpx.AsyncClient, schema_id: str, group_id: str, changes: dict[str, Any], whole: Any, mixed: bool
) -> None:
    """Whatever is sent is kept or refused, and everything can still be read afterwards."""

    def body(good: dict[str, Any]) -> Any:
        return good | changes if mixed else whole

    answers = [
        await hub.post(f"{REGISTRY}/tenant/schemas", json=body(schema_of(group_id))),
        await hub.post(f"{REGISTRY}/tenant/fieldgroups", json=body(group())),
        await hub.post(f"{REGISTRY}/tenant/datatypes", json=body({"title": "Pet", "properties": {}})),
        await hub.post(f"{REGISTRY}/tenant/descriptors", json=body(identity(schema_id, "/personalEmail/address"))),
        await hub.put(one("tenant/schemas", schema_id), json=body(schema_of(group_id))),
        await hub.patch(one("tenant/schemas", schema_id), json=[body({"op": "add", "path": "/title", "value": "B"})]),
        await hub.post(DATASETS, json=body(dataset(schema_id))),
        await hub.post(NAMESPACES, json=body({"name": "N", "code": "N", "idType": "Email"})),
        await hub.post(POLICIES, json=body(policy())),
        await hub.post(f"{POLICIES}/bulk-get", json=body({"ids": [{"id": "x"}]})),
    ]
    for answer in list(answers):
        if answer.request.method == "POST" and answer.status_code in {200, 201} and isinstance(answer.json(), list):
            path = f"{DATASETS}/{answer.json()[0].rpartition('/')[2]}"
            answers += [await hub.patch(path, json=whole), await hub.put(path, json=body(dataset(schema_id)))]
    reads = [
        await hub.get(
            f"{REGISTRY}/tenant/unions/_xdm.context.profile__union",
            headers={"Accept": "application/vnd.adobe.xed-full+json;version=1"},
        ),
        *[await hub.get(f"{REGISTRY}/tenant/{kind}", headers={"Accept": "application/vnd.adobe.xed+json"}) for kind in KINDS[:3]],
        await hub.get(f"{REGISTRY}/tenant/descriptors", headers={"Accept": "application/vnd.adobe.xdm+json"}),
        await hub.get(f"{REGISTRY}/stats"),
        *[await hub.get(path, params={"orderBy": "asc:description"}) for path in (DATASETS, NAMESPACES, POLICIES)],
    ]

    assert {answer.status_code for answer in answers} <= {200, 201, 207, 400, 404, 409}
    assert {answer.status_code for answer in reads} == {200}
