"""The key figures of a card: facts, scores and what is built in. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from bot.config import CardRule, CustomerConfig, Direction, FactRule, Format, PropensityRule
from bot.profiles.model import Fact, Profile, Propensity
from formatters.card import Data, Day, Field, Joined, Message, Moment, Money, Number, Percent, Value, Words

CHANNELS = frozenset({"email", "sms", "push", "call", "phone", "postalMail", "whatsApp", "inApp", "any"})
"""Values of `consents.marketing.preferred` (Adobe: data type "Consents and Preferences") that the catalogue has a word for."""


def figures(profile: Profile, rule: CardRule, config: CustomerConfig) -> Iterator[Field]:
    """The card's key figures in order; what the customer does not have is left out."""
    facts = {fact.key: fact for fact in profile.facts}
    scores = {score.key: score for score in profile.propensities}
    for key in rule.fields:
        if fact := facts.get(key):
            yield _fact_field(fact, config.fact_rules[key])
        elif score := scores.get(key):
            yield _score_field(score, config.propensity_rules[key])
        elif (build := _BUILT_IN_FIELDS.get(key)) and (built := build(profile, config)):
            yield built


def _fact_field(fact: Fact, rule: FactRule) -> Field:
    note = Message("note.as_of", {"day": Moment(fact.as_of)}) if fact.as_of else None
    return Field(fact.key, Words(rule.label), fact_value(fact, rule), note)


def fact_value(fact: Fact, rule: FactRule) -> Value:
    """A fact as its format means it."""
    if fact.number is not None:
        if fact.format is Format.MONEY and fact.currency is not None:
            return Money(fact.number, fact.currency)
        if fact.format is Format.PERCENT:
            return Percent(fact.number)
        return Number(fact.number, Words(rule.unit) if rule.unit else None)
    if fact.day is not None:
        return Day(fact.day)
    if fact.yes is not None:
        return Message("value.yes" if fact.yes else "value.no")
    return Data(fact.text or "")


def _score_field(score: Propensity, rule: PropensityRule) -> Field:
    bands = {band.key: band.label for band in rule.bands}
    value: Value = Message("value.of", {"number": Number(score.score), "scale": Number(score.scale)})
    if score.band in bands:
        value = Joined((value, Words(bands[score.band])))
    note: list[Value] = []
    if score.direction is not Direction.NEUTRAL and score.band == rule.bands[-1].key:
        note.append(Message("note.favourable" if score.direction is Direction.GOOD else "note.unfavourable"))
    if score.scored_at:
        note.append(Message("note.scored", {"day": Moment(score.scored_at)}))
    return Field(score.key, Words(rule.label), value, Joined(tuple(note)) if note else None)


def _last_purchase(profile: Profile, _config: CustomerConfig) -> Field | None:
    if not profile.purchases:
        return None
    latest = profile.purchases[0]
    note = Money(latest.total, latest.currency) if latest.total is not None and latest.currency else None
    return Field("last_purchase", Message("field.last_purchase"), Moment(latest.time), note)


def _purchases(profile: Profile, _config: CustomerConfig) -> Field | None:
    if not profile.purchases or profile.recent_only:
        return None
    return Field("purchases", Message("field.purchases"), Number(Decimal(len(profile.purchases))))


def _preferred_channel(profile: Profile, _config: CustomerConfig) -> Field | None:
    channel = profile.preferred_channel
    if not channel:
        return None
    value: Value = Message(f"channel.{channel}") if channel in CHANNELS else Data(channel)
    return Field("preferred_channel", Message("field.preferred_channel"), value)


def _marketing_consent(profile: Profile, config: CustomerConfig) -> Field | None:
    """The consent for e-mail, else that for marketing in general, under its own name: "no" must not be read as no to all."""
    labels = config.profile.consent_labels
    consent = next((each for key in ("email", "any") for each in profile.consents if each.key == key and key in labels), None)
    if consent is None:
        return None
    note = Message("note.as_of", {"day": Moment(consent.since)}) if consent.since else None
    return Field("marketing_consent", Words(labels[consent.key]), Message(f"consent.state.{consent.state}"), note)


_BUILT_IN_FIELDS: dict[str, Callable[[Profile, CustomerConfig], Field | None]] = {
    "last_purchase": _last_purchase,
    "purchases": _purchases,
    "preferred_channel": _preferred_channel,
    "marketing_consent": _marketing_consent,
}
