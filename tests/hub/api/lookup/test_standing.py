from __future__ import annotations

from contextlib import closing

from bot.hub.database import unsettled
from bot.hub.database.connection import transaction
from bot.hub.database.documents import Kind
from bot.hub.database.reading import Standing
from bot.hub.database.unsettled import Settlement
from bot.hub.model import Identity, Xdm
from tests.hub.api.lookup.stage import ADA, CRM, PHONE, UNSTITCHED, Stage, label, record

NIGHT = {"status": "realized", "lastQualificationTime": "2026-03-05T02:00:00Z"}


def settle(stage: Stage, identity: Identity, memberships: Xdm, computed: Xdm) -> None:
    person = stage.person(identity)
    with closing(stage.database.writer()) as writer, transaction(writer):
        settlement = Settlement(person.number, [], Standing(0, memberships, computed))
        assert unsettled.settle(writer, [settlement], seen=unsettled.newest(writer))


async def test_computed(stage: Stage) -> None:
    """Memberships and computed attributes are where Adobe puts them, beside what came as data."""
    supplied = {"AAM": {"x": {"status": "existing"}}, "ups": {"a": {"status": "exited"}, "b": {"status": "realized"}}}
    stage.take(record(CRM, {"segmentMembership": supplied, "_demo": {"vip": True}}, ADA))
    settle(stage, ADA, {"a": NIGHT}, {"orders90": 3})
    entity = (await stage.profile())["entity"]

    assert entity["segmentMembership"] == {"AAM": supplied["AAM"], "ups": {"a": NIGHT, "b": {"status": "realized"}}}
    assert entity["_demo"] == {"vip": True, "SystemComputedAttributes": {"orders90": 3}}


async def test_without_computed_attributes(stage: Stage) -> None:
    """A call that says `withCA=false` gets no computed attributes."""
    stage.take(record(CRM, {}, ADA))
    settle(stage, ADA, {"a": NIGHT}, {"orders90": 3})
    entity = (await stage.profile(withCA="false"))["entity"]

    assert entity.keys() == {"segmentMembership", "identityMap"}


async def test_nothing_computed(stage: Stage) -> None:
    """A person in no audience has no membership, rather than empty objects."""
    stage.take(record(CRM, {}, ADA))
    settle(stage, ADA, {}, {})

    assert (await stage.profile())["entity"].keys() == {"identityMap"}


async def test_unstitched(stage: Stage) -> None:
    """What was computed of a graph is shown of an identity alone only if that is all of the graph."""
    stage.take(record(CRM, {}, ADA))
    settle(stage, ADA, {"a": NIGHT}, {})
    alone = await stage.profile(mergePolicyId=UNSTITCHED)
    stage.take(record(CRM, {}, PHONE, ADA))
    settle(stage, ADA, {"a": NIGHT}, {})
    one_of_two = await stage.profile(mergePolicyId=UNSTITCHED)

    assert "segmentMembership" in alone["entity"]
    assert "segmentMembership" not in one_of_two["entity"]


async def test_labelled(stage: Stage) -> None:
    """What is computed of a field that may leave by no way (C12) doesn't leave either."""
    stage.configure(Kind.DESCRIPTOR, "d1", label("events", "/commerce/order/priceTotal"))
    for name, expression in (("spent", "xEvent.sum(commerce.order.priceTotal)"), ("orders", "xEvent.count()")):
        body = {"id": name, "name": name, "expression": {"value": expression}}
        stage.configure(Kind.COMPUTED_ATTRIBUTE, name, body)
    stage.take(record(CRM, {}, ADA))
    settle(stage, ADA, {}, {"spent": 99.5, "orders": 3})

    assert (await stage.profile())["entity"]["_demo"] == {"SystemComputedAttributes": {"orders": 3}}
