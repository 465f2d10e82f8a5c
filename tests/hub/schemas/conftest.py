"""An organisation with one schema of each class, described rather than stored."""

from __future__ import annotations

from typing import Any

import pytest

from bot.hub.model import Organisation
from bot.hub.organising import organisation_of
from tests.hub.schemas.documents import EVENTS, PROFILES, dataset, descriptor, namespace, schema


@pytest.fixture
def documents() -> dict[str, dict[str, Any]]:
    """What is configured, by kind; a test may add to it."""
    own = {
        "properties": {"_demo": {"type": "object", "properties": {"customer": {"type": "string"}, "shop": {"type": "string"}}}}
    }
    schemas = [
        schema(PROFILES, "profile", "profile-person-details", "profile-personal-details", "profile-segmentation", **own),
        schema(EVENTS, "experienceevent", "experienceevent-commerce", "experienceevent-web"),
    ]
    schemas[0]["allOf"].append({"$ref": "https://ns.adobe.com/xdm/common/external-source-system-audit-details"})
    namespaces = [
        namespace(4, "ECID", "COOKIE"),
        namespace(6, "Email", "EMAIL"),
        namespace(7, "Phone", "PHONE"),
        namespace(10_000_001, "CRMID", "CROSS_DEVICE"),
        namespace(10_000_002, "Shop", "NON_PEOPLE"),
    ]
    described = [
        descriptor("/_demo/customer", "CRMID", primary=True),
        descriptor("/personalEmail/address", "6"),
        descriptor("/_demo/shop", "Shop"),
    ]
    return {
        "schema": {each["$id"]: each for each in schemas},
        "namespace": {str(each["id"]): each for each in namespaces},
        "descriptor": {each["@id"]: each for each in described},
        "dataset": {each["id"]: each for each in (dataset(1, PROFILES), dataset(2, EVENTS))},
    }


@pytest.fixture
def organisation(documents: dict[str, dict[str, Any]]) -> Organisation:
    return organisation_of("demo", 1, documents)
