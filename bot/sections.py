"""The lists of a card: audiences, purchases, interactions, consents, and what else is known. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import phonenumbers

from bot.config import CardRule, CustomerConfig
from bot.figures import fact_value
from bot.profiles.model import ConsentState, Contact, Item, Profile, Propensity, Purchase
from formatters.card import Data, Joined, Message, Moment, Money, Number, Section, Value, Words

MOST_FACTORS = 3
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def sections(profile: Profile, rule: CardRule, config: CustomerConfig) -> Iterator[Section]:
    """The card's sections in order; those without a row are left out."""
    built = (_SECTIONS[key](profile, rule, config) for key in rule.sections)
    return (section for section in built if section.rows)


def _audiences(profile: Profile, *_: object) -> Section:
    rows = tuple(
        (Data(each.name) if each.name else Message("audience.unnamed", {"id": Data(each.id)}), _moment(each.since))
        for each in profile.audiences
    )
    return _section("audiences", rows)


def _purchase_list(profile: Profile, *_: object) -> Section:
    rows = tuple((Moment(each.time), _data(each.order_id), _items(each), _total(each)) for each in profile.purchases)
    return _section("purchases", rows)


def _interactions(profile: Profile, _rule: object, config: CustomerConfig) -> Section:
    labels = config.profile.interaction_labels
    rows = tuple(
        (Moment(each.time), Words(labels[each.kind]) if each.kind in labels else Data(each.kind), _campaign(each.campaign))
        for each in profile.interactions
    )
    return _section("interactions", rows)


def _campaign(name: str | None) -> Data | None:
    """Journey Optimizer's events carry an id instead of a name; nobody on the phone can do anything with a UUID."""
    return None if name is None or _UUID.fullmatch(name) else Data(name)


def _consents(profile: Profile, _rule: object, config: CustomerConfig) -> Section:
    labels = {each.key: each.label for each in config.profile.consents}
    rows = tuple(
        (Words(labels[each.key]), _STATES[each.state], _moment(each.since)) for each in profile.consents if each.key in labels
    )
    return _section("consents", rows)


def _attributes(profile: Profile, rule: CardRule, config: CustomerConfig) -> Section:
    fact_rules = {each.key: each for each in config.facts}
    rows = [row for score in profile.propensities if (row := _factor_row(score, config))]
    labels = {each.key: each.label for each in config.profile.contacts}
    if address := config.profile.address:
        labels[address.key] = address.label
    rows += [_contact_row(each, labels) for each in profile.contacts]
    rows += [
        (Words(fact_rules[fact.key].label), fact_value(fact, fact_rules[fact.key]))
        for fact in profile.facts
        if fact.key not in rule.fields and fact.key in fact_rules
    ]
    return _section("attributes", tuple(rows))


def _contact_row(contact: Contact, labels: Mapping[str, Mapping[str, str]]) -> tuple[Value, Value]:
    value = _readable_phone(contact.value) if contact.kind == "phone" else contact.value
    return (Words(labels[contact.key]) if contact.key in labels else Data(contact.key), Data(value))


def _readable_phone(number: str) -> str:
    """`+49 30 23125123`: what is read aloud should be grouped. A number nobody can parse stays as it is."""
    try:
        return str(phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    except phonenumbers.NumberParseException:
        return number


def _factor_row(score: Propensity, config: CustomerConfig) -> tuple[Value, Value] | None:
    label = next((each.label for each in config.propensities if each.key == score.key), None)
    if label is None or not score.factors:
        return None
    factors = Joined(tuple(Data(each.name) for each in score.factors[:MOST_FACTORS]), "; ")
    return (Message("note.factors", {"score": Words(label)}), factors)


def _section(key: str, rows: tuple[tuple[Value | None, ...], ...]) -> Section:
    return Section(key, _TITLES[key], _COLUMNS[key], rows, len(rows))


def _moment(at: datetime | None) -> Moment | None:
    return Moment(at) if at else None


def _data(text: str | None) -> Data | None:
    return Data(text) if text else None


def _items(purchase: Purchase) -> Value | None:
    return Joined(tuple([_item(each) for each in purchase.items]), "; ") if purchase.items else None


def _item(item: Item) -> Value:
    if item.quantity > 1:
        return Message("item", {"name": Data(item.name), "quantity": Number(Decimal(item.quantity))})
    return Data(item.name)


def _total(purchase: Purchase) -> Money | None:
    return Money(purchase.total, purchase.currency) if purchase.total is not None and purchase.currency else None


_COLUMNS = {
    key: tuple(Message(f"column.{each}") for each in columns)
    for key, columns in {
        "audiences": ("audience", "since"),
        "purchases": ("date", "order", "items", "amount"),
        "interactions": ("date", "what", "campaign"),
        "consents": ("consent", "state", "since"),
        "attributes": ("attribute", "value"),
    }.items()
}
_TITLES = {key: Message(f"section.{key}") for key in _COLUMNS}
_STATES = {state: Message(f"consent.state.{state}") for state in ConsentState}

_SECTIONS: dict[str, Callable[[Profile, CardRule, CustomerConfig], Section]] = {
    "audiences": _audiences,
    "purchases": _purchase_list,
    "interactions": _interactions,
    "consents": _consents,
    "attributes": _attributes,
}
