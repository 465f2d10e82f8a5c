"""A profile becomes a card: what is shown, in which order, and what is said where something isn't known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Direction, Format
from bot.present import FEWEST_MONTHS, MOST_MONTHS, Showing, Source, card, masked
from bot.profiles.model import (
    Audience,
    Consent,
    ConsentState,
    Contact,
    Fact,
    Identities,
    Interaction,
    Item,
    Missing,
    Name,
    Part,
    Profile,
    Propensity,
    Why,
)
from bot.question import Question
from formatters.card import (
    Action,
    Ago,
    Card,
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
    Value,
    Words,
)
from tests.factories import ADA, NOON, QUESTION, churn, config, configured, money, profile, purchase

SINCE = datetime(2024, 1, 1, tzinfo=UTC)
BARE = Profile(xid="BVaQbare", identities=Identities("Email", "bare@example.com"))


def showing(**changes: Any) -> Showing:
    def token(question: Question) -> str:
        return f"token of {question.identity.value}, {question.card}"

    return replace(Showing(question=QUESTION, config=config(), fetched=NOON, token=token), **changes)


def shown(customer: Profile | None = None, **changes: Any) -> Card:
    return card(customer or profile(), showing(**changes))


def fields(customer: Profile, *keys: str, **parts: Any) -> tuple[Field, ...]:
    cards = {"standard": {"fields": keys, "sections": []}}
    return shown(customer, config=configured(cards=cards, **parts)).fields


def rows(built: Card, key: str) -> tuple[tuple[Value | None, ...], ...]:
    return next((tuple(section.rows) for section in built.sections if section.key == key), ())


def words(**texts: str) -> Words:
    return Words(texts)


def test_card() -> None:
    """A card has the name on top, then who that is, what matters, and the figures, in the configured order."""
    built = shown()

    assert (built.name, built.title) == ("standard", Data("Ada Lovelace"))
    assert [each.texts["en"] for each in built.verdict if isinstance(each, Words)] == ["High value, high churn risk."]
    assert built.summary == Message("card.summary", {"title": built.title, "verdict": Joined(built.verdict, " ")})
    assert [field.key for field in built.fields] == [
        *("lifetime_value", "churn", "last_purchase", "preferred_channel", "loyalty_tier", "marketing_consent")
    ]
    assert [section.key for section in built.sections] == ["audiences", "purchases", "interactions", "consents", "attributes"]
    assert all(section.total == len(section.rows) for section in built.sections)
    assert all(len(row) == len(section.columns) for section in built.sections for row in section.rows)


def test_rows_are_those_looked_at() -> None:
    """The first rows of a list are the same whether or not the others are looked at, and all are counted."""
    listed = next(each for each in shown().sections if each.key == "purchases")
    whole = tuple(listed.rows)

    assert (tuple(listed.rows[:2]), listed.rows[0], listed.rows[-1]) == (whole[:2], whole[0], whole[-1])
    assert len(listed.rows) == len(whole) == listed.total == 3


def test_bare() -> None:
    """Of a customer of whom nothing is known, it says just that: no empty fields, sections or charts."""
    built = shown(BARE, config=configured(links=[], verdict=[]))

    assert built == Card(
        name="standard",
        title=Message("card.unnamed"),
        summary=Message("card.summary_plain", {"title": Message("card.unnamed")}),
        about=(Message("card.matched_by", {"namespace": words(en="e-mail address", de="E-Mail-Adresse")}),),
        actions=(Action("refresh", Message("action.refresh"), token="token of ada@example.com, standard"),),
        footer=(Message("card.fetched", {"ago": Ago(NOON)}),),
    )


def test_about() -> None:
    """Under the name stands who that is: the masked address, since when, language, zone and how they were found."""
    assert shown().about == (
        Data("a•••@example.com"),
        Message("card.customer_since", {"day": Day(date(2019, 5, 1))}),
        Language("de"),
        Data("Europe/Berlin"),
        Message("card.matched_by", {"namespace": words(en="e-mail address", de="E-Mail-Adresse")}),
        Message("card.identities", {"count": Number(Decimal(3))}, count=3),
    )


def test_about_unknown_namespace() -> None:
    """A namespace that isn't configured is shown by its code; a single identity isn't counted."""
    found = shown(
        profile(identities=Identities("GAID", "38400", 1), contacts=(Contact("phone", "mobile_phone", "+493023125123"),))
    )

    assert found.about[-1] == Message("card.matched_by", {"namespace": Data("GAID")})
    assert not isinstance(found.about[0], Data)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ada@example.com", "a•••@example.com"),
        ("@example.com", "•••@example.com"),
        ("a@b@example.com", "a•••@example.com"),
        ("ada.lovelace", "a•••"),
        ("", "•••"),
    ],
)
def test_masked(address: str, expected: str) -> None:
    """Of an address the first letter and the domain are left; of anything else the first letter."""
    assert masked(address) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"source": Source(sample=True)}, [Message("banner.sample")]),
        ({"old": True}, [Message("banner.old_copy", {"ago": Ago(NOON)})]),
        (
            {"old": True, "source": Source(sample=True)},
            [Message("banner.sample"), Message("banner.old_copy", {"ago": Ago(NOON)})],
        ),
    ],
)
def test_banners(changes: dict[str, Any], expected: list[Message]) -> None:
    """Sample data and old copies are said so on top."""
    assert list(shown(**changes).banners) == expected


def test_old_consents() -> None:
    """On a copy too old, no consent is shown as known, in figures, list or verdict; since when isn't told either."""
    refused = profile(consents=(Consent("email", ConsentState.NO, SINCE), Consent("sms", ConsentState.YES, SINCE)))
    built = shown(refused, consents_known=False)
    unknown = Message("consent.state.not_known_now")

    assert [row[1:] for row in rows(built, "consents")] == [(unknown, None)] * 2
    assert [(field.value, field.note) for field in built.fields if field.key == "marketing_consent"] == [(unknown, None)]
    assert "opted out" not in str(built.verdict)
    assert "opted out" in str(shown(refused).verdict)


@pytest.mark.parametrize(
    ("fact", "rule", "expected"),
    [
        (money("f", "6200.50"), {"format": "money", "currency": "EUR"}, Money(Decimal("6200.50"), "EUR")),
        (Fact("f", Format.NUMBER, number=Decimal(3)), {"format": "number"}, Number(Decimal(3))),
        (Fact("f", Format.NUMBER, number=Decimal(3)), {"format": "number", "unit": "km"}, Number(Decimal(3), Words({"": "km"}))),
        (Fact("f", Format.PERCENT, number=Decimal("0.15")), {"format": "percent"}, Percent(Decimal("0.15"))),
        (Fact("f", Format.DATE, day=date(2026, 1, 2)), {"format": "date"}, Day(date(2026, 1, 2))),
        (Fact("f", Format.YES_NO, yes=True), {"format": "yes_no"}, Message("value.yes")),
        (Fact("f", Format.YES_NO, yes=False), {"format": "yes_no"}, Message("value.no")),
        (Fact("f", Format.TEXT, text="gold"), {}, Data("gold")),
        (Fact("f", Format.TEXT), {}, Data("")),
        (Fact("f", Format.MONEY, number=Decimal(5)), {"format": "money", "currency": "EUR"}, Number(Decimal(5))),
    ],
)
def test_facts(fact: Fact, rule: dict[str, Any], expected: Value) -> None:
    """A fact is shown as what it is."""
    facts = [{"key": "f", "label": "F", "path": "f"} | rule]

    assert fields(profile(facts=(fact,)), "f", facts=facts, verdict=[]) == (Field("f", Words({"": "F"}), expected),)


def test_fact_as_of() -> None:
    """A fact that says of when it is, says so."""
    [field] = fields(profile(), "lifetime_value")

    assert field.note == Message("note.as_of", {"day": Moment(datetime(2026, 3, 1, tzinfo=UTC))})


SCORE = Message("value.of", {"number": Number(Decimal(82)), "scale": Number(Decimal(100))})
SCORED = Message("note.scored", {"day": Moment(NOON)})
HIGH, LOW = words(en="high", de="hoch"), words(en="low", de="niedrig")


@pytest.mark.parametrize(
    ("band", "direction", "scored", "value", "note"),
    [
        ("high", Direction.BAD, NOON, Joined((SCORE, HIGH)), Joined((Message("note.unfavourable"), SCORED))),
        ("high", Direction.GOOD, None, Joined((SCORE, HIGH)), Joined((Message("note.favourable"),))),
        ("high", Direction.NEUTRAL, None, Joined((SCORE, HIGH)), None),
        ("low", Direction.BAD, NOON, Joined((SCORE, LOW)), Joined((SCORED,))),
        ("no_such_band", Direction.BAD, None, SCORE, None),
    ],
)
def test_scores(band: str, direction: Direction, scored: datetime | None, value: Value, note: Value | None) -> None:
    """A score stands on its scale, with its band, whether that is good, and when it was made."""
    score = Propensity("churn", Decimal(82), Decimal(100), band, direction, scored)
    [field] = fields(profile(propensities=(score,)), "churn")

    assert (field.value, field.note) == (value, note)


@pytest.mark.parametrize(
    ("key", "customer", "value", "note"),
    [
        ("last_purchase", profile(), Moment(datetime(2026, 3, 1, tzinfo=UTC)), Money(Decimal("120.00"), "EUR")),
        ("last_purchase", profile(purchases=(purchase(NOON, None, None),)), Moment(NOON), None),
        ("purchases", profile(), Number(Decimal(3)), None),
        ("preferred_channel", profile(), Message("channel.email"), None),
        ("preferred_channel", profile(preferred_channel="pigeon"), Data("pigeon"), None),
    ],
)
def test_built_in_fields(key: str, customer: Profile, value: Value, note: Value | None) -> None:
    """Some figures need no configuration."""
    assert fields(customer, key) == (Field(key, Message(f"field.{key}"), value, note),)


def test_the_marketing_consent_goes_by_its_own_name() -> None:
    """It is the consent for e-mail, else that for marketing in general, and says which: "no" is no no to everything."""
    email = Field(
        "marketing_consent",
        words(en="Marketing by e-mail", de="Werbung per E-Mail"),
        Message("consent.state.yes"),
        Message("note.as_of", {"day": Moment(SINCE)}),
    )
    general = Field("marketing_consent", words(en="Marketing in general", de="Werbung allgemein"), Message("consent.state.no"))

    assert fields(profile(), "marketing_consent") == (email,)
    assert fields(profile(consents=(Consent("any", ConsentState.NO),)), "marketing_consent") == (general,)
    assert fields(profile(consents=(Consent("sms", ConsentState.NO),)), "marketing_consent") == ()


def test_purchases_that_may_not_be_all_are_not_counted() -> None:
    """Where older events exist than are known there is no number of purchases, and the card says why."""
    customer = profile(recent_only=True)

    assert fields(customer, "purchases") == ()
    assert Message("card.recent_only") in shown(customer).footer


@pytest.mark.parametrize(
    "key", ["last_purchase", "purchases", "preferred_channel", "marketing_consent", "lifetime_value", "churn"]
)
def test_absent_fields(key: str) -> None:
    """A figure that the customer doesn't have isn't shown."""
    assert fields(profile(facts=(), propensities=(), purchases=(), preferred_channel=None, consents=()), key) == ()


def test_other_consents() -> None:
    """A consent to something else isn't taken for one to marketing."""
    assert fields(profile(consents=(Consent("share", ConsentState.YES),)), "marketing_consent") == ()


def test_audiences() -> None:
    """An audience without a name is shown by its id."""
    assert rows(shown(), "audiences") == (
        (Data("Campers"), Moment(datetime(2025, 6, 1, tzinfo=UTC))),
        (Message("audience.unnamed", {"id": Data("a-2")}), None),
    )
    assert rows(shown(profile(audiences=(Audience("a-1", ""),))), "audiences")[0][0] == Message(
        "audience.unnamed", {"id": Data("a-1")}
    )


def test_purchases() -> None:
    """An order is shown with its things, several of one as a number of them."""
    many = Message("item", {"name": Data("Peg"), "quantity": Number(Decimal(8))})
    bought = rows(
        shown(profile(purchases=(*profile().purchases, purchase(NOON, None, None, items=(Item("Tent", 0),))))), "purchases"
    )

    assert bought[0][1:] == (Data("O-3"), Joined((Data("Tent"), many), "; "), Money(Decimal("120.00"), "EUR"))
    assert bought[2][1:] == (Data("O-1"), None, Money(Decimal("20.00"), "EUR"))
    assert bought[3] == (Moment(NOON), None, Joined((Data("Tent"),), "; "), None)


def test_interactions() -> None:
    """An interaction is shown by its label, or as it came if it has none."""
    assert rows(shown(), "interactions") == (
        (Moment(datetime(2026, 3, 2, tzinfo=UTC)), words(en="E-mail opened", de="E-Mail geöffnet"), Data("Spring")),
        (Moment(datetime(2026, 3, 1, tzinfo=UTC)), Data("waved"), None),
    )


def test_consents() -> None:
    """Consents that have a label are listed, with their state and since when."""
    assert rows(shown(), "consents") == (
        (words(en="Marketing by e-mail", de="Werbung per E-Mail"), Message("consent.state.yes"), Moment(SINCE)),
        (words(en="Marketing by SMS", de="Werbung per SMS"), Message("consent.state.no"), None),
    )


def test_campaigns_that_nobody_can_read_are_not_shown() -> None:
    """A campaign is shown by its name; a bare UUID is left out."""
    touches = (
        Interaction(NOON, "clicked", "c2d81a35-1f0b-4e0f-b5a6-7e9d4c3f6a33"),
        Interaction(NOON, "opened", "Spring"),
        Interaction(NOON, "sent"),
    )

    assert [row[2] for row in rows(shown(profile(interactions=touches)), "interactions")] == [None, Data("Spring"), None]


def test_phone_numbers_that_nobody_can_parse_stay_as_they_are() -> None:
    """A number that is no number is shown as the source has it."""
    odd = profile(contacts=(Contact("phone", "mobile_phone", "extension 5"),), propensities=())

    assert rows(shown(odd), "attributes")[0][1] == Data("extension 5")


def test_attributes() -> None:
    """What else is known is listed: the reasons of a score, contacts, and facts that are no figures."""
    listed = rows(shown(profile(contacts=(*profile().contacts, Contact("phone", "fax", "+493023125999")))), "attributes")

    assert listed[:5] == (
        (
            Message("note.factors", {"score": words(en="Churn risk", de="Abwanderungsrisiko")}),
            Joined((Data("few visits"), Data("late parcel")), "; "),
        ),
        (words(en="E-mail", de="E-Mail"), Data("ada@example.com")),
        (words(en="Mobile", de="Mobil"), Data("+49 30 23125123")),
        (words(en="Home", de="Wohnort"), Data("Berlin, DE")),
        (Data("fax"), Data("+49 30 23125999")),
    )
    assert (words(en="Points", de="Punkte"), Number(Decimal(1200), words(en="points", de="Punkte"))) in listed
    assert words(en="Tier", de="Stufe") not in [row[0] for row in listed]


def test_attributes_without_labels() -> None:
    """What a configuration has no words for isn't listed, and an address without a rule keeps its key."""
    mapping = config().profile.model_dump() | {"address": None}
    odd = profile(
        facts=(Fact("shoe_size", Format.TEXT, text="39"),),
        propensities=(churn("5", "low"), Propensity("mood", Decimal(1), Decimal(5), "fair", Direction.GOOD)),
        contacts=(Contact("address", "home_address", "Berlin, DE"),),
    )

    assert rows(shown(odd, config=configured(profile=mapping)), "attributes") == ((Data("home_address"), Data("Berlin, DE")),)


def test_which_card() -> None:
    """The card that was asked for is shown; the standard one where there is none of that name."""
    compact = shown(question=Question(ADA, "compact"))

    assert ([field.key for field in compact.fields], compact.sections, compact.chart) == (
        ["lifetime_value", "churn", "last_purchase"],
        (),
        None,
    )
    assert shown(question=Question(ADA, "long_gone")).fields == shown().fields


def months_ago(*numbers: int) -> tuple[datetime, ...]:
    return tuple(datetime(2026 + (2 - number) // 12, (2 - number) % 12 + 1, 1, tzinfo=UTC) for number in numbers)


@pytest.mark.parametrize(
    ("months", "expected"),
    [((), 0), ((0,), 0), ((0, 1), 0), ((0, 0, 0, 1), 0), ((0, 1, 2), 3), ((0, 5, 11), 12), ((0, 1, 12), 0), ((0, 1, 2, 40), 12)],
)
def test_chart_length(months: tuple[int, ...], expected: int) -> None:
    """Three months with purchases within a year make a chart, which has no gaps; fewer don't."""
    chart = shown(profile(purchases=tuple(purchase(time, "10") for time in months_ago(*months)))).chart

    assert len(chart.points if chart else ()) == expected


def test_chart() -> None:
    """It adds up each month's purchases in the currency of the latest; a month without any is nothing spent."""
    now, _, earlier, earliest = months_ago(0, 1, 2, 3)
    bought = (
        purchase(now, None, None),
        purchase(now, "10"),
        purchase(now, "2.50"),
        purchase(earlier, "99", "USD"),
        purchase(earlier, "7"),
        purchase(earliest, "1"),
    )
    chart = shown(profile(purchases=bought)).chart

    assert chart
    assert (chart.title, chart.series, chart.currency) == (Message("chart.purchases"), Message("chart.amount"), "EUR")
    assert chart.points == (
        (Month(date(2025, 12, 1)), Decimal(1)),
        (Month(date(2026, 1, 1)), Decimal(7)),
        (Month(date(2026, 2, 1)), Decimal(0)),
        (Month(date(2026, 3, 1)), Decimal("12.50")),
    )


@given(st.lists(st.tuples(st.datetimes(), st.decimals(-1000, 1000, places=2), st.sampled_from(["EUR", "USD"]))))
def test_any_chart(bought: list[tuple[datetime, Decimal, str]]) -> None:
    """Whatever was bought whenever, a chart has consecutive months, at most twelve, the last of them not empty of purchases."""
    purchases = tuple(
        purchase(time.replace(tzinfo=UTC), str(total), currency)
        for time, total, currency in sorted(bought, key=lambda each: each[0], reverse=True)
    )
    chart = shown(profile(purchases=purchases)).chart
    if chart:
        firsts = [label.first for label, _ in chart.points if isinstance(label, Month)]

        assert FEWEST_MONTHS <= len(firsts) <= MOST_MONTHS
        assert all(timedelta(27) < later - earlier < timedelta(32) for earlier, later in pairwise(firsts))
        assert chart.currency == purchases[0].currency


def test_actions() -> None:
    """The card can be refreshed, and opened elsewhere by its opaque id; no link holds personal data."""
    links = [{"key": "shop", "label": "Shop", "url": "https://shop.example.com/{sandbox}/{xid}"}]
    built = shown(config=configured(links=links), source=Source("prod"), question=Question(ADA, "compact"))

    assert built.actions == (
        Action("refresh", Message("action.refresh"), token="token of ada@example.com, compact"),
        Action("open:shop", Words({"": "Shop"}), url="https://shop.example.com/prod/BVaQinvented0ada"),
    )


@pytest.mark.parametrize("part", Part)
@pytest.mark.parametrize("why", Why)
def test_missing(part: Part, why: Why) -> None:
    """What could not be had is said, and why."""
    bare = profile(purchases=(), interactions=(), missing=(Missing(part, why),))

    assert shown(bare).missing == (Message(f"missing.{part}.{why}"),)


def test_what_stands_in_for_events_is_called_so() -> None:
    """Where purchases come from the profile itself, the card doesn't say that there are none."""
    customer = profile(missing=(Missing(Part.EVENTS, Why.NOT_ENABLED),), recent_only=True)

    assert shown(customer).missing == (Message("missing.events.replaced"),)


def test_footer() -> None:
    """The footer says what the card rests on."""
    changed = Message("card.last_modified", {"ago": Ago(datetime(2026, 3, 5, 9, 0, tzinfo=UTC))})
    fetched = Message("card.fetched", {"ago": Ago(NOON)})

    assert shown().footer == (changed, fetched)
    assert shown(profile(dropped=2, last_modified=None, name=Name()), source=Source("prod", "mp-1")).footer == (
        fetched,
        Message("card.sandbox", {"sandbox": Data("prod")}),
        Message("card.merge_policy", {"policy": Data("mp-1")}),
        Message("fields.dropped", {"count": Number(Decimal(2))}, count=2),
    )
