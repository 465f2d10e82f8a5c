"""The support desk: open cases, in JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.hub.invented import xdm
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told
from bot.hub.model import Identity


def export(customer: Customer, _now: datetime) -> Iterator[Told]:
    """The open case of a customer."""
    case, number = customer.case, customer.person.crm_id
    if case is None or number is None:
        return
    who = xdm.identity_map(Identity("CRMID", number), Identity("Email", customer.person.email))
    yield Told(case.opened, xdm.audit(case.opened) | who | {"_demo": xdm.open_case(case)})
