"""Adobe's words → ours: one XDM entity, its events and its audiences' names → a `Profile`, as `customer.yml` maps them.

A field that nobody can read is dropped and counted, so that a card never shows a wrong value and never fails for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.config import AddressRule, CustomerConfig, FactorPaths, FactRule, Format, PropensityRule
from bot.config import Names as NamePaths
from bot.profiles.consents import ConsentMap
from bot.profiles.happenings import InteractionMap, PurchaseMap, read_events
from bot.profiles.identity_map import identities_of
from bot.profiles.model import Audience, Contact, Fact, Factor, Identities, Missing, Name, Profile, Propensity
from bot.profiles.values import (
    EPOCH,
    Read,
    Tally,
    anything_at,
    at,
    currency,
    day,
    each_at,
    first_at,
    members,
    moment,
    number,
    string,
    text,
    yes_no,
)
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

_MEMBERSHIP, _STATUS, _QUALIFIED = at("segmentMembership", members), at("status", string), at("lastQualificationTime", moment)
_MODIFIED = at("time", moment)


class Mapper:
    """Takes profiles from Adobe's words to ours, as one configuration has it; made once for each, since it takes paths apart."""

    def __init__(self, config: CustomerConfig) -> None:
        mapping = config.profile
        self._codes = {known.code.lower(): known.code for known in config.namespaces}
        self._name = _name(mapping.names)
        self._contacts = tuple((rule.kind, rule.key, at(rule.path, text)) for rule in mapping.contacts)
        self._address = _address(mapping.address) if mapping.address else None
        self._language = at(mapping.language, string)
        self._time_zone = at(mapping.time_zone, string)
        self._customer_since = first_at(mapping.customer_since, day)
        self._preferred_channel = at(mapping.preferred_channel, string)
        self._facts = tuple(map(_fact, config.facts))
        self._purchases = PurchaseMap(mapping.purchases)
        self._interactions = InteractionMap(mapping.interactions)
        self._propensities = tuple(map(_propensity, config.propensities))
        self._consents = ConsentMap(mapping)

    def profile(
        self,
        identity: Identity,
        raw: RawProfile,
        events: Sequence[object] | None,
        names: Mapping[str, str],
        missing: tuple[Missing, ...] = (),
        *,
        recent_only: bool = False,
    ) -> Profile:
        """Put a profile together. `names` are the audiences', by id.

        `events` is None where they could not be had: then array attributes stand in, if configured.
        """
        entity, tally = raw.entity, Tally()
        happened = None if events is None else read_events(events, tally)
        return Profile(
            xid=raw.xid,
            identities=self._identities(identity, raw),
            name=self._name(entity, tally),
            contacts=tuple(self._reached(entity, tally)),
            language=self._language(entity, tally),
            time_zone=self._time_zone(entity, tally),
            customer_since=self._customer_since(entity, tally),
            preferred_channel=self._preferred_channel(entity, tally),
            facts=tuple(fact for read in self._facts if (fact := read(entity, tally))),
            purchases=self._purchases.read(entity, happened, tally),
            interactions=self._interactions.read(entity, happened, tally),
            audiences=_audiences(entity, names, tally),
            propensities=tuple(score for read in self._propensities if (score := read(entity, tally))),
            consents=self._consents.read(entity, tally),
            sources=raw.sources,
            last_modified=_last_modified(raw, tally),
            missing=missing,
            recent_only=recent_only,
            dropped=tally.dropped,
        )

    def _identities(self, identity: Identity, raw: RawProfile) -> Identities:
        """`identityGraph` counts where the entity has no identities of its own."""
        found: set[tuple[str, str]] = set()
        codes: dict[str, str] = {}
        for code, value in identities_of(raw.entity):
            found.add((code.casefold(), value))
            codes.setdefault(code.casefold(), code)
        spelt = tuple(self._codes.get(code.lower(), code) for code in codes.values())
        return Identities(identity.namespace, identity.value, len(found) or raw.graph_size, spelt)

    def _reached(self, entity: Json, tally: Tally) -> Iterator[Contact]:
        for kind, key, read in self._contacts:
            if value := read(entity, tally):
                yield Contact(kind, key, value)
        if self._address and (address := self._address(entity, tally)):
            yield address


def _name(paths: NamePaths) -> Callable[[object, Tally], Name]:
    read_first, read_middle, read_last, read_full = (
        at(path, string) for path in (paths.first, paths.middle, paths.last, paths.full)
    )

    def read(entity: object, tally: Tally) -> Name:
        first, middle, last = read_first(entity, tally), read_middle(entity, tally), read_last(entity, tally)
        full = read_full(entity, tally) or " ".join(part for part in (first, middle, last) if part)
        return Name(full or None, first, last)

    return read


def _address(rule: AddressRule) -> Read[Contact]:
    reads = at(rule.city, string), at(rule.country, string)

    def read(entity: object, tally: Tally) -> Contact | None:
        parts = [part for each in reads if (part := each(entity, tally))]
        return Contact("address", rule.key, ", ".join(parts)) if parts else None

    return read


def _fact(rule: FactRule) -> Read[Fact]:
    slot, parse = SLOTS[rule.format]
    read_value, read_time, read_currency = first_at((rule.path, *rule.or_else), parse), at(rule.as_of, moment), _currency(rule)
    money = rule.format is Format.MONEY

    def read(entity: object, tally: Tally) -> Fact | None:
        value = read_value(entity, tally)
        if value is None:
            return None
        unit = read_currency(entity, tally) if money else None
        if money and unit is None:
            tally.dropped += 1
            return None
        return Fact(
            rule.key, rule.format, currency=unit, direction=rule.direction, as_of=read_time(entity, tally), **{slot: value}
        )

    return read


def _currency(rule: FactRule) -> Read[str]:
    """The fixed currency stands in where the data has none, not where the data's can't be read."""
    there, read = anything_at(rule.currency_path), at(rule.currency_path, currency)
    return lambda entity, tally: read(entity, tally) if there(entity) else rule.currency


def _propensity(rule: PropensityRule) -> Read[Propensity]:
    read_score, read_time, read_factors = at(rule.path, number), at(rule.scored_at, moment), _factors(rule.factors)

    def read(entity: object, tally: Tally) -> Propensity | None:
        score = read_score(entity, tally)
        if score is None:
            return None
        if not 0 <= score <= rule.scale:
            tally.dropped += 1
            return None
        band = [band.key for band in rule.bands if band.at_least <= score][-1]
        factors = read_factors(entity, tally)
        return Propensity(rule.key, score, rule.scale, band, rule.direction, read_time(entity, tally), factors)

    return read


def _factors(paths: FactorPaths | None) -> Callable[[object, Tally], tuple[Factor, ...]]:
    """The most important first."""
    if paths is None:
        return lambda _entity, _tally: ()
    items, read_name, read_importance = each_at(paths.path), at(paths.name, text), at(paths.importance, number)

    def read(entity: object, tally: Tally) -> tuple[Factor, ...]:
        found = ((read_name(item, tally), read_importance(item, tally)) for item in items(entity, tally))
        factors = [Factor(name, importance) for name, importance in found if name]
        return tuple(sorted(factors, key=_importance, reverse=True))

    return read


def _importance(factor: Factor) -> Decimal:
    return Decimal("-Infinity") if factor.importance is None else factor.importance


def _audiences(entity: Json, names: Mapping[str, str], tally: Tally) -> tuple[Audience, ...]:
    """The latest membership first. An audience is one, whichever source reports it."""
    found: dict[str, Audience] = {}
    for name, membership in memberships(entity, tally):
        since = _QUALIFIED(membership, tally)
        found.setdefault(name, Audience(name, names.get(name), since))
    return tuple(sorted(found.values(), key=_since, reverse=True))


def _since(audience: Audience) -> datetime:
    return audience.since or EPOCH


def audience_ids(entity: Json) -> tuple[str, ...]:
    """The ids of the audiences that the customer is in, as `segmentMembership` has them."""
    return tuple(dict.fromkeys(name for name, _ in memberships(entity, Tally())))


def memberships(entity: Json, tally: Tally) -> Iterator[tuple[str, object]]:
    """Id and detail of each membership that means "in", from `segmentMembership.<source>.<id>`."""
    for source in (_MEMBERSHIP(entity, tally) or {}).values():
        if not isinstance(source, dict):
            tally.dropped += 1
            continue
        for name, detail in source.items():
            if (_STATUS(detail, tally) or "").casefold() in MEMBER:
                yield name, detail


def _last_modified(raw: RawProfile, tally: Tally) -> datetime | None:
    """1970 is how Adobe says "never"."""
    time = _MODIFIED({"time": raw.last_modified}, tally)
    return time if time and time.year > EPOCH.year else None
