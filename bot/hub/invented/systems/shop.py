"""The shop: orders, in JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.hub.invented import xdm
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told
from bot.hub.model import Identity


def export(customer: Customer, _now: datetime) -> Iterator[Told]:
    """A line for each order."""
    person = customer.person
    account = (Identity("CRMID", person.crm_id),) if person.crm_id else ()
    for order in customer.orders:
        detail = xdm.purchase(order, person.country.currency)
        happened = xdm.event(order.id, order.time, "commerce.purchases", detail, Identity("Email", person.email), *account)
        yield Told(order.time, happened)
