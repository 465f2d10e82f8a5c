"""Purchases and campaign interactions: from experience events, or from the array attributes that stand in for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Protocol, TypeVar

from bot.config import InteractionKind, InteractionList, Interactions, PurchaseList, Purchases
from bot.profiles.model import Interaction, Item, Purchase
from bot.profiles.values import (
    Read,
    Tally,
    at,
    currency,
    each_at,
    first_at,
    items,
    milliseconds,
    moment,
    number,
    string,
    text,
    whole,
    yes_no,
)
from formatters.record import record


class Timed(Protocol):
    """Something that happened."""

    @property
    def time(self) -> datetime:
        """When it did."""
        ...


Happened = TypeVar("Happened", bound=Timed)


@record
class Event:
    """One experience event. `type` is free of the white space that real data has around it."""

    time: datetime
    type: str
    entity: object


_ID, _TYPE = at("_id", string), at("eventType", string)
_TIME, _OUTER_TIME = at("timestamp", moment), at("timestamp", milliseconds)


def read_events(children: Sequence[object], tally: Tally) -> tuple[Event, ...]:
    """Events, newest first, each once by its `_id`."""
    seen: set[str] = set()
    events = []
    for child in children:
        event = _event(child, tally)
        name = _ID(event.entity, tally) if event else None
        if event and name not in seen:
            events.append(event)
        if name:
            seen.add(name)
    return _newest_first(events)


def _event(child: object, tally: Tally) -> Event | None:
    """`timestamp` inside the entity is ISO, the outer one milliseconds."""
    entity = child.get("entity") if isinstance(child, dict) else None
    kind = _TYPE(entity, tally)
    if kind is None:
        return None
    time = _TIME(entity, tally) or _OUTER_TIME(child, tally)
    if time is None:
        tally.dropped += 1
        return None
    return Event(time, kind, entity)


class PurchaseMap:
    """Where orders are: in events, and in the array attribute that stands in for them, if one is configured."""

    def __init__(self, rule: Purchases) -> None:
        self._types = frozenset(rule.event_types)
        self._order_id = at(rule.order_id, text)
        self._amount = _amount(rule.total, rule.currency)
        self._items = each_at(rule.items)
        self._name, self._sku = at(rule.item_name, text), at(rule.item_sku, text)
        self._quantity = at(rule.item_quantity, whole)
        listed = rule.instead_of_events
        self._instead = _listed(listed.path, _listed_purchase(listed)) if listed else _none

    def read(self, profile: object, events: Sequence[Event] | None, tally: Tally) -> tuple[Purchase, ...]:
        """Orders, newest first."""
        if events is None:
            return self._instead(profile, tally)
        return tuple([self._purchase(event, tally) for event in events if event.type in self._types])

    def _purchase(self, event: Event, tally: Tally) -> Purchase:
        entity = event.entity
        total, code = self._amount(entity, tally)
        lines = [item for line in self._items(entity, tally) if (item := self._item(line, tally))]
        return Purchase(event.time, self._order_id(entity, tally), total, code, tuple(lines))

    def _item(self, line: object, tally: Tally) -> Item | None:
        name = self._name(line, tally) or self._sku(line, tally)
        return Item(name, self._quantity(line, tally) or 1) if name else None


def _amount(total: str | None, code: str | None) -> Callable[[object, Tally], tuple[Decimal | None, str | None]]:
    """A total in an unknown currency is no total."""
    read_total, read_code = at(total, number), at(code, currency)

    def read(node: object, tally: Tally) -> tuple[Decimal | None, str | None]:
        amount, unit = read_total(node, tally), read_code(node, tally)
        if amount is None or unit is None:
            tally.dropped += amount is not None
            return None, None
        return amount, unit

    return read


def _listed_purchase(rule: PurchaseList) -> Read[Purchase]:
    read_time, read_id, read_names = at(rule.time, moment), at(rule.order_id, text), at(rule.item_names, _names)
    read_amount = _amount(rule.total, rule.currency)

    def read(item: object, tally: Tally) -> Purchase | None:
        time = read_time(item, tally)
        if time is None:
            return None
        total, code = read_amount(item, tally)
        names = tuple(Item(name) for name in read_names(item, tally) or ())
        return Purchase(time, read_id(item, tally), total, code, names)

    return read


def _names(raw: object) -> list[str]:
    """One name or several."""
    written = [raw] if isinstance(raw, str) else items(raw)
    return [name for name in map(text, written) if name]


class InteractionMap:
    """Where contacts through campaigns are: in events, and in the array attribute that stands in for them, if any is."""

    def __init__(self, rule: Interactions) -> None:
        self._kinds: dict[str, list[tuple[str, Callable[[object, Tally], bool]]]] = {}
        for kind in rule.kinds:
            self._kinds.setdefault(kind.event_type, []).append((kind.kind, _is_of(kind)))
        self._ignored = first_at(rule.ignore_if, yes_no)
        self._campaign = first_at(rule.campaign, text)
        listed = rule.instead_of_events
        self._instead = _listed(listed.path, _listed_interaction(listed, rule)) if listed else _none

    def read(self, profile: object, events: Sequence[Event] | None, tally: Tally) -> tuple[Interaction, ...]:
        """Contacts, newest first."""
        if events is None:
            return self._instead(profile, tally)
        kinds = self._kinds
        return tuple([found for event in events if event.type in kinds and (found := self._interaction(event, tally))])

    def _interaction(self, event: Event, tally: Tally) -> Interaction | None:
        entity = event.entity
        for kind, is_of in self._kinds[event.type]:
            if is_of(entity, tally):
                ignored = self._ignored(entity, tally)
                return None if ignored else Interaction(event.time, kind, self._campaign(entity, tally))
        return None


def _is_of(kind: InteractionKind) -> Callable[[object, Tally], bool]:
    if kind.path is None:
        return lambda _entity, _tally: True
    read, values = at(kind.path, string), frozenset(map(str.casefold, kind.values))
    return lambda entity, tally: (value := read(entity, tally)) is not None and value.casefold() in values


def _listed_interaction(listed: InteractionList, rule: Interactions) -> Read[Interaction]:
    """The array's own word is kept where it is neither a kind nor an event type of the mapping."""
    read_time, read_word, read_campaign = at(listed.time, moment), at(listed.kind, string), at(listed.campaign, text)
    known = {kind.event_type: kind.kind for kind in rule.kinds if kind.path is None}
    kinds = {kind.kind.casefold(): kind.kind for kind in rule.kinds}

    def read(item: object, tally: Tally) -> Interaction | None:
        time = read_time(item, tally)
        if time is None:
            return None
        word = read_word(item, tally) or ""
        return Interaction(time, known.get(word) or kinds.get(word.casefold(), word), read_campaign(item, tally))

    return read


def _listed(path: str, parse: Read[Happened]) -> Callable[[object, Tally], tuple[Happened, ...]]:
    read = each_at(path)
    return lambda profile, tally: _newest_first(
        found for item in read(profile, tally) if (found := parse(item, tally)) is not None
    )


def _none(_profile: object, _tally: Tally) -> tuple[()]:
    """Nothing stands in for events."""
    return ()


def _newest_first(happened: Iterable[Happened]) -> tuple[Happened, ...]:
    return tuple(sorted(happened, key=attrgetter("time"), reverse=True))
