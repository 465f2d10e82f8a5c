"""The customers of a run: as many as it takes, each with a name that follows from the address that is asked for.

So a card that shows somebody else is found out without asking anyone. Every address and name holds `MARK`, by which personal data
is found where it does not belong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.hub.invented.attributes import entity
from bot.hub.invented.catalogue import CRM_RECORDS, MERGE_POLICIES, NAMESPACES
from bot.hub.invented.happenings import events
from bot.hub.invented.lives import regular
from bot.hub.invented.segments import audiences
from bot.hub.records import Record
from bot.hub.store import Store

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


def store(size: int, now: datetime) -> Store:
    """Customers 0 to `size`, as Adobe would keep them."""
    return Store(
        records=_records(size, now),
        namespaces=NAMESPACES,
        merge_policies=MERGE_POLICIES,
        audiences=audiences(),
        union={},
        created=now,
    )


def _records(size: int, now: datetime) -> Iterator[Record]:
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
        whole = replace(customer, person=person)
        yield Record(person.identities, entity(whole, now), (CRM_RECORDS,), now, events(whole))


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
