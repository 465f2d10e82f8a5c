"""The CRM: whom the company knows, as a nightly export in CSV, written as in Germany. Its copy of the tier is often behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.hub.invented.chance import dice
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told

COLUMNS = (
    "Customer number",
    "First name",
    "Last name",
    "Full name",
    "Date of birth",
    "E-mail",
    "Work e-mail",
    "Mobile",
    "Street",
    "Postcode",
    "City",
    "Country",
    "Language",
    "Time zone",
    "Status",
    "Account type",
    "Customer since",
    "Discount",
    "Club number",
    "Club tier",
    "Changed at",
)
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
        "Date of birth": f"{person.born:%d.%m.%Y}",
        "E-mail": person.email,
        "Work e-mail": person.work_email,
        "Mobile": person.phone,
        "Street": person.street,
        "Postcode": person.city[1],
        "City": person.city[0],
        "Country": person.country.code,
        "Language": person.language,
        "Time zone": person.country.time_zone,
        "Status": "A",
        "Account type": customer.account_type,
        "Customer since": _written(customer.since),
        "Discount": None if customer.discount is None else str(customer.discount).replace(".", ","),
        "Club number": person.loyalty_id,
        "Club tier": _copied_tier(customer),
        "Changed at": _written(changed),
    }
    yield Told(changed, line)


def _changed(since: datetime, number: int, now: datetime) -> datetime:
    settled = now - timedelta(days=2)
    return since + (settled - since) * dice("crm", number).uniform(0.3, 0.99)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d.%m.%Y %H:%M:%S}"


def _copied_tier(customer: Customer) -> str | None:
    if customer.loyalty is None:
        return None
    tier = _TIERS.index(customer.loyalty.tier)
    behind = customer.person.number % 3 == 0
    return _TIERS[max(tier - 1, 0) if behind else tier]
