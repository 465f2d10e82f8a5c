"""The customers of a run: as many as it takes, each with a name that follows from the address that is asked for.

So a card that shows somebody else is found out without asking anyone. Every address and name holds `MARK`, by which personal data
is found where it does not belong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.hub.database.connection import Database
from bot.hub.invented.customer import Customer
from bot.hub.invented.lives import regular
from bot.hub.sampling import filled_database

MARK = "zephandra"
SEED = 1


def name_of(number: int) -> str:
    """The name on the card of customer `number`."""
    return f"{MARK.title()} {_spelt(number).title()}"


def address_of(number: int) -> str:
    """What is typed to ask for customer `number`."""
    return f"{_spelt(number)}@{MARK}.example"


def is_slow(address: str) -> bool:
    """Whether Adobe takes long to find who has `address`: one in ten."""
    return address.partition("@")[0].endswith(_SLOW)


def database(folder: Path, size: int, now: datetime) -> Database:
    """Customers 0 to `size`, as Adobe would keep them, in a file in `folder`."""
    return filled_database(folder, tuple(_customers(size, now)), now=now)


def _customers(size: int, now: datetime) -> Iterator[Customer]:
    for number in range(size):
        customer = regular(SEED, number, now)
        first, last = name_of(number).split()
        person = replace(
            customer.person,
            first=first,
            last=last,
            email=address_of(number),
            work_email=None,
            phone=None,
            ecid=None,
            crm_id=f"C-{number}",
            loyalty_id=f"L-{number}",
        )
        # No card shows page views, and they are most of what a customer does.
        yield replace(customer, person=person, visits=())


_LETTERS = "bcdfghklmnpqrstvwxyz"
_SLOW = ("n", "z")


def _spelt(number: int) -> str:
    """A number in letters: no formatter groups, rounds or shortens those."""
    letters = ""
    while True:
        number, digit = divmod(number, len(_LETTERS))
        letters = _LETTERS[digit] + letters
        if not number:
            return letters.rjust(5, _LETTERS[0])
