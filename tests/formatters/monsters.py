"""Data that nobody should have to show, as hypothesis strategies and as the worst of everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

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
from tests.formatters.samples import NOTICES

NASTY = (
    "",
    " ",
    "<!channel>",
    "<@U012345>",
    "<https://evil.example|click>",
    "&amp; &lt;b&gt;",
    "*bold* _italic_ ~gone~ `code` :tada:",
    "> quoted",
    "line\nbreak\r\tand\x1b[31mred\x00",
    "\u202eevil\u202c\u2066\u2069\u200e\u200f",
    "עברית العربية",
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪👍🏽",
    "e\u0301" * 50,
    "\ud83d",
    "&" * 5000,
    "<" * 50_000,
    "x" * 50_000,
    "Ω" * 50_000,
    "👩‍👩‍👧‍👦" * 7000,
    "{count} {name!r} %s {{ 7*7 }}",
    "'\"",
)

texts = st.one_of(
    st.sampled_from(range(len(NASTY))).map(lambda place: NASTY[place][:500]),
    st.text(max_size=300),
    st.text(st.characters(codec=None), max_size=50),
)
zones = st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])
moments = st.datetimes(timezones=zones)
numbers = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.sampled_from([Decimal("1E+999999"), Decimal("1E-999999"), Decimal("-0.005"), Decimal(10) ** 23]),
)

words: st.SearchStrategy[Words] = st.builds(Words, st.dictionaries(st.sampled_from(["en", "de", "", "fr"]), texts, max_size=3))
leaves: st.SearchStrategy[Value] = st.one_of(
    st.builds(Data, texts),
    words,
    st.builds(Money, numbers, st.one_of(st.sampled_from(["EUR", "JPY", "XXX", "ABC"]), texts)),
    st.builds(Number, numbers, st.none() | words),
    st.builds(Percent, numbers),
    st.builds(Day, st.dates()),
    st.builds(Month, st.dates().map(lambda day: day.replace(day=1))),
    st.builds(Moment, moments),
    st.builds(Ago, moments),
    st.builds(Language, st.one_of(st.sampled_from(["de", "pt-BR", "zh_Hant_TW"]), texts)),
)
values: st.SearchStrategy[Value] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Joined, st.lists(inner, max_size=5).map(tuple)),
        st.builds(lambda value: Message("card.fetched", {"ago": value}), inner),
        st.builds(lambda value, number: Message("item", {"name": value, "quantity": number}), inner, inner),
    ),
    max_leaves=6,
)
messages: st.SearchStrategy[Message] = st.builds(lambda value: Message("card.summary_plain", {"title": value}), values)
fields = st.builds(Field, texts, words, values, st.none() | values)


@st.composite
def sections(draw: st.DrawFn) -> Section:
    width = draw(st.integers(1, 8))
    rows = draw(st.lists(st.tuples(*[st.none() | values] * width), max_size=15))
    return Section("any", draw(words), tuple(draw(words) for _ in range(width)), tuple(rows), draw(st.integers(0, 10_000)))


ours = st.sampled_from(["", "x", "é" * 250, "x" * 2000, "x" * 2001, "x" * 3001])
"""Tokens, addresses and kinds are not customer data, but may be too long."""

charts = st.builds(Chart, words, words, st.lists(st.tuples(values, numbers), max_size=30).map(tuple), st.none() | texts)
actions = st.builds(
    Action,
    st.sampled_from(["refresh", "ask:0", "ask:1", "open:adobe"]),
    st.builds(Data, texts) | words,
    st.none() | ours,
    st.none(),
) | st.builds(Action, ours.map("open:_".__add__), words, st.none(), ours.map("https://example.com/".__add__))


def some(of: st.SearchStrategy[object], most: int) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=most).map(tuple)


cards = st.builds(
    Card,
    st.just("standard"),
    values,
    messages,
    some(values, 12),
    some(messages, 4),
    some(words | messages, 8),
    some(fields, 12),
    some(sections(), 7),
    st.none() | charts,
    some(actions, 8),
    some(messages, 12),
    some(values, 12),
)


def filled(notice: Notice, filling: Value) -> Mapping[str, Value]:
    return dict.fromkeys(tuple(notice.values), filling)


notices: st.SearchStrategy[Notice] = st.builds(
    lambda notice, filling, lists, buttons, reference: replace(
        notice,
        values=filled(notice, filling),
        lists=lists,
        actions=buttons,
        reference=reference,
    ),
    st.sampled_from(list(NOTICES.values())),
    values,
    some(values, 15),
    some(actions, 8),
    st.none() | texts,
)


def monster(text: str) -> Card:
    """As much of everything as can be, and `text` everywhere."""
    data, label, moment = Data(text), Words({"": text}), Ago(datetime(2026, 11, 3, tzinfo=UTC))
    long = Joined((data, moment) * 250)
    sentence = Message("card.summary", {"title": long, "verdict": data})
    columns = 8
    row: tuple[Value, ...] = (long, *[data] * (columns - 1))
    listing = Section("any", label, (label,) * columns, (row,) * 5000, 1_000_000)
    return Card(
        name="standard",
        title=data,
        summary=sentence,
        about=(long,) * 20,
        banners=(sentence,) * 9,
        verdict=(label,) * 9,
        fields=(Field("any", label, long, long),) * 10,
        sections=(listing,) * 8,
        chart=Chart(label, label, tuple((Month(date(2020 + n, 1, 1)), Decimal(n)) for n in range(40)), text),
        actions=tuple(Action(f"ask:{n % 3}", data, token="t" * 2000) for n in range(9)),
        missing=(sentence,) * 20,
        footer=(long, sentence) * 10,
    )
