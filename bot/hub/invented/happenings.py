"""A customer's experience events as XDM."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from bot.hub.invented.catalogue import SHOP_EVENTS
from bot.hub.invented.customer import Customer, Order, Person, Touch, Visit
from bot.hub.records import Event, Xdm, milliseconds, rfc3339

_INGESTION = timedelta(minutes=4)
"""How long a streamed event takes to reach the profile (Adobe's guardrail: up to 15 minutes)."""


class _Happening(NamedTuple):
    time: datetime
    event_type: str
    detail: Xdm


def events(customer: Customer) -> tuple[Event, ...]:
    """All events, oldest first; those of one millisecond in the order of their ids."""
    made = (_event(customer.person, number, happening) for number, happening in enumerate(_happenings(customer)))
    return tuple(sorted(made, key=attrgetter("time", "id")))


def _happenings(customer: Customer) -> Iterator[_Happening]:
    currency = customer.person.country.currency
    yield from (_Happening(order.time, "commerce.purchases", _purchase(order, currency)) for order in customer.orders)
    yield from (_Happening(touch.time, touch.event_type, _touch(touch)) for touch in customer.touches)
    yield from (_Happening(visit.time, visit.event_type, _visit(visit)) for visit in customer.visits)


def _event(person: Person, number: int, happening: _Happening) -> Event:
    event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{person.email}#{number}"))
    return Event(
        id=event_id,
        time=milliseconds(happening.time),
        source=SHOP_EVENTS,
        entity={
            "_id": event_id,
            "timestamp": rfc3339(happening.time),
            "eventType": happening.event_type,
            "identityMap": {"email": [{"id": person.email, "primary": True}]},
            **happening.detail,
        },
        modified=happening.time + _INGESTION,
    )


def _purchase(order: Order, currency: str) -> Xdm:
    return {
        "commerce": {
            "order": {"purchaseID": order.id, "priceTotal": order.total, "currencyCode": currency},
            "purchases": {"value": 1},
        },
        "productListItems": [
            {
                "SKU": line.product.sku,
                "name": line.product.name,
                "quantity": line.quantity,
                "priceTotal": line.total,
                "currencyCode": currency,
            }
            for line in order.lines
        ],
    }


def _touch(touch: Touch) -> Xdm:
    if touch.event_type.startswith("directMarketing."):
        kind = touch.event_type.removeprefix("directMarketing.")
        return {"directMarketing": {kind: {"value": 1}}, "marketing": {"campaignName": touch.campaign}}
    journey: Xdm = {"messageExecution": {"campaignID": touch.campaign}}
    if touch.event_type == "message.feedback":
        journey["messageDeliveryfeedback"] = {"feedbackStatus": touch.detail}
    else:
        journey["messageInteraction"] = {"interactionType": touch.detail, "isBot": touch.by_robot}
    return {"_experience": {"customerJourneyManagement": journey}}


def _visit(visit: Visit) -> Xdm:
    name, path, section = visit.page
    return {"web": {"webPageDetails": {"name": name, "URL": f"https://shop.example{path}", "siteSection": section}}}
