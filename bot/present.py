"""Profile → `Card`, error → `Notice`.

Pure: which values a card shows and in which order, as the configuration says. How they look in a language or in Slack is the
formatters' business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from bot.config import CardRule, CustomerConfig, Direction, FactRule, Format, PropensityRule
from bot.profiles.model import Consent, ConsentState, Contact, Fact, Profile, Propensity, Purchase
from bot.question import Question
from bot.verdict import verdict
from formatters.card import (
    Action,
    Ago,
    Card,
    Chart,
    Data,
    Day,
    Field,
    Joined,
    Language,
    Message,
    Moment,
    Money,
    Month,
    Number,
    Percent,
    Section,
    Value,
    Words,
)

CHANNELS = frozenset({"email", "sms", "push", "call", "phone", "postalMail", "whatsApp", "inApp", "any"})
"""Values of `consents.marketing.preferred` (Adobe: data type "Consents and Preferences") that the catalogue has a word for."""

MOST_FACTORS = 3
FEWEST_MONTHS = 3
MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Source:
    """What a card says of where its data comes from; `sample` marks invented customers."""

    sandbox: str = ""
    merge_policy: str | None = None
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Showing:
    """What the answer is made under, besides the profile itself.

    `token` seals a question for the asker's workspace; `old` marks a copy that is shown because the source can't be reached;
    `consents_known` is False for a copy so old that a consent may have been withdrawn since.
    """

    question: Question
    config: CustomerConfig
    fetched: datetime
    token: Callable[[Question], str]
    old: bool = False
    consents_known: bool = True
    source: Source = Source()


def card(profile: Profile, showing: Showing) -> Card:
    """The card named by the question, of this profile."""
    config = showing.config
    rule = config.cards.get(showing.question.card, config.cards["standard"])
    title: Value = Data(profile.name.full) if profile.name.full else Message("card.unnamed")
    if not showing.consents_known:
        profile = replace(profile, consents=tuple(Consent(each.key, ConsentState.NOT_KNOWN_NOW) for each in profile.consents))
    sentences = tuple(Words(texts) for texts in verdict(profile, config, showing.fetched))
    return Card(
        name=showing.question.card,
        title=title,
        summary=_summary(title, sentences),
        about=tuple(_about(profile, config)),
        banners=tuple(_banners(showing)),
        verdict=sentences,
        fields=tuple(_fields(profile, rule, config)),
        sections=tuple(section for key in rule.sections if (section := _SECTIONS[key](profile, rule, config)).rows),
        chart=_spending(profile) if rule.chart else None,
        actions=tuple(_actions(profile, showing)),
        missing=tuple(Message(f"missing.{each.part}.{each.why}") for each in profile.missing),
        footer=tuple(_footer(profile, showing)),
    )


def _summary(title: Value, sentences: tuple[Words, ...]) -> Message:
    if not sentences:
        return Message("card.summary_plain", {"title": title})
    return Message("card.summary", {"title": title, "verdict": Joined(sentences, " ")})


def _banners(showing: Showing) -> Iterator[Message]:
    if showing.source.sample:
        yield Message("banner.sample")
    if showing.old:
        yield Message("banner.old_copy", {"ago": Ago(showing.fetched)})


def _about(profile: Profile, config: CustomerConfig) -> Iterator[Value]:
    if email := next((contact for contact in profile.contacts if contact.kind == "email"), None):
        yield Data(masked(email.value))
    if profile.customer_since:
        yield Message("card.customer_since", {"day": Day(profile.customer_since)})
    if profile.language:
        yield Language(profile.language)
    if profile.time_zone:
        yield Data(profile.time_zone)
    namespace = config.namespace(profile.identities.matched_namespace)
    label: Value = Words(namespace.label) if namespace else Data(profile.identities.matched_namespace)
    yield Message("card.matched_by", {"namespace": label})
    if profile.identities.count > 1:
        yield Message("card.identities", {"count": Number(Decimal(profile.identities.count))}, count=profile.identities.count)


def masked(address: str) -> str:
    """An e-mail address that a neighbour at the screen can't use: `a•••@example.com`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}•••{at}{domain}" if at else f"{address[:1]}•••"


# Key figures


def _fields(profile: Profile, rule: CardRule, config: CustomerConfig) -> Iterator[Field]:
    facts = {fact.key: fact for fact in profile.facts}
    scores = {score.key: score for score in profile.propensities}
    fact_rules = {each.key: each for each in config.facts}
    score_rules = {each.key: each for each in config.propensities}
    for key in rule.fields:
        if fact := facts.get(key):
            yield _fact_field(fact, fact_rules[key])
        elif score := scores.get(key):
            yield _score_field(score, score_rules[key])
        elif (build := _BUILT_IN_FIELDS.get(key)) and (built := build(profile)):
            yield built


def _fact_field(fact: Fact, rule: FactRule) -> Field:
    note = Message("note.as_of", {"day": Moment(fact.as_of)}) if fact.as_of else None
    return Field(fact.key, Words(rule.label), _fact_value(fact, rule), note)


def _fact_value(fact: Fact, rule: FactRule) -> Value:
    match fact:
        case Fact(format=Format.MONEY, number=Decimal() as amount, currency=str(currency)):
            return Money(amount, currency)
        case Fact(format=Format.PERCENT, number=Decimal() as fraction):
            return Percent(fraction)
        case Fact(number=Decimal() as number):
            return Number(number, Words(rule.unit) if rule.unit else None)
        case Fact(day=date() as day):
            return Day(day)
        case Fact(yes=bool(yes)):
            return Message("value.yes" if yes else "value.no")
    return Data(fact.text or "")


def _score_field(score: Propensity, rule: PropensityRule) -> Field:
    bands = {band.key: band.label for band in rule.bands}
    note: list[Value] = [Words(bands[score.band])] if score.band in bands else []
    if score.direction is not Direction.NEUTRAL and score.band == rule.bands[-1].key:
        note.append(Message("note.favourable" if score.direction is Direction.GOOD else "note.unfavourable"))
    if score.scored_at:
        note.append(Message("note.scored", {"day": Moment(score.scored_at)}))
    value = Message("value.of", {"number": Number(score.score), "scale": Number(score.scale)})
    return Field(score.key, Words(rule.label), value, Joined(tuple(note)) if note else None)


def _last_purchase(profile: Profile) -> Field | None:
    if not profile.purchases:
        return None
    latest = profile.purchases[0]
    note = Money(latest.total, latest.currency) if latest.total is not None and latest.currency else None
    return Field("last_purchase", Message("field.last_purchase"), Moment(latest.time), note)


def _purchases(profile: Profile) -> Field | None:
    if not profile.purchases or profile.recent_only:
        return None
    return Field("purchases", Message("field.purchases"), Number(Decimal(len(profile.purchases))))


def _preferred_channel(profile: Profile) -> Field | None:
    channel = profile.preferred_channel
    if not channel:
        return None
    value: Value = Message(f"channel.{channel}") if channel in CHANNELS else Data(channel)
    return Field("preferred_channel", Message("field.preferred_channel"), value)


def _marketing_consent(profile: Profile) -> Field | None:
    consent = next((each for each in profile.consents if each.key in {"email", "any"}), None)
    if consent is None:
        return None
    note = Message("note.as_of", {"day": Moment(consent.since)}) if consent.since else None
    return Field("marketing_consent", Message("field.marketing_consent"), Message(f"consent.state.{consent.state}"), note)


_BUILT_IN_FIELDS: dict[str, Callable[[Profile], Field | None]] = {
    "last_purchase": _last_purchase,
    "purchases": _purchases,
    "preferred_channel": _preferred_channel,
    "marketing_consent": _marketing_consent,
}


# Sections


def _audiences(profile: Profile, *_: object) -> Section:
    rows = tuple(
        (Data(each.name) if each.name else Message("audience.unnamed", {"id": Data(each.id)}), _moment(each.since))
        for each in profile.audiences
    )
    return _section("audiences", ("audience", "since"), rows)


def _purchase_list(profile: Profile, *_: object) -> Section:
    rows = tuple((Moment(each.time), _data(each.order_id), _items(each), _total(each)) for each in profile.purchases)
    return _section("purchases", ("date", "order", "items", "amount"), rows)


def _interactions(profile: Profile, _rule: object, config: CustomerConfig) -> Section:
    labels = config.profile.interaction_labels
    rows = tuple(
        (Moment(each.time), Words(labels[each.kind]) if each.kind in labels else Data(each.kind), _data(each.campaign))
        for each in profile.interactions
    )
    return _section("interactions", ("date", "what", "campaign"), rows)


def _consents(profile: Profile, _rule: object, config: CustomerConfig) -> Section:
    labels = {each.key: each.label for each in config.profile.consents}
    rows = tuple(
        (Words(labels[each.key]), Message(f"consent.state.{each.state}"), _moment(each.since))
        for each in profile.consents
        if each.key in labels
    )
    return _section("consents", ("consent", "state", "since"), rows)


def _attributes(profile: Profile, rule: CardRule, config: CustomerConfig) -> Section:
    fact_rules = {each.key: each for each in config.facts}
    rows: list[tuple[Value, Value]] = [_contact_row(each, config) for each in profile.contacts]
    rows += [
        (Words(fact_rules[fact.key].label), _fact_value(fact, fact_rules[fact.key]))
        for fact in profile.facts
        if fact.key not in rule.fields and fact.key in fact_rules
    ]
    rows += [row for score in profile.propensities if (row := _factor_row(score, config))]
    return _section("attributes", ("attribute", "value"), tuple(rows))


def _contact_row(contact: Contact, config: CustomerConfig) -> tuple[Value, Value]:
    labels = {each.key: each.label for each in config.profile.contacts}
    if address := config.profile.address:
        labels[address.key] = address.label
    return (Words(labels[contact.key]) if contact.key in labels else Data(contact.key), Data(contact.value))


def _factor_row(score: Propensity, config: CustomerConfig) -> tuple[Value, Value] | None:
    label = next((each.label for each in config.propensities if each.key == score.key), None)
    if label is None or not score.factors:
        return None
    factors = Joined(tuple(Data(each.name) for each in score.factors[:MOST_FACTORS]), ", ")
    return (Message("note.factors", {"score": Words(label)}), factors)


_SECTIONS: dict[str, Callable[[Profile, CardRule, CustomerConfig], Section]] = {
    "audiences": _audiences,
    "purchases": _purchase_list,
    "interactions": _interactions,
    "consents": _consents,
    "attributes": _attributes,
}


def _section(key: str, columns: Iterable[str], rows: tuple[tuple[Value | None, ...], ...]) -> Section:
    return Section(key, Message(f"section.{key}"), tuple(Message(f"column.{each}") for each in columns), rows, len(rows))


def _moment(at: datetime | None) -> Moment | None:
    return Moment(at) if at else None


def _data(text: str | None) -> Data | None:
    return Data(text) if text else None


def _items(purchase: Purchase) -> Value | None:
    items = [
        Message("item", {"name": Data(each.name), "quantity": Number(Decimal(each.quantity))})
        if each.quantity > 1
        else Data(each.name)
        for each in purchase.items
    ]
    return Joined(tuple(items), ", ") if items else None


def _total(purchase: Purchase) -> Money | None:
    return Money(purchase.total, purchase.currency) if purchase.total is not None and purchase.currency else None


def _spending(profile: Profile) -> Chart | None:
    """Spending by month, in the currency of the latest purchase; months without a purchase count as nothing spent.

    Where older events exist than are known, the earliest month may be known in part, and is left out.
    """
    paid = [each for each in profile.purchases if each.total is not None and each.currency]
    if not paid:
        return None
    currency = paid[0].currency
    months: defaultdict[int, Decimal] = defaultdict(Decimal)
    for each in paid:
        if each.currency == currency and each.total is not None:
            months[each.time.year * 12 + each.time.month - 1] += each.total
    latest = max(months)
    first = max(min(months) + profile.recent_only, latest - MOST_MONTHS + 1)
    if sum(1 for month in months if month >= first) < FEWEST_MONTHS:
        return None
    points = tuple((Month(date(month // 12, month % 12 + 1, 1)), months[month]) for month in range(first, latest + 1))
    return Chart(Message("chart.purchases"), Message("chart.amount"), points, currency)


# What can be done, and what it rests on


def _actions(profile: Profile, showing: Showing) -> Iterator[Action]:
    yield Action("refresh", Message("action.refresh"), token=showing.token(showing.question))
    for link in showing.config.links:
        url = link.url.replace("{xid}", profile.xid).replace("{sandbox}", showing.source.sandbox)
        yield Action(f"open:{link.key}", Words(link.label), url=url)


def _footer(profile: Profile, showing: Showing) -> Iterator[Value]:
    if profile.last_modified:
        yield Message("card.last_modified", {"ago": Ago(profile.last_modified)})
    yield Message("card.fetched", {"ago": Ago(showing.fetched)})
    if showing.source.sandbox:
        yield Message("card.sandbox", {"sandbox": Data(showing.source.sandbox)})
    if showing.source.merge_policy:
        yield Message("card.merge_policy", {"policy": Data(showing.source.merge_policy)})
    if profile.recent_only:
        yield Message("card.recent_only")
    if profile.dropped:
        yield Message("fields.dropped", {"count": Number(Decimal(profile.dropped))}, count=profile.dropped)
