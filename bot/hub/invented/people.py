"""Invents people: no two of one seed share an identity."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

from bot.hub.invented.chance import Dice, dice
from bot.hub.invented.customer import Person
from bot.hub.invented.words import COUNTRIES, EMPLOYERS, Country

_DOMAINS = ("example.com", "example.org", "example.net")


def person(seed: int, number: int, chance: Dice, *, known: bool) -> Person:
    """Person `number`. Of somebody who is not `known` there is nothing but a name and an e-mail address."""
    ordinal, country_number = divmod(number, len(COUNTRIES))
    country = COUNTRIES[country_number]
    first, last = chance.choice(country.first_names), _surname(seed, country, ordinal)
    mailbox = f"{_ascii(first)}.{_ascii(last)}"
    at_work = known and chance.happens(0.15)
    has_phone = known and country.phones is not None and chance.happens(0.8)
    is_member = known and chance.happens(0.8)
    return Person(
        number=number,
        first=first,
        last=last,
        country=country,
        city=chance.choice(country.cities),
        street=f"{chance.choice(country.streets)} {chance.randint(1, 120)}",
        language=chance.choice(country.languages),
        born=date(1945, 1, 1) + timedelta(days=chance.randint(0, 22_000)),
        email=f"{mailbox}@{_DOMAINS[number % 3]}",
        work_email=f"{mailbox}@{chance.choice(EMPLOYERS)}" if at_work else None,
        phone=country.phones.number(ordinal) if has_phone and country.phones else None,
        crm_id=f"C-{10_001 + number}" if known else None,
        ecid=f"{38_400 + number}{chance.randrange(10**33):033d}" if known and chance.happens(0.85) else None,
        loyalty_id=f"L-{200_001 + number}" if is_member else None,
    )


def _surname(seed: int, country: Country, ordinal: int) -> str:
    shuffled = dice(seed, country.code).sample(country.last_names, len(country.last_names))
    return shuffled[ordinal % len(shuffled)]


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().replace("ß", "ss").replace("'", ""))
    return plain.encode("ascii", "ignore").decode()
