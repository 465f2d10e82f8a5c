from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.hub.database.documents import Kind
from bot.hub.model import Identity
from tests.hub.api.lookup.stage import (
    ADA,
    CRM,
    DEFAULT,
    ECID,
    ENTITIES,
    EVENT,
    GRACE,
    LOYALTY,
    MILLISECONDS,
    ORDERS,
    PHONE,
    PRECEDENCE,
    PROFILE,
    UNSTITCHED,
    Stage,
    dataset,
    event,
    events_of,
    label,
    policy,
    record,
)

PERSON = {"person": {"name": {"firstName": "Ada"}}, "timeZone": "UTC", "identityMap": {"Email": [{"id": "ADA@example.com"}]}}
LOYAL = {"loyalty": {"tier": "gold"}, "timeZone": "CET"}


async def test_shape(stage: Stage) -> None:
    """A profile is keyed by its XID and says where it comes from, by which policy, and what was asked."""
    stage.take(record(CRM, PERSON, ADA, PHONE, time=1), record(LOYALTY, LOYAL, PHONE, time=2), now=MILLISECONDS + 999)
    answer = await stage.get(schema=PROFILE, entityId="ada@example.com", entityIdNS="EMAIL")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        ADA.xid: {
            "entityId": ADA.xid,
            "mergePolicy": {"id": DEFAULT},
            "sources": [LOYALTY, CRM],
            "identityGraph": [ADA.xid, PHONE.xid],
            "requestedIdentity": {"entityId": "ada@example.com", "entityIdNS": {"code": "email"}},
            "entity": {
                "person": {"name": {"firstName": "Ada"}},
                "loyalty": {"tier": "gold"},
                "timeZone": "CET",
                "identityMap": {"email": [{"id": ADA.value, "primary": True}], "phone": [{"id": PHONE.value}]},
            },
            "lastModifiedAt": "2026-03-05T09:30:00Z",
        }
    }


@pytest.mark.parametrize(
    ("namespace", "value"),
    [("Email", "ada@example.com"), ("email", " ADA@Example.com "), ("Phone", "+49 30 23125-123"), ("ECID", ECID.value)],
)
async def test_identities(stage: Stage, namespace: str, value: str) -> None:
    """Each identity of the graph leads to the same profile, in whichever form its namespace allows."""
    stage.take(record(CRM, PERSON, ADA, PHONE), record(LOYALTY, LOYAL, PHONE, ECID))

    assert (await stage.profile(Identity(namespace, value)))["entityId"] == ADA.xid


async def test_xid(stage: Stage) -> None:
    """An XID, of whichever identity, needs no namespace."""
    stage.take(record(CRM, PERSON, ADA, PHONE))

    for xid in (ADA.xid, PHONE.xid):
        [found] = (await stage.get(schema=PROFILE, entityId=xid)).json().values()
        assert found["entityId"] == ADA.xid
        assert found["requestedIdentity"] == {"entityId": xid}


async def test_spelling_of_b2b(stage: Stage) -> None:
    """The namespace may be spelt entityIdNs, as in Adobe's B2B samples."""
    stage.take(record(CRM, PERSON, ADA))

    assert (await stage.get(schema=PROFILE, entityId=ADA.value, entityIdNs="Email")).status_code == 200


@pytest.mark.parametrize(
    ("namespace", "value"), [("Email", "nobody@example.com"), ("Phone", "no number"), ("ECID", ADA.value), ("", GRACE.xid)]
)
async def test_not_found(stage: Stage, namespace: str, value: str) -> None:
    """Nobody has this identity: 404, with the body that Adobe documents."""
    stage.take(record(CRM, PERSON, ADA))
    answer = await stage.get(schema=PROFILE, entityId=value, entityIdNS=namespace)

    assert (answer.status_code, answer.json()) == (404, {"statusCode": "404"})


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"schema": PROFILE, "entityId": "x", "entityIdNS": "Telegram"}, "namespace"),
        ({"schema": PROFILE, "entityId": "x@example.com"}, "namespace"),
        ({"schema": PROFILE, "entityIdNS": "Email"}, "entityId"),
        ({"schema": PROFILE, "entityId": "x", "entityIdNS": "Email", "property": "a=b"}, "property"),
        ({"schema": "_xdm.context.account", "entityId": "x", "entityIdNS": "Email"}, "schema.name"),
        ({}, "schema.name"),
        ({"schema": EVENT, "relatedEntityId": "x", "relatedEntityIdNS": "Email"}, "relatedSchema.name"),
        ({"schema": EVENT, "relatedSchema": PROFILE}, "entityId"),
        (events_of(ADA) | {"property": ["a=1"] * 4}, "property"),
        (events_of(ADA) | {"property": "eventType"}, "property"),
        (events_of(ADA) | {"limit": "many"}, "limit"),
        (events_of(ADA) | {"limit": "0"}, "limit"),
        (events_of(ADA) | {"limit": "9" * 5000}, "limit"),
        (events_of(ADA) | {"startTime": "yesterday"}, "startTime"),
        (events_of(ADA) | {"endTime": "-1"}, "endTime"),
        (events_of(ADA) | {"orderby": "name"}, "orderby"),
        (events_of(ADA) | {"start": "e1"}, "start"),
    ],
)
async def test_bad_request(stage: Stage, params: dict[str, str], says: str) -> None:
    """A parameter that can't be meant is a 400 that names it, its numbers as strings."""
    answer = await stage.get(**params)

    assert answer.status_code == 400
    assert answer.json()["statusCode"] == "400"
    assert says in answer.json()["message"]


def crowd(size: int) -> list[Identity]:
    return [Identity("ECID", f"{number:038d}") for number in range(size)]


@pytest.mark.parametrize("params", [{"schema": PROFILE, "entityId": ADA.value, "entityIdNS": "Email"}, events_of(ADA)])
async def test_too_many_identities(stage: Stage, params: dict[str, str]) -> None:
    """More than 50 identities in one graph can't be looked up; 50 can."""
    stage.take(record(CRM, PERSON, ADA, *crowd(49)))
    before = await stage.get(**params)
    stage.take(record(LOYALTY, LOYAL, ADA, GRACE))
    answer = await stage.get(**params)

    assert before.status_code == 200
    assert answer.status_code == 422
    assert answer.json() == {"message": "UPS-ACCSDK-1000005:Too many related identities. Got: 51, max: 50", "statusCode": "422"}


async def test_one_of_too_many(stage: Stage) -> None:
    """Where identities aren't stitched, how many there are doesn't matter."""
    stage.take(record(CRM, PERSON, ADA, *crowd(60)))

    assert (await stage.profile(ADA, mergePolicyId=UNSTITCHED))["identityGraph"] == [ADA.xid]


async def test_precedence(stage: Stage) -> None:
    """Another policy, another value."""
    stage.take(record(CRM, PERSON, ADA, PHONE, time=1), record(LOYALTY, LOYAL, PHONE, time=2))
    zones = [(await stage.profile(mergePolicyId=each))["entity"]["timeZone"] for each in (DEFAULT, PRECEDENCE)]

    assert zones == ["CET", "UTC"]


async def test_unstitched(stage: Stage) -> None:
    """Without an identity graph, a profile is what is known of the one identity that was asked for."""
    stage.take(record(CRM, PERSON, ADA, PHONE, time=1), record(LOYALTY, LOYAL, PHONE, time=2))
    found = await stage.profile(PHONE, mergePolicyId=UNSTITCHED)

    assert found["entityId"] == PHONE.xid
    assert found["identityGraph"] == [PHONE.xid]
    assert found["entity"] == LOYAL | {"identityMap": {"phone": [{"id": PHONE.value, "primary": True}]}}


async def test_unstitched_and_unknown(stage: Stage) -> None:
    """An identity that is only mentioned in others' records isn't a profile of its own."""
    stage.take(record(CRM, PERSON, ADA, PHONE))
    answer = await stage.get(schema=PROFILE, entityId=PHONE.value, entityIdNS="Phone", mergePolicyId=UNSTITCHED)

    assert answer.status_code == 404


async def test_unknown_policies(stage: Stage) -> None:
    """A policy that isn't there, or is for another class, is a 422 that names it."""
    stage.configure(Kind.MERGE_POLICY, "events-only", policy("events-only", schema={"name": EVENT}, default=True))
    asked = {"schema": PROFILE, "entityId": ADA.value, "entityIdNS": "Email"}
    answers = [await stage.get(**asked, mergePolicyId=each) for each in ("no-such-policy", "events-only")]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert "no-such-policy" in answers[0].json()["message"]


async def test_no_default_policy(stage: Stage) -> None:
    """Without a default merge policy a call that names none is a 422; one that names one isn't."""
    stage.take(record(CRM, PERSON, ADA))
    stage.dismiss(Kind.MERGE_POLICY, DEFAULT)
    answer = await stage.get(schema=PROFILE, entityId=ADA.value, entityIdNS="Email")

    assert answer.status_code == 422
    assert "No default merge policy" in answer.json()["message"]
    assert (await stage.profile(mergePolicyId=PRECEDENCE))["mergePolicy"] == {"id": PRECEDENCE}


async def test_fields(stage: Stage) -> None:
    """`fields` keeps the named paths alone, what is false included; one that isn't there is left out."""
    stage.take(record(CRM, {"person": {"name": {"firstName": "Ada"}, "gender": "f"}, "_demo": {"vip": False}}, ADA))
    entity = (await stage.profile(fields="person.name,_demo.vip,no.such"))["entity"]

    assert entity == {"person": {"name": {"firstName": "Ada"}}, "_demo": {"vip": False}}


async def test_identities_as_in_the_guide(stage: Stage) -> None:
    """Asked for by the name that Adobe's guide uses, the identities come as its guide shows them."""
    stage.take(record(CRM, PERSON, ADA, PHONE))
    entity = (await stage.profile(fields="identities"))["entity"]
    expected = [
        {"id": ADA.value, "primary": True, "namespace": {"code": "email"}},
        {"id": PHONE.value, "namespace": {"code": "phone"}},
    ]

    assert entity == {"identities": expected}


async def test_only_events(stage: Stage) -> None:
    """Somebody of whom only events are known has a profile without attributes, as new as the newest event."""
    stage.take(event(1, ADA), now=0)
    stage.take(event(2, ADA))
    found = await stage.profile()

    assert found["sources"] == []
    assert found["entity"] == {"identityMap": {"email": [{"id": ADA.value, "primary": True}]}}
    assert datetime.fromisoformat(found["lastModifiedAt"]) == datetime.fromtimestamp(MILLISECONDS // 1000, UTC)


async def test_nothing_enabled(stage: Stage) -> None:
    """When a dataset is disabled its records are out of the profile; of whom nothing is left is not found."""
    stage.take(record(CRM, PERSON, ADA, time=2), record(LOYALTY, LOYAL, ADA, time=1), event(1, ADA, dataset=ORDERS))
    stage.configure(Kind.DATASET, CRM, dataset(CRM, "profiles", enabled=False))
    without_crm = await stage.profile()
    stage.configure(Kind.DATASET, LOYALTY, dataset(LOYALTY, "profiles", enabled=False))
    stage.dismiss(Kind.DATASET, ORDERS)
    nothing = await stage.get(schema=PROFILE, entityId=ADA.value, entityIdNS="Email")

    assert (without_crm["sources"], without_crm["entity"]["timeZone"]) == ([LOYALTY], "CET")
    assert nothing.status_code == 404


async def test_labels(stage: Stage) -> None:
    """Fields labelled C12 are in no answer, whoever asks for them."""
    stage.take(record(CRM, PERSON, ADA))
    stage.configure(Kind.DESCRIPTOR, "d1", label("profiles", "/person/name/firstName"))

    assert (await stage.profile())["entity"]["person"] == {"name": {}}
    assert (await stage.profile(fields="person.name.firstName"))["entity"] == {}


async def test_methods(stage: Stage) -> None:
    """A method that Adobe doesn't document is refused."""
    assert (await stage.client.put(ENTITIES)).status_code == 405
