"""Purchases and campaign interactions: from experience events, or from the array attributes that stand in for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from bot.config import InteractionKind, InteractionList, Interactions, PurchaseList, Purchases
from bot.profiles.model import Interaction, Item, Purchase
from bot.profiles.values import Reader, Tally, currency, items, milliseconds, moment, number, string, text, whole, yes_no


class Timed(Protocol):
    """Something that happened."""

    @property
    def time(self) -> datetime:
        """When it did."""
        ...


Happened = TypeVar("Happened", bound=Timed)


@dataclass(frozen=True, slots=True)
class Event:
    """One experience event. `type` is free of the white space that real data has around it."""

    time: datetime
    type: str
    reader: Reader


def read_events(children: Sequence[object], tally: Tally) -> tuple[Event, ...]:
    """Events, newest first, each once by its `_id`."""
    seen: set[str] = set()
    events = []
    for child in children:
        event = _event(Reader(child, tally))
        name = event.reader.read("_id", string) if event else None
        if event and name not in seen:
            events.append(event)
        if name:
            seen.add(name)
    return _newest_first(events)


def _event(child: Reader) -> Event | None:
    """`timestamp` inside the entity is ISO, the outer one milliseconds."""
    entity = Reader(child.node.get("entity") if isinstance(child.node, dict) else None, child.tally)
    kind = entity.read("eventType", string)
    if kind is None:
        return None
    time = entity.read("timestamp", moment) or child.read("timestamp", milliseconds)
    if time is None:
        child.tally.dropped += 1
        return None
    return Event(time, kind, entity)


def purchases(profile: Reader, events: Sequence[Event] | None, rule: Purchases) -> tuple[Purchase, ...]:
    """Orders, newest first; without events, from the array attribute if one is configured."""
    if events is not None:
        return tuple(_purchase(event, rule) for event in events if event.type in rule.event_types)
    listed = rule.instead_of_events
    return _listed(profile, listed.path, lambda item: _listed_purchase(item, listed)) if listed else ()


def _purchase(event: Event, rule: Purchases) -> Purchase:
    reader = event.reader
    total, code = _amount(reader, rule.total, rule.currency)
    lines = (_item(line, rule) for line in reader.each(rule.items))
    return Purchase(event.time, reader.read(rule.order_id, text), total, code, tuple(line for line in lines if line))


def _amount(reader: Reader, total: str | None, code: str | None) -> tuple[Decimal | None, str | None]:
    """A total in an unknown currency is no total."""
    amount, unit = reader.read(total, number), reader.read(code, currency)
    if amount is None or unit is None:
        reader.tally.dropped += amount is not None
        return None, None
    return amount, unit


def _item(line: Reader, rule: Purchases) -> Item | None:
    name = line.read(rule.item_name, text) or line.read(rule.item_sku, text)
    return Item(name, line.read(rule.item_quantity, whole) or 1) if name else None


def _listed_purchase(item: Reader, rule: PurchaseList) -> Purchase | None:
    time = item.read(rule.time, moment)
    if time is None:
        return None
    total, code = _amount(item, rule.total, rule.currency)
    names = (Item(name) for name in item.read(rule.item_names, _names) or ())
    return Purchase(time, item.read(rule.order_id, text), total, code, tuple(names))


def _names(raw: object) -> list[str]:
    """One name or several."""
    written = [raw] if isinstance(raw, str) else items(raw)
    return [name for name in map(text, written) if name]


def interactions(profile: Reader, events: Sequence[Event] | None, rule: Interactions) -> tuple[Interaction, ...]:
    """Contacts through campaigns, newest first; without events, from the array attribute if one is configured."""
    if events is not None:
        return tuple(found for event in events if (found := _interaction(event, rule)))
    listed = rule.instead_of_events
    return _listed(profile, listed.path, lambda item: _listed_interaction(item, listed, rule)) if listed else ()


def _interaction(event: Event, rule: Interactions) -> Interaction | None:
    kind = next((kind for kind in rule.kinds if kind.event_type == event.type and _is_of(kind, event.reader)), None)
    if kind is None or event.reader.first(rule.ignore_if, yes_no):
        return None
    return Interaction(event.time, kind.kind, event.reader.first(rule.campaign, text))


def _is_of(kind: InteractionKind, reader: Reader) -> bool:
    if kind.path is None:
        return True
    value = reader.read(kind.path, string)
    return value is not None and value.casefold() in map(str.casefold, kind.values)


def _listed_interaction(item: Reader, listed: InteractionList, rule: Interactions) -> Interaction | None:
    """The array's own word is kept where it is neither a kind nor an event type of the mapping."""
    time = item.read(listed.time, moment)
    if time is None:
        return None
    word = item.read(listed.kind, string) or ""
    known = {kind.event_type: kind.kind for kind in rule.kinds if kind.path is None}
    kinds = {kind.kind.casefold(): kind.kind for kind in rule.kinds}
    return Interaction(time, known.get(word) or kinds.get(word.casefold(), word), item.read(listed.campaign, text))


def _listed(profile: Reader, path: str, parse: Callable[[Reader], Happened | None]) -> tuple[Happened, ...]:
    return _newest_first(_present(parse(item) for item in profile.each(path)))


def _present(found: Iterable[Happened | None]) -> Iterator[Happened]:
    return (each for each in found if each is not None)


def _newest_first(happened: Iterable[Happened]) -> tuple[Happened, ...]:
    return tuple(sorted(happened, key=lambda each: each.time, reverse=True))
