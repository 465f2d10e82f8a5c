"""Paths are followed, and asked for."""

from __future__ import annotations

import pytest

from bot.profiles.paths import event_fields, profile_fields
from bot.profiles.values import Tally, anything, at
from tests.profiles.invented import configured, default_config, with_arrays


def test_profile_fields() -> None:
    """What any card may show is asked for, each path once, and a parent brings its children along."""
    fields = profile_fields(with_arrays())

    assert fields[:3] == ("identityMap", "identities", "segmentMembership")
    assert {"person.name.firstName", "_demo.lifetimeValue.currency", "_demo.orders", "_demo.touches"} <= set(fields)
    assert "consents.marketing.email" in fields
    assert len(set(fields)) == len(fields)


def test_a_parent_swallows_its_children() -> None:
    """A path inside another one isn't asked for."""
    card: dict[str, object] = {"key": "b", "label": "B", "path": "loyalty.tier", "as_of": "loyaltyCard.at"}
    fields = profile_fields(configured("facts", {"key": "a", "label": "A", "path": "loyalty"}, card))

    assert [field for field in fields if field.startswith("loyalty")] == ["loyalty", "loyaltyCard.at"]


def test_event_fields() -> None:
    """Of an event only what the mapping reads is asked for."""
    fields = event_fields(default_config())

    assert fields[:5] == ("_id", "timestamp", "eventType", "commerce.order.purchaseID", "commerce.order.priceTotal")
    assert {
        "productListItems",
        "marketing.campaignName",
        "_experience.customerJourneyManagement.messageInteraction.isBot",
    } <= set(fields)


@pytest.mark.parametrize(
    ("node", "value"),
    [({"a": {"b": 1}}, 1), ({"a": {"xdm:b": 1}}, 1), ({"a": {"b": None, "xdm:b": 1}}, None), ({"a": 1}, None), (None, None)],
)
def test_path(node: object, value: object) -> None:
    """A path that leads nowhere leads to nothing."""
    assert at("a.b", anything)(node, Tally()) == value
