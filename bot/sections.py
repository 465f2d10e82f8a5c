"""The lists of a card: audiences, purchases, interactions, consents, and what else is known. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar, overload

import phonenumbers

from bot.config import CardRule, CustomerConfig
from bot.figures import fact_value
from bot.profiles.model import Audience, ConsentState, Contact, Interaction, Item, Profile, Propensity, Purchase
from formatters.card import Data, Joined, Message, Moment, Money, Number, Row, Section, Value, Words

Kept = TypeVar("Kept")

MOST_FACTORS = 3
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class _Rows(Sequence[Row], Generic[Kept]):
    """A row of each of `things`, made as it is looked at: a card shows the first few of a list, and tells how many there are."""

    __slots__ = ("_make", "_things")

    def __init__(self, make: Callable[[Kept], Row], things: Sequence[Kept]) -> None:
        self._make = make
        self._things = things

    def __len__(self) -> int:
        return len(self._things)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return [self._make(each) for each in self._things[place]]
        return self._make(self._things[place])


def sections(profile: Profile, rule: CardRule, config: CustomerConfig) -> list[Section]:
    """The card's sections in order; those without a row are left out."""
    built = [(key, _SECTIONS[key](profile, rule, config)) for key in rule.sections]
    return [Section(key, _TITLES[key], _COLUMNS[key], rows, len(rows)) for key, rows in built if rows]


def _audiences(profile: Profile, *_: object) -> Sequence[Row]:
    return _Rows(_audience, profile.audiences)


def _audience(audience: Audience) -> Row:
    name = Data(audience.name) if audience.name else Message("audience.unnamed", {"id": Data(audience.id)})
    return name, _moment(audience.since)


def _purchases(profile: Profile, *_: object) -> Sequence[Row]:
    return _Rows(_purchase, profile.purchases)


def _purchase(purchase: Purchase) -> Row:
    return Moment(purchase.time), _data(purchase.order_id), _items(purchase), _total(purchase)


def _interactions(profile: Profile, _rule: object, config: CustomerConfig) -> Sequence[Row]:
    labels = config.profile.interaction_labels

    def row(interaction: Interaction) -> Row:
        kind = interaction.kind
        label = Words(labels[kind]) if kind in labels else Data(kind)
        return Moment(interaction.time), label, _campaign(interaction.campaign)

    return _Rows(row, profile.interactions)


def _campaign(name: str | None) -> Data | None:
    """Journey Optimizer's events carry an id instead of a name; nobody on the phone can do anything with a UUID."""
    return None if name is None or _UUID.fullmatch(name) else Data(name)


def _consents(profile: Profile, _rule: object, config: CustomerConfig) -> Sequence[Row]:
    labels = config.profile.consent_labels
    return [
        (Words(labels[each.key]), _STATES[each.state], _moment(each.since)) for each in profile.consents if each.key in labels
    ]


def _attributes(profile: Profile, rule: CardRule, config: CustomerConfig) -> Sequence[Row]:
    rules, labels = config.fact_rules, config.profile.contact_labels
    rows: list[Row] = [row for score in profile.propensities if (row := _factor_row(score, config))]
    rows += [_contact_row(each, labels) for each in profile.contacts]
    rows += [
        (Words(rules[fact.key].label), fact_value(fact, rules[fact.key]))
        for fact in profile.facts
        if fact.key not in rule.fields and fact.key in rules
    ]
    return rows


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
    rule = config.propensity_rules.get(score.key)
    if rule is None or not score.factors:
        return None
    factors = Joined(tuple(Data(each.name) for each in score.factors[:MOST_FACTORS]), "; ")
    return (Message("note.factors", {"score": Words(rule.label)}), factors)


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

_SECTIONS: dict[str, Callable[[Profile, CardRule, CustomerConfig], Sequence[Row]]] = {
    "audiences": _audiences,
    "purchases": _purchases,
    "interactions": _interactions,
    "consents": _consents,
    "attributes": _attributes,
}
