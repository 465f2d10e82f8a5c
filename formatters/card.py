"""What a card or a notice says: values and their order, free of language, of Slack and of layout.

A value knows what it is (money, a day, a person's own words), so that each form can show it well in the reader's language, and so
that customer data (`Data`) can never be mistaken for words of ours (`Message`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal

from formatters.record import record


@record
class Data:
    """Text that came from outside: a customer's name, what somebody typed. Never interpreted."""

    text: str


@record
class Message:
    """A sentence of the message catalogue. `count` picks the plural; every value is a placeholder `{name}` in it."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    count: int | None = None


@record
class Words:
    """Text that an organisation configured, by language ("de", "en"); the key "" serves every other language."""

    texts: Mapping[str, str]


@record
class Money:
    """`currency` is ISO 4217."""

    amount: Decimal
    currency: str


@record
class Number:
    """`unit` comes after the number, e.g. points."""

    value: Decimal
    unit: Message | Words | None = None


@record
class Percent:
    """`fraction` 0.25 is 25 %."""

    fraction: Decimal


@record
class Day:
    """A calendar day without a time zone, e.g. a birthday."""

    day: date


@record
class Month:
    """A calendar month, given by its first day."""

    first: date


@record
class Moment:
    """A point in time (aware), shown as a day in the reader's time zone."""

    at: datetime


@record
class Ago:
    """A point in time (aware), shown as a distance from now: Slack's own `{ago}`, so it stays true as the card ages."""

    at: datetime


@record
class Language:
    """A language or locale tag (`de`, `pt-BR`), shown by its name in the reader's language."""

    tag: str


@record
class Joined:
    """Several values, shown one after the other."""

    values: tuple[Value, ...]
    separator: str = " · "


Value = Data | Message | Words | Money | Number | Percent | Day | Month | Moment | Ago | Language | Joined

Row = tuple[Value | None, ...]


@record
class Field:
    """One of the card's key figures.."""

    key: str
    label: Message | Words
    value: Value
    note: Value | None = None


@record
class Section:
    """A titled list. Every row has as many cells as there are columns; an empty cell is None.

    `total` counts what the customer has, which may be more than the rows that are here. Rows may be made only as they are looked
    at, since most lists are longer than what is shown of them.
    """

    key: str
    title: Message | Words
    columns: tuple[Message | Words, ...]
    rows: Sequence[Row]
    total: int


@record
class Chart:
    """Bars over time in one unit; the same numbers are in the card's text too. `points`: label, value."""

    title: Message | Words
    series: Message | Words
    points: tuple[tuple[Value, Decimal], ...]
    currency: str | None = None


@record
class Action:
    """A button. With a `url` it opens a page; else `token` says what it is about (opaque, at most 2,000 characters)."""

    kind: str
    label: Message | Words | Data
    token: str | None = None
    url: str | None = None


@record
class Card:
    """The context card of one customer.

    `name` is the configured card it was made from; `banners` must not be overlooked (sample data, an old copy);
    `missing` names what could not be had, and why; `summary` is one line for notifications and screen readers.
    """

    name: str
    title: Value
    summary: Message
    about: tuple[Value, ...] = ()
    banners: tuple[Message, ...] = ()
    verdict: tuple[Words | Message, ...] = ()
    fields: tuple[Field, ...] = ()
    sections: tuple[Section, ...] = ()
    chart: Chart | None = None
    actions: tuple[Action, ...] = ()
    missing: tuple[Message, ...] = ()
    footer: tuple[Value, ...] = ()


@record
class Notice:
    """What to say instead of a card.

    The catalogue has `notice.<kind>.title` (what happened) and `notice.<kind>.text` (what to do, and who can do it), with
    `values` as placeholders. `lists` are shown as bullet points under the text. `reference` finds the matching log lines.
    """

    kind: str
    values: Mapping[str, Value] = field(default_factory=dict)
    lists: tuple[Value, ...] = ()
    actions: tuple[Action, ...] = ()
    reference: str | None = None
