"""The mailing tool and Journey Optimizer: what was sent and what came of it, in JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.hub.invented import xdm
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told
from bot.hub.model import Identity


def export(customer: Customer, _now: datetime) -> Iterator[Told]:
    """A line for each contact."""
    person = customer.person
    who = Identity("Email", person.email)
    for position, touch in enumerate(customer.touches):
        event_id = f"M-{person.number:05d}-{position:04d}"
        yield Told(touch.time, xdm.event(event_id, touch.time, touch.event_type, xdm.touch(touch), who))
