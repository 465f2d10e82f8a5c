"""XDM paths: their steps, and which ones a configuration asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.config import CustomerConfig

PROFILE_BASICS = ("identityMap", "identities", "segmentMembership")
EVENT_BASICS = ("_id", "timestamp", "eventType")

Steps = tuple[tuple[str, str], ...]
"""A path taken apart once, since a card follows hundreds: each key as it is, and as older data has it."""


def steps(path: str) -> Steps:
    """The steps of a dotted path. Keys may carry the prefix `xdm:`, as older data does."""
    return tuple((key, f"xdm:{key}") for key in path.split("."))


def profile_fields(config: CustomerConfig) -> tuple[str, ...]:
    """The attributes to ask for: the union of what any card may show."""
    return _covering((*PROFILE_BASICS, *_profile_paths(config)))


def event_fields(config: CustomerConfig) -> tuple[str, ...]:
    """The parts of an event to ask for."""
    return _covering((*EVENT_BASICS, *_event_paths(config)))


def _profile_paths(config: CustomerConfig) -> Iterator[str | None]:
    profile = config.profile
    names = profile.names
    yield from (names.full, names.first, names.middle, names.last)
    yield from (rule.path for rule in profile.contacts)
    if profile.address:
        yield from (profile.address.city, profile.address.country)
    yield from (profile.language, profile.time_zone, *profile.customer_since)
    yield from (profile.preferred_channel, profile.consents_time, *(rule.path for rule in profile.consents))
    for fact in config.facts:
        yield from (fact.path, *fact.or_else, fact.currency_path, fact.as_of)
    for propensity in config.propensities:
        yield from (propensity.path, propensity.scored_at, propensity.factors.path if propensity.factors else None)
    yield from (rule.instead_of_events.path for rule in (profile.purchases, profile.interactions) if rule.instead_of_events)


def _event_paths(config: CustomerConfig) -> Iterator[str | None]:
    purchases, interactions = config.profile.purchases, config.profile.interactions
    yield from (purchases.order_id, purchases.total, purchases.currency, purchases.items)
    yield from (kind.path for kind in interactions.kinds)
    yield from (*interactions.campaign, *interactions.ignore_if)


def _covering(paths: Iterable[str | None]) -> tuple[str, ...]:
    """Each path once, in order, without those that a parent of theirs brings along."""
    wanted = dict.fromkeys(path for path in paths if path)
    return tuple(path for path in wanted if not any(parent in wanted for parent in _parents(path)))


def _parents(path: str) -> Iterator[str]:
    keys = path.split(".")
    return (".".join(keys[:depth]) for depth in range(1, len(keys)))
