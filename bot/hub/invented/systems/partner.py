"""A partner that sends audiences of its own: who is in them, in JSON Lines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.hub.invented import xdm
from bot.hub.invented.chance import dice
from bot.hub.invented.customer import Customer
from bot.hub.invented.told import Told, rfc3339
from bot.hub.model import Identity

SOURCE = "AlpineClub"
"""The namespace of the partner's audiences."""
MEMBERS = str(uuid.uuid5(uuid.NAMESPACE_URL, "https://hub.example/audiences/alpine-club-members"))
"""The audience of the partner's own members."""
RETIRED = str(uuid.uuid5(uuid.NAMESPACE_URL, "https://hub.example/audiences/retired"))
"""An audience that was deleted and still stands in profiles: its name can't be had."""


def export(customer: Customer, now: datetime) -> Iterator[Told]:
    """The memberships of somebody whom the partner knows too."""
    if customer.since is None:
        return
    number, chance = customer.person.number, dice("partner", customer.person.number)
    since = max(customer.since, now - timedelta(days=chance.randint(3, 80), minutes=chance.randint(1, 1400)))
    found = {}
    if number % 5 == 0:
        status = "exited" if chance.happens(0.2) and number else "realized"
        found[MEMBERS] = {"status": status, "lastQualificationTime": rfc3339(since)}
    if number % 12 == 1:
        found[RETIRED] = {"status": "realized", "lastQualificationTime": rfc3339(now - timedelta(days=300))}
    if found:
        who = xdm.identity_map(Identity("Email", customer.person.email))
        yield Told(since, xdm.audit(since) | who | {"segmentMembership": {SOURCE: found}})
