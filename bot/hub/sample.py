"""The sample data: 200 invented customers, alive as of any moment.

Customer 0 is Ada; the next few are the odd ones (`bot.hub.invented.oddities`); everybody else is invented from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.hub.invented.ada import ada
from bot.hub.invented.attributes import entity
from bot.hub.invented.catalogue import CRM_RECORDS, MERGE_POLICIES, MODEL_SCORES, NAMESPACES
from bot.hub.invented.customer import Customer
from bot.hub.invented.happenings import events
from bot.hub.invented.lives import invent, regular
from bot.hub.invented.oddities import ODDITIES, Draft
from bot.hub.invented.segments import audiences
from bot.hub.invented.union import union
from bot.hub.records import Event, Identity, Record
from bot.hub.store import Store

CUSTOMERS = 200


def sample_store(*, seed: int = 1, now: datetime) -> Store:
    """A store of invented customers whose last events lie just before `now` (aware). The same arguments give the same bytes."""
    return Store(
        records=_records(seed, now),
        namespaces=NAMESPACES,
        merge_policies=MERGE_POLICIES,
        audiences=audiences(),
        union=union(),
        created=now - timedelta(days=1825),
    )


def sample_identities(store: Store) -> Iterator[Identity]:
    """The primary e-mail identity of each customer."""
    return (record.identities[0] for record in store.records)


def _records(seed: int, now: datetime) -> Iterator[Record]:
    yield _record(ada(now), now)
    for number, mailbox in enumerate(ODDITIES, start=1):
        yield _odd(regular(seed, number, now), now, mailbox)
    for number in range(1 + len(ODDITIES), CUSTOMERS):
        yield _record(invent(seed, number, now), now)


def _record(customer: Customer, now: datetime) -> Record:
    happened = events(customer)
    return Record(
        identities=customer.person.identities,
        entity=entity(customer, now),
        sources=(CRM_RECORDS, MODEL_SCORES) if customer.churn else (CRM_RECORDS,),
        modified=_modified(customer, happened, now),
        events=happened,
    )


def _modified(customer: Customer, happened: tuple[Event, ...], now: datetime) -> datetime:
    scored = [customer.churn.time] if customer.churn else []
    changed = [*scored, *(event.modified for event in happened[-1:])]
    return min(max(changed, default=now - timedelta(days=90)), now)


def _odd(customer: Customer, now: datetime, mailbox: str) -> Record:
    person = replace(customer.person, email=f"{mailbox}@example.com")
    record = _record(replace(customer, person=person), now)
    draft = Draft(list(record.identities), record.entity, [event.entity for event in record.events])
    ODDITIES[mailbox](draft)
    return replace(record, identities=tuple(draft.identities))
