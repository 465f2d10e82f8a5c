"""A hub with a datastream, over the stage on which look-ups are tested."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import httpx

from bot.hub.database import unsettled
from bot.hub.database.connection import transaction
from bot.hub.database.reading import Standing
from bot.hub.database.unsettled import Settlement
from bot.hub.model import Identity, Xdm
from tests.hub.api.lookup.stage import ADA, Stage, schema

INTERACT = "/ee/v2/interact"
DATASTREAM, DESTINATION, EDGE = "stream-1", "destination-1", "policy-edge"

MEMBER = {"status": "realized", "lastQualificationTime": "2026-03-05T02:00:00Z"}
FORMER = {"status": "exited", "lastQualificationTime": "2026-03-05T02:00:00Z"}


def profiles() -> Xdm:
    """The stage's schema of profiles, with the field groups of a person and of loyalty."""
    groups = ("context/profile-person-details", "mixins/profile/profile-loyalty-details")
    body = schema("profiles", "profile")
    return body | {"allOf": body["allOf"] + [{"$ref": f"https://ns.adobe.com/xdm/{each}"} for each in groups]}


def audience(number: int, id: str, **changes: Any) -> Xdm:  # noqa: A002 - Adobe's name
    expression = {"type": "PQL", "format": "pql/text", "value": 'loyalty.tier = "gold"'}
    return {"number": number, "id": id, "audienceId": id, "name": id, "expression": expression} | changes


def datastream(**changes: Any) -> Xdm:
    """As the hub keeps it."""
    attributes = {"firstName": "person.name.firstName", "tier": "loyalty.tier"}
    ids = {"id": DATASTREAM, "destinationId": DESTINATION, "version": 1, "createEpoch": 1, "updateEpoch": 1}
    return (
        ids | {"name": "Call centre", "alias": "call-centre", "attributes": attributes, "audiences": ["vip", "lapsed"]} | changes
    )


def event_of(identity: Identity) -> Xdm:
    return {"event": {"xdm": {"identityMap": {identity.namespace: [{"id": identity.value, "primary": True}]}}}}


class Edge(Stage):
    """The stage, asked at the edge."""

    async def interact(self, body: Any, **params: str) -> httpx.Response:
        return await self.client.post(INTERACT, params={"dataStreamId": DATASTREAM} | params, json=body)

    async def payload(self, identity: Identity = ADA) -> list[Xdm]:
        answer = await self.interact(event_of(identity))
        assert answer.status_code == 200, answer.text
        [handle] = answer.json()["handle"]
        return list(handle["payload"])

    def settle(self, identity: Identity, memberships: Xdm, computed: Xdm) -> None:
        person = self.person(identity)
        with closing(self.database.writer()) as writer, transaction(writer):
            settlement = Settlement(person.number, [], Standing(0, memberships, computed))
            assert unsettled.settle(writer, [settlement], seen=unsettled.newest(writer))
