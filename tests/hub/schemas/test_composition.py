from __future__ import annotations

from typing import Any

import pytest

from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.schemas.composition import Composition
from bot.hub.schemas.standard import standard_resources
from bot.hub.schemas.validation import compiled
from tests.hub.schemas.documents import CONTEXT, schema

GROUP = {
    "$id": "https://ns.adobe.com/demo/mixins/support",
    "meta:resourceType": "fieldgroups",
    "meta:intendedToExtend": [f"{CONTEXT}profile"],
    "title": "Support",
    "definitions": {
        "support": {
            "properties": {
                "_demo": {"type": "object", "properties": {"cases": {"type": "array", "items": {"$ref": "#/definitions/case"}}}}
            }
        },
        "case": {"type": "object", "properties": {"number": {"type": "string", "title": "Case number"}}, "required": ["number"]},
    },
    "allOf": [{"$ref": "#/definitions/support"}],
}


def composed(*parts: str, resources: tuple[Xdm, ...] = (), **more: Any) -> Xdm:
    return Composition(resources).of(schema("s", *parts, **more)).properties


def test_references() -> None:
    """References are followed to data types, whose fields the composed schema has with the titles given where they are used."""
    properties = composed("profile", "profile-person-details")

    assert properties["person"]["properties"]["name"]["properties"]["firstName"] == {"title": "First name", "type": "string"}
    assert properties["person"]["title"] == "Person"
    assert properties["identityMap"]["additionalProperties"]["items"]["properties"]["id"]["type"] == "string"


def test_own_group() -> None:
    """A field group's definitions are resolved within it, arrays and demands included."""
    whole = schema("s", "profile")
    whole["allOf"].append({"$ref": GROUP["$id"]})
    item = Composition((GROUP,)).of(whole).properties["_demo"]["properties"]["cases"]["items"]

    assert item == {
        "type": "object",
        "properties": {"number": {"type": "string", "title": "Case number"}},
        "required": ["number"],
    }


def test_joined_fields() -> None:
    """Parts that define the same object each add their fields to it."""
    group = "https://ns.adobe.com/experience/customerJourneyManagement/"
    whole = schema("s", "experienceevent")
    whole["allOf"] += [{"$ref": f"{group}messageexecution"}, {"$ref": f"{group}message-interaction"}]
    journey = Composition(()).of(whole).properties["_experience"]["properties"]["customerJourneyManagement"]["properties"]

    assert set(journey) == {"messageExecution", "messageInteraction"}


@pytest.mark.parametrize(
    ("parts", "more", "words"),
    [
        ((), {}, "refers to 0"),
        (("profile", "experienceevent"), {}, "refers to 2"),
        (("profile", "nonsense"), {}, "isn't in the registry"),
        (("profile", "experienceevent-web"), {}, "extends https://ns.adobe.com/xdm/context/experienceevent"),
        (("profile",), {"properties": {"_demo": {"$ref": "#/definitions/none"}}}, "isn't in it"),
        (("profile",), {"definitions": {"a": {"$ref": "#/definitions/a"}}, "$ref": "#/definitions/a"}, "refers to itself"),
    ],
)
def test_uncomposable(parts: tuple[str, ...], more: dict[str, Any], words: str) -> None:
    """A schema without exactly one class, or with a reference that leads nowhere, in a circle or to another class, is refused."""
    with pytest.raises(Malformed, match=words):
        composed(*parts, **more)


@pytest.mark.parametrize("resource", standard_resources().values(), ids=lambda each: each["$id"].rpartition("/")[2])
def test_standard(resource: Xdm) -> None:
    """Each of the resources that come with the hub has a title, and composes to a JSON Schema of titled fields."""
    properties = Composition(()).resolved(resource)["properties"]

    assert resource["title"]
    assert all(field["title"] for field in properties.values())
    assert compiled(properties).is_valid({})


def test_standard_paths() -> None:
    """The fields that a customer card reads are in the standard field groups."""
    groups = [each for each in standard_resources().values() if each["meta:resourceType"] == "fieldgroups"]
    fields = [Composition(()).resolved(each)["properties"] for each in groups]

    for path in (
        "person.name.lastName",
        "personalEmail.address",
        "mobilePhone.number",
        "homeAddress.countryCode",
        "preferredLanguage",
        "timeZone",
        "loyalty.tier",
        "loyalty.tierExpiryDate",
        "userAccount.startDate",
        "consents.marketing.whatsApp.val",
        "consents.personalize.content.val",
        "commerce.order.priceTotal",
        "web.webPageDetails.siteSection",
        "directMarketing.emailOpened.value",
        "marketing.campaignName",
        "_experience.customerJourneyManagement.messageInteraction.isBot",
        "surveyResponse.surveyAnswers",
        "extSourceSystemAudit.lastUpdatedDate",
    ):
        assert any(has(each, path.split(".")) for each in fields), path


def has(properties: Xdm, path: list[str]) -> bool:
    head, *rest = path
    return head in properties and (not rest or has(properties[head].get("properties", {}), rest))
