from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import httpx
import pytest

from bot.hub.store import Store
from tests.hub.conftest import ENTITIES, NOW, Clock, authorise, client_of, events_of, only, profile_of


async def test_shape(hub: httpx.AsyncClient, store: Store) -> None:
    """A profile is keyed by its XID and says where it comes from, by which policy, and what was asked."""
    answer = await hub.get(ENTITIES, params=profile_of("ada@example.com"))
    [(xid, profile)] = answer.json().items()

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert profile["entityId"] == xid
    assert xid in profile["identityGraph"]
    assert len(profile["identityGraph"]) == 6
    assert profile["mergePolicy"] == {"id": store.merge_policies[0].id}
    assert profile["requestedIdentity"] == {"entityId": "ada@example.com", "entityIdNS": {"code": "email"}}
    assert profile["sources"]
    assert datetime.fromisoformat(profile["lastModifiedAt"]) <= NOW
    assert profile["entity"]["person"]["name"]["fullName"] == "Ada Lovelace"


@pytest.mark.parametrize(
    ("namespace", "value"),
    [
        ("Email", "ada@example.com"),
        ("email", "ADA@Example.com"),
        ("EMAIL", "ada.lovelace@quillworks.example"),
        ("Phone", "+493023125123"),
        ("crmid", "C-10001"),
        ("ECID", "38400000000000000000000000000000000001"),
        ("loyalty", "L-200001"),
    ],
)
async def test_identities(hub: httpx.AsyncClient, namespace: str, value: str) -> None:
    """Each identity of the graph leads to the same profile; neither a code's nor an e-mail address's case matters."""
    answer = await hub.get(ENTITIES, params=profile_of(value, namespace))

    assert only(answer)["entity"]["personalEmail"]["address"] == "ada@example.com"


async def test_spelling_of_b2b(hub: httpx.AsyncClient) -> None:
    """The namespace may be spelt entityIdNs, as in Adobe's B2B samples."""
    answer = await hub.get(ENTITIES, params={"schema.name": "_xdm.context.profile", "entityId": "C-10001", "entityIdNs": "CRMID"})

    assert only(answer)["requestedIdentity"]["entityIdNS"] == {"code": "crmid"}


async def test_xid(hub: httpx.AsyncClient) -> None:
    """An XID, of whichever identity, needs no namespace."""
    ada = only(await hub.get(ENTITIES, params=profile_of("ada@example.com")))

    for xid in ada["identityGraph"]:
        found = only(await hub.get(ENTITIES, params={"schema.name": "_xdm.context.profile", "entityId": xid}))
        assert found["entityId"] == ada["entityId"]
        assert found["requestedIdentity"] == {"entityId": xid}


@pytest.mark.parametrize(
    ("namespace", "value"),
    [("Email", "nobody@example.com"), ("CRMID", "c-10001"), ("Phone", "493023125123"), ("", "AbcdefGhijklMnopqrstUvwx")],
)
async def test_not_found(hub: httpx.AsyncClient, namespace: str, value: str) -> None:
    """Nobody has this identity: 404, and all but e-mail addresses are compared as they stand."""
    answer = await hub.get(ENTITIES, params=profile_of(value, namespace))

    assert (answer.status_code, answer.json()) == (404, {"statusCode": "404"})


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (profile_of("x", "Telegram"), "namespace"),
        (profile_of("ada@example.com", ""), "namespace"),
        (profile_of("", "Email"), "entityId"),
        (profile_of("x", "Email", property="a=b"), "property"),
        (profile_of("x", "Email") | {"schema.name": "_xdm.context.account"}, "schema.name"),
        ({}, "schema.name"),
        (events_of("x", property="eventType=web"), "property"),
        (events_of("") | {"relatedEntityIdNS": ""}, "entityId"),
        (events_of("x") | {"relatedSchema.name": "_xdm.context.account"}, "relatedSchema.name"),
        (events_of("x", limit="many"), "limit"),
        (events_of("x", limit=0), "limit"),
        (events_of("x", limit="9" * 5000), "limit"),
        (events_of("x", startTime="yesterday"), "startTime"),
        (events_of("x", endTime="-1"), "endTime"),
        (events_of("x", orderby="name"), "orderby"),
        (events_of("ada@example.com", start="none-of-hers"), "start"),
    ],
)
async def test_bad_request(hub: httpx.AsyncClient, params: dict[str, str], says: str) -> None:
    """A parameter that can't be meant is a 400 that names it, its numbers as strings."""
    answer = await hub.get(ENTITIES, params=params)

    assert answer.status_code == 400
    assert answer.json()["statusCode"] == "400"
    assert says in answer.json()["message"]


@pytest.mark.parametrize("params", [profile_of("many@example.com"), events_of("many@example.com")])
async def test_too_many_identities(hub: httpx.AsyncClient, params: dict[str, str]) -> None:
    """More than 50 identities in one graph can't be looked up."""
    answer = await hub.get(ENTITIES, params=params)

    assert answer.status_code == 422
    assert answer.json() == {"message": "UPS-ACCSDK-1000005:Too many related identities. Got: 60, max: 50", "statusCode": "422"}


async def test_merge_policy(hub: httpx.AsyncClient, store: Store) -> None:
    """The answer says by which policy it was merged; one that isn't there, or is for another schema, is a 422."""
    default, edge, account = (policy.id for policy in store.merge_policies)
    ids = [default, edge, account, "no-such-policy"]
    answers = [await hub.get(ENTITIES, params=profile_of("ada@example.com", mergePolicyId=each)) for each in ids]

    assert [answer.status_code for answer in answers] == [200, 200, 422, 422]
    assert only(answers[1])["mergePolicy"] == {"id": edge}
    assert "no-such-policy" in answers[3].json()["message"]


async def test_no_default_merge_policy(store: Store, clock: Clock) -> None:
    """Without a default merge policy a call that names none is a 422."""
    bare = Store(
        records=store.records,
        namespaces=store.namespaces,
        merge_policies=[replace(policy, default=False) for policy in store.merge_policies],
        audiences=[],
        union={},
        created=NOW,
    )
    async with client_of(bare, clock) as client:
        await authorise(client)
        answer = await client.get(ENTITIES, params=profile_of("ada@example.com"))

    assert answer.status_code == 422
    assert "merge policy" in answer.json()["message"]


async def test_fields(hub: httpx.AsyncClient) -> None:
    """`fields` keeps the named paths alone, lists walked through; a path that isn't there is left out."""
    wanted = "person.name.firstName,loyalty,loyalty.tier,_demo.customerAI.churn.influentialFactors.code,no.such,timeZone.deeper"
    answer = await hub.get(ENTITIES, params=profile_of("ada@example.com", fields=wanted))
    entity = only(answer)["entity"]

    assert entity["person"] == {"name": {"firstName": "Ada"}}
    assert entity["loyalty"]["points"] == 8420
    assert entity["_demo"]["customerAI"]["churn"]["influentialFactors"][0] == {"code": "days_since_last_order"}
    assert entity.keys() == {"person", "loyalty", "_demo"}


async def test_falsy_values_are_kept(hub: httpx.AsyncClient) -> None:
    """A field that was asked for is there even if it is false."""
    answer = await hub.get(ENTITIES, params=profile_of("ada@example.com", fields="_demo.preferences.newsletter"))

    assert only(answer)["entity"] == {"_demo": {"preferences": {"newsletter": False}}}


async def test_nothing_left(hub: httpx.AsyncClient) -> None:
    """Fields that this customer doesn't have leave an empty entity."""
    answer = await hub.get(ENTITIES, params=profile_of("ada@example.com", fields="no.such"))

    assert only(answer)["entity"] == {}
