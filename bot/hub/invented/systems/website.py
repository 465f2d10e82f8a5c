"""The website's analytics, in JSON Lines: a browser most of the time, and a customer whenever somebody logs in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.hub.invented import xdm
from bot.hub.invented.customer import Customer, Person
from bot.hub.invented.told import Told
from bot.hub.model import Identity


def export(customer: Customer, _now: datetime) -> Iterator[Told]:
    """A line for each page view."""
    person = customer.person
    for position, visit in enumerate(customer.visits):
        key = f"{person.email}/visits/{position}"
        who = _seen(person, logged_in=position % 3 == 0)
        yield Told(visit.time, xdm.event(key, visit.time, visit.event_type, xdm.visit(visit), *who))


def _seen(person: Person, *, logged_in: bool) -> tuple[Identity, ...]:
    address = Identity("Email", person.email)
    if person.ecid is None:
        return (address,)
    browser = Identity("ECID", person.ecid)
    return (browser, address) if logged_in else (browser,)
