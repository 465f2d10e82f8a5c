"""The shop before this one, in JSON Lines: one record knew everything, nothing was checked, and some people are still in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.hub.invented import xdm
from bot.hub.invented.customer import Customer, Person
from bot.hub.invented.oddities import ODDITIES, Draft
from bot.hub.invented.systems import mailings, shop, website
from bot.hub.invented.systems.models import last_night
from bot.hub.invented.told import Told
from bot.hub.model import Identity, Xdm


def customers(customer: Customer, now: datetime) -> Iterator[Told]:
    """The record of one of them."""
    since = customer.since or now
    draft = _draft(customer, now)
    yield Told(since, xdm.audit(since) | xdm.identity_map(*draft.identities) | draft.entity)


def events(customer: Customer, now: datetime) -> Iterator[Told]:
    """All that one of them did."""
    told = _happened(customer, now)
    for each, event in zip(told, _draft(customer, now).events, strict=True):
        yield Told(each.time, event)


def _draft(customer: Customer, now: datetime) -> Draft:
    draft = Draft(_identities(customer.person), _entity(customer, now), [dict(told.line) for told in _happened(customer, now)])
    ODDITIES[customer.person.email.partition("@")[0]](draft)
    return draft


def _happened(customer: Customer, now: datetime) -> list[Told]:
    told = [told for export in (shop.export, mailings.export, website.export) for told in export(customer, now)]
    return sorted(told, key=lambda each: (each.time, each.line["_id"]))


def _identities(person: Person) -> list[Identity]:
    values = {
        "CRMID": person.crm_id,
        "Email": person.email,
        "Phone": person.phone,
        "ECID": person.ecid,
        "Loyalty": person.loyalty_id,
    }
    work = [Identity("Email", person.work_email)] if person.work_email else []
    return [Identity(namespace, value) for namespace, value in values.items() if value] + work


def _entity(customer: Customer, now: datetime) -> Xdm:
    own: Xdm = {"preferences": xdm.newsletter(customer) | ({"discount": customer.discount} if customer.discount else {})}
    if customer.value is not None:
        own |= xdm.lifetime_value(customer.value, customer.value_currency, last_night(now))
    if customer.churn:
        own |= xdm.churn(customer.churn)
    if customer.case:
        own |= xdm.open_case(customer.case)
    club = xdm.loyalty(customer.loyalty, customer.person.loyalty_id) if customer.loyalty else {}
    return xdm.contact(customer.person) | xdm.account(customer) | club | xdm.consents(customer) | {"_demo": own}
