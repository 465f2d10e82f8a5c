"""The website's analytics, in JSON Lines: a browser most of the time, and a customer whenever somebody logs in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.hub.invented import xdm
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told
from bot.hub.model import Identity

_LOGS_IN_EVERY = 3
"""Views."""


def export(customer: Customer, _now: datetime) -> Iterator[Told]:
    """A line for each page view."""
    person = customer.person
    known = (Identity("Email", person.email),)
    browser = (Identity("ECID", person.ecid),) if person.ecid else ()
    for position, visit in enumerate(customer.visits):
        who = browser + known if position % _LOGS_IN_EVERY == 0 else browser or known
        event_id = f"V-{person.number:05d}-{position:04d}"
        yield Told(visit.time, xdm.event(event_id, visit.time, visit.event_type, xdm.visit(visit), *who))
