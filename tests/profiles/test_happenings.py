"""Purchases and interactions, from events and from arrays."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.profiles.model import (
    Interaction,
    Item,
    Missing,
    Part,
    Purchase,
    Why,
)
from bot.profiles.wire import RawProfile
from bot.profiles.xdm import Mapper
from tests.factories import config
from tests.profiles.invented import ADA, ADA_XID, event, read, with_arrays

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
ORDER = {"order": {"purchaseID": "P-1", "priceTotal": 19.99, "currencyCode": "EUR"}}


def test_purchase() -> None:
    """A purchase has its total and its lines, with the SKU where a line has no name."""
    lines = [
        {"name": "Red shoe", "quantity": 2},
        {"SKU": "S-1", "quantity": "many"},
        {"quantity": 1},
        {"name": "Sole", "quantity": 0.5},
        7,
    ]
    profile = read({}, [event(commerce=ORDER, productListItems=lines)])

    assert profile.purchases == (Purchase(TEN, "P-1", Decimal("19.99"), "EUR", (Item("Red shoe", 2), Item("S-1"), Item("Sole"))),)
    assert profile.dropped == 3


@pytest.mark.parametrize(
    ("order", "dropped"),
    [({"priceTotal": 5}, 1), ({"currencyCode": "EUR"}, 0), ({"priceTotal": "x", "currencyCode": "EUR"}, 1), ({}, 0)],
)
def test_purchase_without_a_total(order: object, dropped: int) -> None:
    """A total in an unknown currency is no total; the purchase is one all the same."""
    profile = read({}, [event(commerce={"order": order})])

    assert (profile.purchases, profile.dropped) == ((Purchase(TEN),), dropped)


def test_newest_first_and_once() -> None:
    """Events are told apart by their `_id`, whatever their order."""
    early, late = event("2026-03-01T10:00:00Z"), event("2026-03-03T10:00:00Z", "commerce.purchases\t")
    nameless = event(_id=None)
    profile = read({}, [early, late, early, nameless, nameless])

    assert [each.time.day for each in profile.purchases] == [3, 2, 2, 1]


@pytest.mark.parametrize(
    ("inner", "outer", "time"),
    [
        ("2026-03-02T11:00:00+01:00", 1, TEN),
        (None, 1772445600000, TEN),
        ("soon", 1772445600000.0, TEN),
        (None, 1772445600, None),
        (None, True, None),
        (None, 1e300, None),
        (None, float("nan"), None),
        (None, "1772445600000", None),
        (None, None, None),
    ],
)
def test_time_of_an_event(inner: object, outer: object, time: datetime | None) -> None:
    """The inner time is ISO, the outer one milliseconds; seconds, which would mean 1970, are no time."""
    profile = read({}, [{"timestamp": outer, "entity": {"eventType": "commerce.purchases", "timestamp": inner}}])

    assert [each.time for each in profile.purchases] == ([time] if time else [])


@pytest.mark.parametrize(
    "child", [7, {}, {"entity": 7}, {"entity": {"timestamp": "2026-03-02T10:00:00Z"}}, event(kind="web.visit")]
)
def test_other_events(child: object) -> None:
    """What is neither a purchase nor an interaction is neither shown nor wrong."""
    profile = read({}, [child])

    assert (profile.purchases, profile.interactions, profile.dropped) == ((), (), 0)


def journey(**parts: object) -> dict[str, object]:
    return {"customerJourneyManagement": parts}


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        (
            event(kind=" directMarketing.emailOpened\t", marketing={"campaignName": "Spring"}),
            Interaction(TEN, "opened", "Spring"),
        ),
        (
            event(kind="directMarketing.emailSent", marketing={"campaignName": 7.5, "trackingCode": "T"}),
            Interaction(TEN, "sent", "7.5"),
        ),
        (
            event(
                kind="message.tracking",
                _experience=journey(messageInteraction={"interactionType": "Click"}, messageExecution={"campaignID": "c-1"}),
            ),
            Interaction(TEN, "message_clicked", "c-1"),
        ),
        (
            event(kind="message.feedback", _experience=journey(messageDeliveryfeedback={"feedbackStatus": "bounce"})),
            Interaction(TEN, "message_failed"),
        ),
        (event(kind="message.feedback", _experience=journey(messageDeliveryfeedback={"feedbackStatus": "delayed"})), None),
        (event(kind="message.feedback"), None),
        (
            event(kind="message.tracking", _experience=journey(messageInteraction={"interactionType": "open", "isBot": True})),
            None,
        ),
    ],
)
def test_interaction(child: object, expected: Interaction | None) -> None:
    """An interaction is told by its event type and, where the mapping says so, by a value; bots don't count."""
    assert read({}, [child]).interactions == ((expected,) if expected else ())


def test_arrays_instead_of_events() -> None:
    """Without events, array attributes tell of purchases and interactions."""
    orders = [
        {"at": "2026-03-01", "id": 7, "sum": {"amount": 5, "currency": "EUR"}, "what": ["Shoe", "Sole"]},
        {"at": "2026-03-02T10:00:00Z", "what": "Hat"},
        {"at": "2026-02-01", "what": [{}]},
        {"id": 8},
    ]
    touches = [
        {"at": "2026-03-02T10:00:00Z", "how": "directMarketing.emailOpened", "why": "Spring"},
        {"at": "2026-03-02T09:00:00Z", "how": "Clicked"},
        {"at": "2026-03-02T08:00:00Z", "how": "smoke signal"},
        {"at": "2026-03-02T07:00:00Z"},
        {"how": "opened"},
    ]
    profile = read({"_demo": {"orders": orders, "touches": touches}}, None, mapping=with_arrays())

    assert profile.purchases == (
        Purchase(TEN, items=(Item("Hat"),)),
        Purchase(datetime(2026, 3, 1, tzinfo=UTC), "7", Decimal(5), "EUR", (Item("Shoe"), Item("Sole"))),
        Purchase(datetime(2026, 2, 1, tzinfo=UTC)),
    )
    assert [(each.kind, each.campaign) for each in profile.interactions] == [
        ("opened", "Spring"), ("clicked", None), ("smoke signal", None), ("", None),
    ]  # fmt: skip
    assert profile.dropped == 1


def test_events_go_before_arrays() -> None:
    """Where events are to be had, arrays aren't looked at."""
    assert read({"_demo": {"orders": [{"at": "2026-03-01"}]}}, [], mapping=with_arrays()).purchases == ()


def test_neither_events_nor_arrays() -> None:
    """Without events, and without arrays, there are none; what is missing comes with the profile."""
    missing = (Missing(Part.EVENTS, Why.LATE),)
    profile = Mapper(config()).profile(ADA, RawProfile(ADA_XID, {}), None, {}, missing)

    assert (profile.purchases, profile.interactions, profile.missing) == ((), (), missing)
