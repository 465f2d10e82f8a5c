from __future__ import annotations

from typing import Any

import pytest

from bot.hub.model import Identity, Xdm
from tests.hub.api.lookup.stage import (
    ADA,
    CRM,
    ECID,
    ENTITIES,
    EVENT,
    GRACE,
    PHONE,
    PRECEDENCE,
    PROFILE,
    UNSTITCHED,
    Stage,
    event,
    ids,
    record,
)

PROFILES = {"schema": {"name": PROFILE}}
EVENTS = {"schema": {"name": EVENT}, "relatedSchema": {"name": PROFILE}}
TOO_MANY = {"message": "UPS-ACCSDK-1000005:Too many related identities. Got: 51, max: 50", "statusCode": "422"}


def asked(*identities: Identity) -> list[Xdm]:
    return [{"entityId": each.value, "entityIdNS": {"code": each.namespace}} for each in identities]


def related(*identities: Identity) -> list[Xdm]:
    return [{"relatedEntityId": each.xid} for each in identities]


async def test_profiles(stage: Stage) -> None:
    """Several profiles are keyed by XID, each as it is alone."""
    stage.take(record(CRM, {"timeZone": "UTC"}, ADA, PHONE), record(CRM, {"timeZone": "CET"}, GRACE))
    answer = await stage.post(**PROFILES, identities=asked(PHONE, GRACE))

    assert answer.status_code == 200
    assert answer.json() == {ADA.xid: await stage.profile(PHONE), GRACE.xid: await stage.profile(GRACE)}


async def test_nobody(stage: Stage) -> None:
    """Whom nobody knows has an entry without attributes, of 1970, as in Adobe's example."""
    answer = await stage.post(**PROFILES, identities=[*asked(GRACE), {"entityId": ECID.xid}])

    assert answer.status_code == 200
    assert answer.json() == {
        GRACE.xid: {
            "entityId": GRACE.xid,
            "sources": [""],
            "requestedIdentity": {"entityId": GRACE.value, "entityIdNS": {"code": "email"}},
            "entity": {},
            "lastModifiedAt": "1970-01-01T00:00:00Z",
        },
        ECID.xid: {
            "entityId": ECID.xid,
            "sources": [""],
            "requestedIdentity": {"entityId": ECID.xid},
            "entity": {},
            "lastModifiedAt": "1970-01-01T00:00:00Z",
        },
    }


async def test_fields_and_policy(stage: Stage) -> None:
    """`fields` and `mergePolicyId` hold for all."""
    stage.take(record(CRM, {"timeZone": "UTC", "person": {}}, ADA, PHONE), record(CRM, {"timeZone": "CET"}, GRACE))
    answer = await stage.post(
        **PROFILES, identities=asked(ADA, PHONE, GRACE), fields=["timeZone", "no.such"], mergePolicyId=UNSTITCHED
    )

    assert {xid: entry["entity"] for xid, entry in answer.json().items()} == {
        ADA.xid: {"timeZone": "UTC"},
        PHONE.xid: {},
        GRACE.xid: {"timeZone": "CET"},
    }


async def test_partial_failure(stage: Stage) -> None:
    """Where one fails, 207: its error beside its XID, and the others, whose entries aren't lost, in the same list."""
    crowd = [Identity("ECID", f"{number:038d}") for number in range(50)]
    stage.take(record(CRM, {}, ADA, *crowd), record(CRM, {"timeZone": "CET"}, GRACE))
    answer = await stage.post(**PROFILES, identities=asked(ADA, GRACE))

    assert answer.status_code == 207
    assert answer.json() == [{"xid": ADA.xid, "error": TOO_MANY}, {"xid": GRACE.xid, **await stage.profile(GRACE)}]


async def test_events(stage: Stage) -> None:
    """Each profile has its own page; the payload of its link, posted back, gives its next one."""
    stage.take(*(event(number, ADA, value=number) for number in range(5)), event(9, GRACE), record(CRM, {}, PHONE))
    body: dict[str, Any] = {**EVENTS, "limit": 2, "orderby": "-timestamp", "fields": ["value"]}
    first = (await stage.post(**body, identities=related(ADA, GRACE, PHONE, ECID))).json()
    link = first[ADA.xid]["_links"]["next"]
    seen = ids(first[ADA.xid])
    while link["href"]:
        assert link["href"] == "/entities"
        assert link["payload"] | {"identities": []} == body | {"identities": []}
        [page] = (await stage.client.post(ENTITIES, json=link["payload"])).json().values()
        seen += ids(page)
        link = page["_links"]["next"]

    assert seen == ["e4", "e3", "e2", "e1", "e0"]
    assert {xid: ids(page) for xid, page in first.items()} == {
        ADA.xid: ["e4", "e3"],
        GRACE.xid: ["e9"],
        PHONE.xid: [],
        ECID.xid: [],
    }
    assert first[ADA.xid]["children"][0]["entity"] == {"value": 4}


async def test_payload_keeps_who_was_asked(stage: Stage) -> None:
    """Without an identity graph the next page, too, is of the identity that was asked for."""
    stage.take(record(CRM, {}, ADA, PHONE), event(1, ADA), event(2, PHONE), event(3, PHONE))
    body = {**EVENTS, "limit": 1, "mergePolicyId": UNSTITCHED, "identities": asked(PHONE)}
    first = (await stage.post(**body)).json()[PHONE.xid]
    second = (await stage.post(**first["_links"]["next"]["payload"])).json()[PHONE.xid]

    assert (ids(first), ids(second), second["_links"]) == (["e2"], ["e3"], {"next": {"href": ""}})


async def test_times(stage: Stage) -> None:
    """`timeFilter` is inclusive at its start and exclusive at its end; Adobe shows its numbers as floats, too."""
    stage.take(*(event(number, ADA, time=number) for number in range(5)))
    answer = await stage.post(**EVENTS, identities=related(ADA), timeFilter={"startTime": 1.0, "endTime": 3})

    assert ids(answer.json()[ADA.xid]) == ["e1", "e2"]


async def test_many_pages(stage: Stage) -> None:
    """The more are asked for, the shorter is each one's page: an answer holds 20,000 events at most. The links lead on."""
    stage.take(*(event(number, ADA) for number in range(45)))
    nobody = [{"relatedEntityId": Identity("ECID", str(number)).xid} for number in range(499)]
    page = (await stage.post(**EVENTS, identities=[*related(ADA), *nobody])).json()[ADA.xid]
    rest = (await stage.post(**page["_links"]["next"]["payload"])).json()[ADA.xid]

    assert (page["_page"]["count"], rest["_page"]["count"]) == (40, 5)


WRONG: list[tuple[Xdm, str]] = [
    ({}, "schema.name"),
    ({"schema": PROFILE, "identities": asked(ADA)}, "schema.name"),
    ({"schema": {"name": EVENT}, "identities": asked(ADA)}, "relatedSchema.name"),
    (PROFILES, "identities"),
    ({**PROFILES, "identities": []}, "identities"),
    ({**PROFILES, "identities": asked(ADA) * 1001}, "identities"),
    ({**PROFILES, "identities": ["ada@example.com"]}, "identities"),
    ({**PROFILES, "identities": [{}]}, "entityId"),
    ({**PROFILES, "identities": [{"entityId": 7}]}, "entityId"),
    ({**PROFILES, "identities": [{"entityId": "x", "entityIdNS": "Email"}]}, "entityIdNS"),
    ({**PROFILES, "identities": [{"entityId": "x", "entityIdNS": {"code": "Telegram"}}]}, "namespace"),
    ({**PROFILES, "identities": [{"entityId": "ada@example.com"}]}, "namespace"),
    ({**PROFILES, "identities": asked(ADA), "fields": "timeZone"}, "fields"),
    ({**PROFILES, "identities": asked(ADA), "mergePolicyId": 7}, "mergePolicyId"),
    ({**EVENTS, "identities": related(ADA), "limit": 0}, "limit"),
    ({**EVENTS, "identities": related(ADA), "limit": True}, "limit"),
    ({**EVENTS, "identities": related(ADA), "limit": 1.5}, "limit"),
    ({**EVENTS, "identities": related(ADA), "orderby": ["timestamp"]}, "orderby"),
    ({**EVENTS, "identities": related(ADA), "timeFilter": [1, 2]}, "timeFilter"),
    ({**EVENTS, "identities": related(ADA), "timeFilter": {"startTime": "now"}}, "startTime"),
    ({**EVENTS, "identities": [{"relatedEntityId": ADA.xid, "start": "e1"}]}, "start"),
]


@pytest.mark.parametrize(("body", "says"), WRONG)
async def test_bad_request(stage: Stage, body: Xdm, says: str) -> None:
    """A body that can't be meant is a 400 that says what of it is wrong."""
    answer = await stage.client.post(ENTITIES, json=body)

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")
    assert says in answer.json()["message"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"limit": 1e999}'])
async def test_no_json_object(stage: Stage, content: bytes) -> None:
    """So is a body that is no JSON object."""
    answer = await stage.client.post(ENTITIES, content=content)

    assert answer.status_code == 400


async def test_no_policy(stage: Stage) -> None:
    """A merge policy that isn't there fails the whole call."""
    answer = await stage.post(**PROFILES, identities=asked(ADA), mergePolicyId=PRECEDENCE + "-not")

    assert answer.status_code == 422
