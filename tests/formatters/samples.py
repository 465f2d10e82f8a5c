"""Handmade cards and notices: what people will see, and what nobody should ever have to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

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
    Notice,
    Number,
    Percent,
    Section,
    Value,
    Words,
)

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def count(number: int) -> Number:
    return Number(Decimal(number))


def columns(*keys: str) -> tuple[Message, ...]:
    return tuple(Message(f"column.{key}") for key in keys)


def section(key: str, keys: tuple[str, ...], *rows: tuple[Value | None, ...], total: int = 0) -> Section:
    return Section(key, Message(f"section.{key}"), columns(*keys), rows, total or len(rows))


VERDICT = Words({"en": "High value, high churn risk.", "de": "Hoher Kundenwert, hohes Abwanderungsrisiko."})
OPTED_OUT = Words({"en": "Marketing e-mail opted out.", "de": "Keine Werbung per E-Mail gewünscht."})
NAME = Data("Ada Lovelace")

FULL = Card(
    name="standard",
    title=NAME,
    summary=Message("card.summary", {"title": NAME, "verdict": Joined((VERDICT, OPTED_OUT), " ")}),
    about=(
        Data("a•••@example.com"),
        Message("card.customer_since", {"day": Day(date(2019, 3, 1))}),
        Language("de-AT"),
        Data("Europe/Vienna"),
        Message("card.matched_by", {"namespace": Words({"en": "e-mail address", "de": "E-Mail-Adresse"})}),
        Message("card.identities", count=3),
    ),
    banners=(Message("banner.sample"), Message("banner.old_copy", {"ago": Ago(NOON)})),
    verdict=(VERDICT, OPTED_OUT),
    fields=(
        Field(
            "lifetime_value",
            Words({"en": "Lifetime value", "de": "Kundenwert"}),
            euros("5230"),
            Message("note.as_of", {"day": Moment(NOON)}),
        ),
        Field(
            "churn",
            Words({"en": "Churn risk", "de": "Abwanderungsrisiko"}),
            Message("value.of", {"number": count(82), "scale": count(100)}),
            Joined(
                (
                    Words({"en": "high", "de": "hoch"}),
                    Message("note.unfavourable"),
                    Message("note.scored", {"day": Moment(NOON - timedelta(days=2))}),
                )
            ),
        ),
        Field("last_purchase", Message("field.last_purchase"), Moment(NOON - timedelta(days=20)), euros("129.90")),
        Field("orders", Words({"": "Orders"}), count(1234)),
        Field("preferred_channel", Message("field.preferred_channel"), Message("channel.sms")),
        Field("tier", Words({"en": "Tier", "de": "Stufe"}), Data("*Gold*")),
        Field("discount", Words({"en": "Discount", "de": "Rabatt"}), Percent(Decimal("0.125"))),
        Field(
            "marketing_consent",
            Message("field.marketing_consent"),
            Message("consent.state.no"),
            Message("note.as_of", {"day": Moment(NOON)}),
        ),
    ),
    sections=(
        section(
            "audiences",
            ("audience", "since"),
            (Data("EU_newsletter_2026"), Moment(NOON - timedelta(days=90))),
            (Data("VIP"), Moment(NOON - timedelta(days=9))),
            (Message("audience.unnamed", {"id": Data("9f2c")}), None),
            total=12,
        ),
        section(
            "purchases",
            ("date", "order", "items", "amount"),
            (
                Moment(NOON - timedelta(days=20)),
                Data("A-10017"),
                Joined((Message("item", {"quantity": count(2), "name": Data("Boots <M>")}), Data("Hat")), ", "),
                euros("129.90"),
            ),
            (Moment(NOON - timedelta(days=50)), Data("A-10002"), None, euros("80")),
        ),
        section(
            "interactions",
            ("date", "what", "campaign"),
            (
                Moment(NOON - timedelta(days=1)),
                Words({"en": "E-mail opened", "de": "E-Mail geöffnet"}),
                Data("Autumn *sale* & <!channel>"),
            ),
        ),
        section("consents", ("consent", "state", "since"), (Words({"": "E-mail"}), Message("consent.state.no"), Moment(NOON))),
        section("attributes", ("attribute", "value"), (Words({"": "Newsletter"}), Message("value.yes"))),
    ),
    chart=Chart(
        Message("chart.purchases"),
        Message("chart.amount"),
        tuple((Month(date(2026, month, 1)), Decimal(month * 10)) for month in (8, 9, 10)),
        "EUR",
    ),
    actions=(
        Action("refresh", Message("action.refresh"), token="v1.sealed"),
        Action("open:adobe", Words({"en": "Open in Adobe", "de": "In Adobe öffnen"}), url="https://experience.adobe.com/#/x/1"),
    ),
    missing=(Message("missing.audience_names.throttled"),),
    footer=(
        Message("card.last_modified", {"ago": Ago(NOON - timedelta(hours=5))}),
        Message("card.fetched", {"ago": Ago(NOON)}),
        Message("card.sandbox", {"sandbox": Data("prod")}),
        Message("fields.dropped", count=2),
    ),
)

PLAIN = replace(FULL, about=FULL.about[:2], banners=(), chart=None, missing=(), sections=FULL.sections[:2])

EMPTY = Card(
    name="standard",
    title=Message("card.unnamed"),
    summary=Message("card.summary_plain", {"title": Message("card.unnamed")}),
    sections=(section("audiences", ("audience", "since")),),
)

EXAMPLES = (
    Message(
        "help.example", {"namespace": Words({"en": "e-mail address", "de": "E-Mail-Adresse"}), "example": Data("ada@example.com")}
    ),
    Message("help.example", {"namespace": Words({"en": "CRM ID", "de": "CRM-Nummer"}), "example": Data("crm:C-10001")}),
)
OTHERS = (
    Message("try.other_namespace", {"namespace": Words({"en": "CRM ID", "de": "CRM-Nummer"}), "example": Data("crm:C-10001")}),
)
EMAIL = Words({"en": "e-mail address", "de": "E-Mail-Adresse"})

NOTICES = {
    each.kind: each
    for each in (
        Notice("help", lists=EXAMPLES),
        Notice("not_an_identity", {"typed": Data("the *angry* one")}, lists=EXAMPLES),
        Notice("person_mentioned"),
        Notice("unknown_namespace", {"alias": Data("foo"), "namespaces": Joined((Data("email:"), Data("phone:")), ", ")}),
        Notice(
            "several_identities",
            actions=(Action("ask:0", Data("ada@example.com"), token="a"), Action("ask:1", Data("bob@example.com"), token="b")),
        ),
        Notice("value_not_accepted", {"value": Data("030 23"), "namespace": EMAIL, "reason": Message("reason.needs_country")}),
        Notice("token_not_accepted"),
        Notice("not_allowed", {"reason": Message("reason.other_workspace")}),
        Notice("asked_too_often", {"wait": Message("wait.seconds", {"count": count(12)}, count=12)}),
        Notice("restarting"),
        Notice(
            "not_found",
            {"identity": Data("ada@gmial.com"), "namespace": EMAIL},
            lists=OTHERS,
            actions=(Action("ask:0", Data("ada@gmail.com"), token="t"),),
            reference="7f3a9c",
        ),
        Notice(
            "too_many_identities",
            {"got": Message("value.more_than", {"number": count(50)}), "most": count(50)},
            reference="7f3a9c",
        ),
        Notice("busy", {"wait": Message("wait.seconds", {"count": count(4)}, count=4)}, reference="7f3a9c"),
        Notice("budget_spent", {"wait": Message("wait.hours", {"count": count(7)}, count=7)}, reference="7f3a9c"),
        Notice("source_down", {"wait": Message("wait.seconds", {"count": count(2)}, count=2)}, reference="7f3a9c"),
        Notice("no_merge_policy", reference="7f3a9c"),
        Notice("request_refused", {"status": Data("422")}, reference="7f3a9c"),
        Notice(
            "namespace_refused",
            {"namespace": Data("Loyalty"), "namespaces": Joined((Data("Email"), Data("CRMID")), ", ")},
            reference="7f3a9c",
        ),
        Notice("not_set_up", {"code": Data("403025")}, reference="7f3a9c"),
        Notice("throttled", {"wait": Message("wait.seconds", count=5)}, reference="7f3a9c"),
        Notice("source_failed", reference="7f3a9c"),
        Notice("unreachable", reference="7f3a9c"),
        Notice("deadline_passed", {"deadline": count(8)}, reference="7f3a9c"),
        Notice("broken", reference="7f3a9c"),
    )
}
