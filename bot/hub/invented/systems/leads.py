"""Addresses collected at fairs and with prize draws, in CSV: some people became customers, some cards couldn't be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.hub.invented.chance import dice
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told, rfc3339

COLUMNS = (
    "E-mail",
    "First name",
    "Last name",
    "Full name",
    "Date of birth",
    "Street",
    "Postcode",
    "City",
    "Country",
    "Language",
    "Time zone",
    "Met at",
)


def export(customer: Customer, now: datetime) -> Iterator[Told]:
    """The line of somebody whose address came in that way."""
    person, chance = customer.person, dice("leads", customer.person.number)
    became_customer = customer.since is not None
    if became_customer and not chance.happens(0.25):
        return
    met = (customer.since or now) - timedelta(days=chance.randint(10, 180), minutes=chance.randint(1, 1400))
    # Whoever typed these in was in a hurry, and people move.
    city = chance.choice(person.country.cities) if became_customer else person.city
    first, last = (person.first.lower(), person.last.lower()) if became_customer else (person.first, person.last)
    unreadable = became_customer and chance.happens(0.08)
    line = {
        "E-mail": None if unreadable else person.email,
        "First name": first,
        "Last name": last,
        "Full name": f"{first} {last}",
        "Date of birth": person.born.isoformat(),
        "Street": None if became_customer else person.street,
        "Postcode": city[1],
        "City": city[0],
        "Country": person.country.code,
        "Language": person.language,
        "Time zone": person.country.time_zone,
        "Met at": rfc3339(met),
    }
    yield Told(met, line)
