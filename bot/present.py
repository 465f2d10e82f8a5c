"""Profile → `Card`.

Pure: which values a card shows and in which order, as the configuration says. How they look in a language or in Slack is the
formatters' business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from bot.config import CustomerConfig
from bot.figures import figures
from bot.profiles.model import Consent, ConsentState, Part, Profile
from bot.question import Question
from bot.sections import sections
from bot.verdict import verdict
from formatters.card import (
    Action,
    Ago,
    Card,
    Chart,
    Data,
    Day,
    Joined,
    Language,
    Message,
    Month,
    Number,
    Value,
    Words,
)

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
        fields=tuple(figures(profile, rule, config)),
        sections=tuple(sections(profile, rule, config)),
        chart=_spending(profile) if rule.chart else None,
        actions=tuple(_actions(profile, showing)),
        missing=tuple(_missing(profile)),
        footer=tuple(_footer(profile, showing)),
    )


def _missing(profile: Profile) -> Iterator[Message]:
    for each in profile.missing:
        if each.part is Part.EVENTS and (profile.purchases or profile.interactions):
            yield Message("missing.events.replaced")
        else:
            yield Message(f"missing.{each.part}.{each.why}")


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


def _spending(profile: Profile) -> Chart | None:
    """Spending by month, in the currency of the latest purchase; months without a purchase count as nothing spent.

    Where older events exist than are known, the earliest month may be known in part, and is left out.
    """
    currency = next((each.currency for each in profile.purchases if each.total is not None and each.currency), None)
    if currency is None:
        return None
    months: defaultdict[int, Decimal] = defaultdict(Decimal)
    for each in profile.purchases:
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
        url = link.url.replace("{xid}", quote(profile.xid, safe="")).replace("{sandbox}", showing.source.sandbox)
        yield Action(f"open:{link.key}", Words(link.label), url=url)


def _footer(profile: Profile, showing: Showing) -> Iterator[Value]:
    if profile.last_modified:
        yield Message("card.last_modified", {"ago": Ago(profile.last_modified)})
    yield Message("card.fetched", {"ago": Ago(showing.fetched)})
    if showing.source.sandbox:
        yield Message("card.sandbox", {"sandbox": Data(showing.source.sandbox)})
    if showing.source.merge_policy:
        yield Message("card.merge_policy", {"policy": Data(showing.source.merge_policy)})
    if profile.recent_only and (profile.purchases or profile.interactions):
        yield Message("card.recent_only")
    if profile.dropped:
        yield Message("fields.dropped", {"count": Number(Decimal(profile.dropped))}, count=profile.dropped)
