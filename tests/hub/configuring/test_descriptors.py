from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.hub.database.connection import Database
from bot.hub.model import IdentityDescriptor
from tests.hub.configuring.calls import CONTEXT, DESCRIPTORS, NAMESPACES, REGISTRY, XED, group, identity, schema_of

PATH = f"{REGISTRY}/tenant/descriptors"


async def test_identity(hub: httpx.AsyncClient, schema_id: str, database: Database) -> None:
    """An identity descriptor makes a field name the person, in a namespace told by its code or its id."""
    made = await hub.post(PATH, json=identity(schema_id, "/personalEmail/address", primary=True))
    await hub.post(PATH, json=identity(schema_id, "/mobilePhone/number", "7") | {"xdm:property": "xdm:id"})
    schema = database.organisation().schema(schema_id)

    assert made.status_code == 201
    assert (len(made.json()["@id"]), made.json()["version"], made.json()["imsOrg"]) == (40, "1", "ORG@AdobeOrg")
    assert schema is not None
    assert set(schema.identities) == {
        IdentityDescriptor(("personalEmail", "address"), "Email", primary=True),
        IdentityDescriptor(("mobilePhone", "number"), "Phone", primary=False),
    }


async def test_label(hub: httpx.AsyncClient, schema_id: str, database: Database) -> None:
    """A label on a field group's field holds for the schema; C12 hides it."""
    body = {
        "@type": "xdm:descriptorLabel",
        "xdm:sourceSchema": f"{CONTEXT}profile-person-details",
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": ["/person/birthDate", "/person/taxId"],
        "xdm:labels": ["I2", "C12"],
    }

    assert (await hub.post(PATH, json=body)).status_code == 201
    assert database.organisation().hidden(event=False) == {("person", "birthDate"), ("person", "taxId")}


async def test_lists(hub: httpx.AsyncClient, schema_id: str) -> None:
    """Descriptors are listed by type: ids, paths, or whole."""
    made = (await hub.post(PATH, json=identity(schema_id, "/personalEmail/address"))).json()
    ids = await hub.get(PATH, headers={"Accept": "application/vnd.adobe.xdm-id+json"})
    links = await hub.get(PATH, headers={"Accept": "application/vnd.adobe.xdm-link+json"})
    whole = await hub.get(PATH, headers=DESCRIPTORS)

    assert ids.json() == {"xdm:descriptorIdentity": [made["@id"]]}
    assert links.json() == {"xdm:descriptorIdentity": [f"/tenant/descriptors/{made['@id']}"]}
    assert whole.json() == {"xdm:descriptorIdentity": [made]}
    assert (await hub.get(f"{PATH}/{made['@id']}")).json() == made


async def test_paged_list(hub: httpx.AsyncClient, schema_id: str) -> None:
    """In the second version of the list descriptors come one after the other, page by page."""
    paths = ("/personalEmail/address", "/person/name/lastName", "/person/name/firstName")
    made = {(await hub.post(PATH, json=identity(schema_id, path))).json()["@id"] for path in paths}
    accept = {"Accept": "application/vnd.adobe.xdm-v2-id+json"}
    first = (await hub.get(PATH, params={"limit": 2}, headers=accept)).json()
    second = (await hub.get(first["_links"]["next"]["href"], headers=accept)).json()

    assert (len(first["results"]), first["_page"]["count"], second["_links"]["next"]) == (2, 2, None)
    assert set(first["results"] + second["results"]) == made


async def test_list_accept(hub: httpx.AsyncClient) -> None:
    """Descriptors are listed for `xdm`, not for `xed`: else Adobe's code for it."""
    answer = await hub.get(PATH, headers={"Accept": "application/vnd.adobe.xed+json"})

    assert (answer.status_code, answer.json()["type"]) == (400, "http://ns.adobe.com/aep/errors/XDM-1008-400")


async def test_change(hub: httpx.AsyncClient, schema_id: str, database: Database) -> None:
    """A descriptor can be replaced and deleted; its id stays."""
    made = (await hub.post(PATH, json=identity(schema_id, "/personalEmail/address"))).json()
    changed = await hub.put(f"{PATH}/{made['@id']}", json=identity(schema_id, "/homePhone/number", "Phone"))
    deleted = await hub.delete(f"{PATH}/{made['@id']}")
    schema = database.organisation().schema(schema_id)

    assert (changed.json()["@id"], changed.json()["xdm:sourceProperty"]) == (made["@id"], "/homePhone/number")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert schema is not None
    assert schema.identities == ()
    assert (await hub.get(f"{PATH}/{made['@id']}")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"@type": "xdm:descriptorColour"}, "@type is one of"),
        ({"xdm:sourceSchema": "https://ns.adobe.com/demo/schemas/none"}, "there is none with this one"),
        ({"xdm:sourceProperty": "/personalEmail/colour"}, "is the path of a field"),
        ({"xdm:sourceProperty": 7}, "is the path of a field"),
        ({"xdm:sourceProperty": "/person"}, "of type string"),
        ({"xdm:namespace": "Fax"}, "is the code of a namespace"),
        ({"xdm:namespace": "6"}, "is the code of a namespace"),
        ({"xdm:isPrimary": "yes"}, "true or false"),
    ],
)
async def test_bad(hub: httpx.AsyncClient, schema_id: str, changes: dict[str, Any], words: str) -> None:
    """A descriptor that can't mean anything is refused with what would be right."""
    answer = await hub.post(PATH, json=identity(schema_id, "/personalEmail/address", **changes))

    assert answer.status_code == 400
    assert words in answer.json()["detail"]


async def test_bad_label(hub: httpx.AsyncClient, schema_id: str) -> None:
    """A label descriptor needs labels."""
    body = identity(schema_id, "/person/birthDate") | {"@type": "xdm:descriptorLabel", "xdm:labels": "C12"}

    assert "xdm:labels is an array" in (await hub.post(PATH, json=body)).json()["detail"]


async def test_items(hub: httpx.AsyncClient, database: Database) -> None:
    """A label may be that of a field of an array's items; an identity may not: nobody is each of several."""
    part = group(cases={"type": "array", "items": {"type": "object", "properties": {"notes": {"type": "string"}}}})
    group_id = (await hub.post(f"{REGISTRY}/tenant/fieldgroups", json=part)).json()["$id"]
    schema_id = (await hub.post(f"{REGISTRY}/tenant/schemas", json=schema_of(group_id), headers=XED)).json()["$id"]
    body = identity(schema_id, "/_demo/cases/notes")
    labelled = await hub.post(PATH, json=body | {"@type": "xdm:descriptorLabel", "xdm:labels": ["C12"]})
    identified = await hub.post(PATH, json=body)

    assert (labelled.status_code, identified.status_code) == (201, 400)
    assert database.organisation().hidden(event=False) == {("_demo", "cases", "notes")}


async def test_one_primary(hub: httpx.AsyncClient, schema_id: str) -> None:
    """A schema has one primary identity, and no descriptor twice."""
    await hub.post(PATH, json=identity(schema_id, "/personalEmail/address", primary=True))
    twice = await hub.post(PATH, json=identity(schema_id, "/personalEmail/address", primary=True))
    second = await hub.post(PATH, json=identity(schema_id, "/mobilePhone/number", "Phone", primary=True))

    assert (twice.status_code, second.status_code) == (400, 400)
    assert "/personalEmail/address already" in second.json()["detail"]


async def test_own_namespace(hub: httpx.AsyncClient, schema_id: str, database: Database) -> None:
    """A field of one's own can be an identity of a namespace of one's own."""
    await hub.post(NAMESPACES, json={"name": "Customer number", "code": "CRMID", "idType": "Cross_device"})
    await hub.post(PATH, json=identity(schema_id, "/_demo/customerId", "crmid", primary=True))
    schema = database.organisation().schema(schema_id)

    assert schema is not None
    assert [each.path for each in schema.identities] == [("_demo", "customerId")]
