"""The preference centre of the website: who agreed to what, in JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.hub.invented import xdm
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told
from bot.hub.model import Identity


def export(customer: Customer, _now: datetime) -> Iterator[Told]:
    """The line of somebody who was asked."""
    if not customer.consents:
        return
    person, changed = customer.person, max(consent.time for consent in customer.consents.values())
    browser = (Identity("ECID", person.ecid),) if person.ecid else ()
    who = xdm.identity_map(Identity("Email", person.email), *browser)
    own = {"_demo": {"preferences": xdm.newsletter(customer)}}
    yield Told(changed, xdm.audit(changed) | who | xdm.consents(customer) | own)
