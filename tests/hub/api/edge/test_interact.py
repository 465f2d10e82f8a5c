from __future__ import annotations

from uuid import UUID

import pytest

from bot.hub.database.documents import Kind
from bot.hub.model import MOST_IDENTITIES, Identity, Xdm
from tests.hub.api.edge.stage import DATASTREAM, DESTINATION, EDGE, FORMER, MEMBER, Edge, audience, datastream, event_of
from tests.hub.api.lookup.stage import ADA, CRM, GRACE, LOYALTY, PHONE, event, label, policy, record

ACCOUNTS = {"schema": {"name": "_xdm.context.account"}}
LOVELACE = {"person": {"name": {"firstName": "Ada", "lastName": "Lovelace"}}, "loyalty": {"tier": "gold", "points": 7}}


async def test_found(edge: Edge) -> None:
    """Whoever is on the edge is answered in the documented shape: the mapped attributes, and the mapped audiences they are in."""
    edge.take(record(CRM, LOVELACE, ADA))
    edge.settle(ADA, {"vip": MEMBER, "lapsed": FORMER, "unmapped": MEMBER}, {})
    answer = await edge.interact(event_of(ADA))
    body = answer.json()

    assert answer.status_code == 200
    assert UUID(body.pop("requestId"))
    assert body == {
        "handle": [
            {
                "payload": [
                    {
                        "type": "profileLookup",
                        "destinationId": DESTINATION,
                        "alias": "call-centre",
                        "attributes": {"firstName": {"value": "Ada"}, "tier": {"value": "gold"}},
                        "segments": [{"id": "vip", "namespace": "ups"}],
                    }
                ],
                "type": "activation:pull",
                "eventIndex": 0,
            }
        ]
    }


async def test_absent(edge: Edge) -> None:
    """Whom nobody knows isn't on the edge: the payload is empty, as Adobe documents it, and nobody's absence is an error."""
    answer = await edge.interact(event_of(ADA))

    assert answer.status_code == 200
    assert answer.json()["handle"] == [{"payload": [], "type": "activation:pull", "eventIndex": 0}]


async def test_no_policy(edge: Edge) -> None:
    """Without a merge policy that is active on the edge nobody is there, whatever the default may show."""
    edge.take(record(CRM, LOVELACE, ADA))
    edge.configure(Kind.MERGE_POLICY, EDGE, policy(EDGE, isActiveOnEdge=False))

    assert await edge.payload() == []
    assert (await edge.profile())["entity"]["loyalty"]["tier"] == "gold"


async def test_policy(edge: Edge) -> None:
    """The edge shows what its own merge policy makes of a profile, and of two that are active what the one changed last does."""
    edge.take(
        record(CRM, {"loyalty": {"tier": "silver"}}, ADA, time=1), record(LOYALTY, {"loyalty": {"tier": "gold"}}, ADA, time=2)
    )
    newest = await edge.payload()
    crm = {"type": "dataSetPrecedence", "order": [CRM]}
    edge.configure(Kind.MERGE_POLICY, "a", policy("a", isActiveOnEdge=True, attributeMerge=crm, updateEpoch=2))
    of_crm = await edge.payload()

    assert [each["attributes"]["tier"]["value"] for each in newest + of_crm] == ["gold", "silver"]


async def test_policy_of_accounts(edge: Edge) -> None:
    """A merge policy of another class says nothing about profiles, active on the edge or not."""
    edge.configure(Kind.MERGE_POLICY, "accounts", policy("accounts", isActiveOnEdge=True, updateEpoch=2) | ACCOUNTS)
    edge.take(record(CRM, LOVELACE, ADA))
    edge.settle(ADA, {"vip": MEMBER}, {})
    beside_another = await edge.payload()
    edge.dismiss(Kind.MERGE_POLICY, EDGE)
    alone = await edge.payload()

    assert [len(each["segments"]) for each in beside_another] == [1]
    assert alone == []


async def test_other_policies_audience(edge: Edge) -> None:
    """An audience whose merge policy isn't, or is no longer, active on the edge isn't there; others still are."""
    edge.configure(Kind.AUDIENCE, "lapsed", audience(2, "lapsed"))
    edge.take(record(CRM, {}, ADA))
    edge.settle(ADA, {"vip": MEMBER, "lapsed": MEMBER}, {})
    [found] = await edge.payload()

    assert found["segments"] == [{"id": "vip", "namespace": "ups"}]


async def test_deleted_audience(edge: Edge) -> None:
    """An audience that was deleted is in no answer, even before people are evaluated anew."""
    edge.take(record(CRM, {}, ADA))
    edge.settle(ADA, {"vip": MEMBER, "lapsed": MEMBER}, {})
    edge.dismiss(Kind.AUDIENCE, "vip")
    [found] = await edge.payload()

    assert found["segments"] == [{"id": "lapsed", "namespace": "ups"}]


@pytest.mark.parametrize(("status", "members"), [("realized", 1), ("existing", 1), ("exited", 0)])
async def test_supplied_audience(edge: Edge, status: str, members: int) -> None:
    """An audience supplied from outside is answered under its own namespace and id; who exited it isn't in it."""
    outside = audience(3, "a3", audienceId="club", namespace="AlpineClub", expression=None)
    edge.configure(Kind.AUDIENCE, "a3", outside)
    edge.configure(Kind.DATASTREAM, DATASTREAM, datastream(audiences=["a3"]))
    edge.take(record(CRM, {"segmentMembership": {"AlpineClub": {"club": {"status": status}}}}, ADA))
    [found] = await edge.payload()

    assert found["segments"] == [{"id": "club", "namespace": "AlpineClub"}] * members


async def test_labelled(edge: Edge) -> None:
    """What is labelled C12 never leaves by the edge either: neither by itself nor within an object that is mapped."""
    mapped = {"firstName": "person.name.firstName", "name": "person.name", "tier": "loyalty.tier"}
    edge.configure(Kind.DATASTREAM, DATASTREAM, datastream(attributes=mapped))
    edge.configure(Kind.DESCRIPTOR, "d1", label("profiles", "/person/name/firstName"))
    edge.take(record(CRM, LOVELACE, ADA))
    [found] = await edge.payload()

    assert found["attributes"] == {"name": {"value": {"lastName": "Lovelace"}}, "tier": {"value": "gold"}}


async def test_missing_attributes(edge: Edge) -> None:
    """What a profile hasn't got, or has as null, isn't in the answer; somebody without any of it is there nevertheless."""
    edge.take(record(CRM, {"person": {"name": {"firstName": None}}}, ADA))
    [found] = await edge.payload()

    assert found["attributes"] == {}


async def test_falsy_attributes(edge: Edge) -> None:
    """0 and empty texts are values."""
    edge.configure(Kind.DATASTREAM, DATASTREAM, datastream(attributes={"points": "loyalty.points", "tier": "loyalty.tier"}))
    edge.take(record(CRM, {"loyalty": {"points": 0, "tier": ""}}, ADA))
    [found] = await edge.payload()

    assert found["attributes"] == {"points": {"value": 0}, "tier": {"value": ""}}


async def test_computed(edge: Edge) -> None:
    """A computed attribute is mapped like any other."""
    path = "_demo.SystemComputedAttributes.orders90"
    edge.configure(Kind.DATASTREAM, DATASTREAM, datastream(attributes={"orders": path}))
    edge.take(record(CRM, {}, ADA))
    edge.settle(ADA, {}, {"orders90": 3})
    [found] = await edge.payload()

    assert found["attributes"] == {"orders": {"value": 3}}


async def test_linked(edge: Edge) -> None:
    """Any identity of the graph finds the person, with what is known of the others."""
    edge.take(record(CRM, LOVELACE, ADA, PHONE))

    assert await edge.payload(PHONE) == await edge.payload(ADA) != []


async def test_events_only(edge: Edge) -> None:
    """Who is known by events alone has a profile, of which the edge shows nothing: no event is ever answered."""
    edge.take(event(1, GRACE, web={"webPageDetails": {"name": "Tents"}}))
    [found] = await edge.payload(GRACE)

    assert (found["attributes"], found["segments"]) == ({}, [])


async def test_too_many_identities(edge: Edge) -> None:
    """Somebody with more identities than a profile may have isn't on the edge."""
    others = [Identity("ECID", f"{number:038}") for number in range(MOST_IDENTITIES)]
    edge.take(*(record(CRM, {}, other, ADA) for other in others))

    assert await edge.payload() == []


@pytest.mark.parametrize("key", ["Email", "email", "EMAIL", "6"])
async def test_namespace(edge: Edge, key: str) -> None:
    """The identity map's keys are codes in any case, or ids of namespaces; the value is normalised as it is in records."""
    edge.take(record(CRM, LOVELACE, ADA))

    assert len(await edge.payload(Identity(key, "Ada@Example.com"))) == 1


async def test_primary(edge: Edge) -> None:
    """Of several identities the primary one is looked up."""
    edge.take(record(CRM, LOVELACE, ADA), record(CRM, {"loyalty": {"tier": "silver"}}, PHONE))
    identity_map = {"Email": [{"id": ADA.value, "primary": False}], "Phone": [{"id": PHONE.value, "primary": True}]}
    answer = await edge.interact({"event": {"xdm": {"identityMap": identity_map}}})
    [found] = answer.json()["handle"][0]["payload"]

    assert found["attributes"] == {"tier": {"value": "silver"}}


async def test_nothing_collected(edge: Edge) -> None:
    """A look-up leaves no trace: who wasn't known before isn't known after it, however much the event says."""
    xdm: Xdm = event_of(ADA)["event"]["xdm"] | {"eventType": "web.webpagedetails.pageViews", "timestamp": "2026-03-05T09:30:00Z"}
    await edge.interact({"event": {"xdm": xdm, "data": {"prop1": "x"}}})

    assert (await edge.get(schema="_xdm.context.profile", entityId=ADA.value, entityIdNS="Email")).status_code == 404


async def test_both_spellings(edge: Edge) -> None:
    """The guide writes dataStreamId, the OpenAPI file datastreamId."""
    answer = await edge.client.post("/ee/v2/interact", params={"datastreamId": DATASTREAM}, json=event_of(ADA))

    assert answer.status_code == 200


async def test_request_id(edge: Edge) -> None:
    """A request id that the caller supplies, as a parameter or as a header, begins the answer's, which 16 hex digits end."""
    supplied = "708e4f90-5bff-41c5-8f4b-6c15bab76b11"
    by_parameter = await edge.interact(event_of(ADA), requestId=supplied)
    edge.client.headers["x-request-id"] = supplied
    by_header = await edge.interact(event_of(ADA))
    entropies = [answer.json()["requestId"].removeprefix(f"{supplied}-") for answer in (by_parameter, by_header)]

    assert [len(bytes.fromhex(each)) for each in entropies] == [8, 8]
    assert len(set(entropies)) == 2
