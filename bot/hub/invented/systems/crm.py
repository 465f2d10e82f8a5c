"""The CRM: whom the company knows, as a nightly export in CSV. It copies the club's tier now and then, and is behind with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.hub.invented.chance import dice
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told, rfc3339

_TIERS = ("bronze", "silver", "gold", "platinum")


def export(customer: Customer, now: datetime) -> Iterator[Told]:
    """The line of somebody with an account."""
    if customer.since is None:
        return
    person, changed = customer.person, _changed(customer.since, customer.person.number, now)
    line = {
        "Customer number": person.crm_id,
        "First name": person.first,
        "Last name": person.last,
        "Full name": f"{person.first} {person.last}",
        "Date of birth": person.born.isoformat(),
        "E-mail": person.email,
        "Work e-mail": person.work_email,
        "Mobile": person.phone,
        "Street": person.street,
        "Postcode": person.city[1],
        "City": person.city[0],
        "Country": person.country.code,
        "Language": person.language,
        "Time zone": person.country.time_zone,
        "Status": "active",
        "Account type": customer.account_type,
        "Customer since": rfc3339(customer.since),
        "Discount": customer.discount,
        "Club tier": _copied_tier(customer),
        "Changed at": rfc3339(changed),
    }
    yield Told(changed, line)


def _changed(since: datetime, number: int, now: datetime) -> datetime:
    settled = now - timedelta(days=2)
    return since + (settled - since) * dice("crm", number).uniform(0.3, 0.99)


def _copied_tier(customer: Customer) -> str | None:
    if customer.loyalty is None:
        return None
    tier = _TIERS.index(customer.loyalty.tier)
    behind = customer.person.number % 3 == 0
    return _TIERS[max(tier - 1, 0) if behind else tier]
