"""Adobe's words → ours: one XDM entity, its events and its audiences' names → a `Profile`, as `customer.yml` maps them.

A field that nobody can read is dropped and counted, so that a card never shows a wrong value and never fails for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.config import AddressRule, ContactRule, CustomerConfig, FactorPaths, FactRule, Format, Names, PropensityRule
from bot.profiles.consents import read_consents
from bot.profiles.happenings import interactions, purchases, read_events
from bot.profiles.identity_map import identities_of
from bot.profiles.model import Audience, Contact, Fact, Factor, Identities, Missing, Name, Profile, Propensity
from bot.profiles.values import EPOCH, Reader, Tally, currency, day, members, moment, number, string, text, yes_no
from bot.profiles.wire import Json, RawProfile
from bot.question import Identity

SLOTS: Mapping[Format, tuple[str, Callable[[object], Any]]] = {
    Format.TEXT: ("text", text),
    Format.NUMBER: ("number", number),
    Format.MONEY: ("number", number),
    Format.PERCENT: ("number", number),
    Format.DATE: ("day", day),
    Format.YES_NO: ("yes", yes_no),
}
"""Which field of a `Fact` holds a value of each format, and who reads it."""

MEMBER = frozenset({"realized", "existing"})
"""Statuses of segment membership that mean "in"; `exited` means "out"."""


def to_profile(
    identity: Identity,
    raw: RawProfile,
    events: Sequence[object] | None,
    names: Mapping[str, str],
    config: CustomerConfig,
    missing: tuple[Missing, ...] = (),
) -> Profile:
    """Put a profile together. `events` is None where they could not be had: then array attributes stand in, if configured."""
    reader = Reader(raw.entity, tally := Tally())
    happened = None if events is None else read_events(events, tally)
    mapping = config.profile
    return Profile(
        xid=raw.xid,
        identities=_identities(identity, raw, config),
        name=_name(reader, mapping.names),
        contacts=tuple(_contacts(reader, mapping.contacts, mapping.address)),
        language=reader.read(mapping.language, string),
        time_zone=reader.read(mapping.time_zone, string),
        customer_since=reader.first(mapping.customer_since, day),
        preferred_channel=reader.read(mapping.preferred_channel, string),
        facts=tuple(fact for rule in config.facts if (fact := _fact(reader, rule))),
        purchases=purchases(reader, happened, mapping.purchases),
        interactions=interactions(reader, happened, mapping.interactions),
        audiences=_audiences(reader, names),
        propensities=tuple(score for rule in config.propensities if (score := _propensity(reader, rule))),
        consents=read_consents(reader, mapping),
        sources=raw.sources,
        last_modified=_last_modified(raw, tally),
        missing=missing,
        dropped=tally.dropped,
    )


def _identities(identity: Identity, raw: RawProfile, config: CustomerConfig) -> Identities:
    """`identityGraph` counts where the entity has no identities of its own."""
    found: set[tuple[str, str]] = set()
    codes: dict[str, str] = {}
    for code, value in identities_of(raw.entity):
        found.add((code.casefold(), value))
        codes.setdefault(code.casefold(), code)
    spelt = (known.code if (known := config.namespace(code)) else code for code in codes.values())
    return Identities(identity.namespace, identity.value, len(found) or raw.graph_size, tuple(spelt))


def _name(reader: Reader, paths: Names) -> Name:
    first, middle, last, full = (reader.read(path, string) for path in (paths.first, paths.middle, paths.last, paths.full))
    return Name(full or " ".join(part for part in (first, middle, last) if part) or None, first, last)


def _contacts(reader: Reader, rules: Sequence[ContactRule], address: AddressRule | None) -> Iterator[Contact]:
    for rule in rules:
        if value := reader.read(rule.path, text):
            yield Contact(rule.kind, rule.key, value)
    if address:
        parts = [part for path in (address.city, address.country) if (part := reader.read(path, string))]
        if parts:
            yield Contact("address", address.key, ", ".join(parts))


def _fact(reader: Reader, rule: FactRule) -> Fact | None:
    slot, parse = SLOTS[rule.format]
    value = reader.first((rule.path, *rule.or_else), parse)
    unit = _currency(reader, rule) if rule.format is Format.MONEY and value is not None else None
    if value is None:
        return None
    if rule.format is Format.MONEY and unit is None:
        reader.tally.dropped += 1
        return None
    return replace(
        Fact(rule.key, rule.format, currency=unit, direction=rule.direction, as_of=reader.read(rule.as_of, moment)),
        **{slot: value},
    )


def _currency(reader: Reader, rule: FactRule) -> str | None:
    """The fixed currency stands in where the data has none, not where the data's can't be read."""
    return reader.read(rule.currency_path, currency) if reader.has(rule.currency_path) else rule.currency


def _propensity(reader: Reader, rule: PropensityRule) -> Propensity | None:
    score = reader.read(rule.path, number)
    if score is None:
        return None
    if not 0 <= score <= rule.scale:
        reader.tally.dropped += 1
        return None
    band = [band.key for band in rule.bands if band.at_least <= score][-1]
    factors = _factors(reader, rule.factors) if rule.factors else ()
    return Propensity(rule.key, score, rule.scale, band, rule.direction, reader.read(rule.scored_at, moment), factors)


def _factors(reader: Reader, paths: FactorPaths) -> tuple[Factor, ...]:
    """The most important first."""
    read = ((item.read(paths.name, text), item.read(paths.importance, number)) for item in reader.each(paths.path))
    factors = [Factor(name, importance) for name, importance in read if name]
    return tuple(sorted(factors, key=_importance, reverse=True))


def _importance(factor: Factor) -> Decimal:
    return Decimal("-Infinity") if factor.importance is None else factor.importance


def _audiences(reader: Reader, names: Mapping[str, str]) -> tuple[Audience, ...]:
    """The latest membership first. An audience is one, whichever source reports it."""
    found: dict[str, Audience] = {}
    for name, membership in memberships(reader):
        since = membership.read("lastQualificationTime", moment)
        found.setdefault(name, Audience(name, names.get(name), since))
    return tuple(sorted(found.values(), key=_since, reverse=True))


def _since(audience: Audience) -> datetime:
    return audience.since or EPOCH


def audience_ids(entity: Json) -> tuple[str, ...]:
    """The ids of the audiences that the customer is in, as `segmentMembership` has them."""
    return tuple(dict.fromkeys(name for name, _ in memberships(Reader(entity, Tally()))))


def memberships(reader: Reader) -> Iterator[tuple[str, Reader]]:
    """Id and detail of each membership that means "in", from `segmentMembership.<source>.<id>`."""
    for source in (reader.read("segmentMembership", members) or {}).values():
        if not isinstance(source, dict):
            reader.tally.dropped += 1
            continue
        for name, detail in source.items():
            membership = Reader(detail, reader.tally)
            if (membership.read("status", string) or "").casefold() in MEMBER:
                yield name, membership


def _last_modified(raw: RawProfile, tally: Tally) -> datetime | None:
    """1970 is how Adobe says "never"."""
    time = Reader({"time": raw.last_modified}, tally).read("time", moment)
    return time if time and time.year > EPOCH.year else None
