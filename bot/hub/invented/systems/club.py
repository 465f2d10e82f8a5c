"""The loyalty programme: tiers and points, settled each night, in JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.hub.invented import xdm
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told
from bot.hub.model import Identity


def export(customer: Customer, now: datetime) -> Iterator[Told]:
    """The line of a member."""
    number = customer.person.loyalty_id
    if customer.loyalty is None or number is None:
        return
    settled = max(customer.loyalty.joined, now - timedelta(hours=8))
    who = xdm.identity_map(Identity("Loyalty", number), Identity("Email", customer.person.email))
    yield Told(settled, xdm.audit(settled) | who | xdm.loyalty(customer.loyalty, number))
