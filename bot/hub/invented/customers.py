"""The invented customers: Ada first, then the odd ones (`bot.hub.invented.oddities`), then everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.hub.invented.ada import ada
from bot.hub.invented.customer import Customer
from bot.hub.invented.lives import invent, regular
from bot.hub.invented.oddities import ODDITIES

CUSTOMERS = 200
_FIRST_OF_THE_REST = 1 + len(ODDITIES)


def customers(seed: int, now: datetime) -> Iterator[Customer]:
    """All of them, alive as of `now` (aware). The same arguments give the same people."""
    yield ada(now)
    for number, mailbox in enumerate(ODDITIES, start=1):
        somebody = regular(seed, number, now)
        yield replace(somebody, person=replace(somebody.person, email=f"{mailbox}@example.com"))
    for number in range(_FIRST_OF_THE_REST, CUSTOMERS):
        yield invent(seed, number, now)


def oddity(customer: Customer) -> str | None:
    """The key of what is odd about that customer, None with almost everybody."""
    mailbox, _, domain = customer.person.email.partition("@")
    return mailbox if domain == "example.com" and mailbox in ODDITIES else None
