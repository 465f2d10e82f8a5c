from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.hub.database.connection import Database
from tests.hub.configuring.calls import NAMESPACES

CRM = {"name": "Customer number", "code": "CRMID", "idType": "Cross_device", "description": "As in the CRM"}


async def test_standard(hub: httpx.AsyncClient) -> None:
    """Namespaces come as an array, Adobe's own with Adobe's ids."""
    listed = (await hub.get(NAMESPACES)).json()

    assert {each["code"]: each["id"] for each in listed} == {
        "CORE": 0,
        "ECID": 4,
        "Email": 6,
        "Phone": 7,
        "WAID": 8,
        "TNTID": 9,
        "AdCloud": 411,
        "GAID": 20914,
        "IDFA": 20915,
    }
    assert (await hub.get(f"{NAMESPACES}/6")).json() == {
        "updateTime": 1_000,
        "code": "Email",
        "status": "ACTIVE",
        "createTime": 1_000,
        "description": "Email",
        "idType": "EMAIL",
        "name": "Email",
        "id": 6,
        "custom": False,
    }


async def test_custom(hub: httpx.AsyncClient, database: Database) -> None:
    """A namespace of one's own gets an id, its type in capitals, and is known whatever the case of its code."""
    made = (await hub.post(NAMESPACES, json=CRM)).json()
    namespace = database.organisation().namespace("crmid")

    assert (made["code"], made["idType"], made["custom"], made["id"]) == ("CRMID", "CROSS_DEVICE", True, 10_000_001)
    assert namespace is not None
    assert (namespace.id, namespace.code, namespace.description) == (10_000_001, "CRMID", "As in the CRM")


@pytest.mark.parametrize("code", ["CRMID", "crmid", "email", "ECID"])
async def test_conflict(hub: httpx.AsyncClient, code: str) -> None:
    """A code that is taken, in whatever case, is a 409 in Adobe's words."""
    await hub.post(NAMESPACES, json=CRM)
    answer = await hub.post(NAMESPACES, json=CRM | {"code": code})

    assert answer.status_code == 409
    assert answer.json() | {"timestamp": ""} == {
        "timestamp": "",
        "type": "http://ns.adobe.com/adobecloud/problem/namespacevalidation",
        "status": 409,
        "error": "INTEGRATION_CODE_EXISTS",
        "title": "NAMESPACE_CODE_CONFLICT",
        "description": "Namespace code already exists. Please use a different code",
        "report": {"code": "INTEGRATION_CODE_EXISTS"},
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "value of name"),
        ({"code": 7}, "value of code"),
        ({"code": "two words"}, "value of code"),
        ({"idType": "Fax"}, "Valid values are: [COOKIE, CROSS_DEVICE, DEVICE, EMAIL, MOBILE, NON_PEOPLE, PHONE]"),
        ({"description": []}, "value of description"),
    ],
)
async def test_bad(hub: httpx.AsyncClient, changes: dict[str, Any], words: str) -> None:
    """A namespace that isn't one is refused with what would be right."""
    answer = await hub.post(NAMESPACES, json=CRM | changes)

    assert (answer.status_code, answer.json()["report"]) == (400, {"code": "INVALID_REQUEST_PARAMS"})
    assert words in answer.json()["description"]


async def test_put(hub: httpx.AsyncClient) -> None:
    """A custom namespace can be renamed, its code and type stay; the answer is an array. A standard one stays as it is."""
    made = (await hub.post(NAMESPACES, json=CRM)).json()
    path = f"{NAMESPACES}/{made['id']}"
    renamed = await hub.put(path, json=CRM | {"name": "CRM number"})
    moved = await hub.put(path, json=CRM | {"code": "Other"})
    standard = await hub.put(f"{NAMESPACES}/6", json={"name": "Mail", "code": "Email", "idType": "Email"})

    assert [each["name"] for each in renamed.json()] == ["CRM number"]
    assert (await hub.get(path)).json()["createTime"] == made["createTime"]
    assert (moved.status_code, moved.json()["description"]) == (400, "code and idType are non editable fields")
    assert (standard.status_code, standard.json()["description"]) == (400, "a standard namespace can't be changed")


async def test_not_found(hub: httpx.AsyncClient) -> None:
    """A namespace that there isn't is a 404 in Adobe's words."""
    answer = await hub.get(f"{NAMESPACES}/5")

    assert (answer.status_code, answer.json()["error"]) == (404, "NAMESPACE_NOT_FOUND")
    assert answer.json()["description"] == "Namespace id not found for given IMS Org ORG@AdobeOrg"
    assert (await hub.put(f"{NAMESPACES}/5", json=CRM)).status_code == 404
