"""What a card or notice holds, said in the reader's language and cut to the room there is. No word of a form yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from formatters.card import Action, Card, Chart, Data, Money, Number, Row, Section, Value
from formatters.elements import FIELD_TEXT, SECTION_TEXT, Element, marked, plain
from formatters.locale import showable, whole
from formatters.mrkdwn import inert
from formatters.phrase import Phrase
from formatters.record import record
from formatters.templating import Templates
from formatters.voice import Voice

Argument = Phrase | str | list[Phrase] | None

_COLUMNS = 6
_CHART_POINTS = 12


class Room(NamedTuple):
    """How much fits: rows of a list, characters of one value, of one sentence."""

    rows: int
    value: int
    sentence: int


@record
class Listing:
    """A section, ready to be laid out. `shown` and `columns` are what it is made of, for a form that shows more than lines."""

    heading: str
    rows: list[list[Phrase | None]]
    more: Phrase | None
    columns: tuple[Value, ...]
    shown: Sequence[Row]

    @property
    def lines(self) -> list[Phrase]:
        """Each row as one line."""
        return [Phrase.join(" · ", filter(None, row)) for row in self.rows]

    @property
    def numeric(self) -> set[int]:
        """The columns that hold numbers."""
        return {place for row in self.shown for place, cell in enumerate(row) if isinstance(cell, Money | Number)}


@record
class Graph:
    """A chart, ready to be laid out; `numbers` says the same in words."""

    title: Phrase
    series: Phrase
    unit: Phrase | None
    points: tuple[tuple[Phrase, Decimal], ...]
    numbers: Phrase


@record
class Page:
    """One reader's page with so much room."""

    voice: Voice
    templates: Templates
    room: Room

    def say(self, value: Value) -> Phrase:
        """A value, cut."""
        return self.voice.say(value).cut(self.room.value)

    def sentences(self, values: Iterable[Value], most: int = 3) -> list[Phrase]:
        """Each as a sentence, cut; `most` of them."""
        return [self.voice.say(value).cut(self.room.sentence) for value, _ in zip(values, range(most), strict=False)]

    def verdict(self, card: Card) -> Phrase | None:
        """All sentences of the verdict as one."""
        return Phrase.join(" ", self.sentences(card.verdict, 6)).cut(2 * self.room.sentence) if card.verdict else None

    def figures(self, card: Card) -> Iterator[tuple[Phrase, Phrase, Phrase | None]]:
        """Label, value and note of each key figure."""
        for field in card.fields:
            yield self.say(field.label), self.say(field.value), self.say(field.note) if field.note else None

    def listing(self, section: Section) -> Listing:
        """A section's list, with as many rows as there is room for."""
        shown = section.rows[: self.room.rows]
        left = max(section.total, len(section.rows)) - len(shown)
        total = whole(left + len(shown), self.voice.reader.locale)
        width = min(len(section.columns), _COLUMNS)
        return Listing(
            heading=f"{self.say(section.title)} ({total})",
            rows=[[None if cell is None else self.say(cell) for cell in row[:width]] for row in shown],
            more=self.voice.message("more", count=left) if left else None,
            columns=section.columns[:width],
            shown=shown,
        )

    def graph(self, chart: Chart) -> Graph:
        """The latest points of a chart."""
        points = tuple((self.say(label), value) for label, value in chart.points[-_CHART_POINTS:] if showable(value))
        numbers = ((label, self.say(self._amount(value, chart.currency))) for label, value in points)
        return Graph(
            title=self.say(chart.title),
            series=self.say(chart.series),
            unit=self.say(Data(chart.currency)) if chart.currency else None,
            points=points,
            numbers=Phrase.join(" · ", (Phrase.join(" ", pair) for pair in numbers)),
        )

    def buttons(self, actions: Iterable[Action]) -> Iterator[tuple[str, Phrase, str | None, str | None]]:
        """Kind, label, value and URL of each button."""
        return ((action.kind, self.voice.say(action.label), action.token, action.url) for action in actions)

    def write(self, macro: str, *arguments: Argument, most: int = SECTION_TEXT) -> Element:
        """A text from the templates: mrkdwn, or its plain twin where what came from outside would format."""
        if inert("\n".join(_words(arguments))):
            return marked(str(getattr(self.templates.marked_lines, macro)(*arguments)).strip(), most)
        return plain(str(getattr(self.templates.plain_lines, macro)(*arguments)).strip(), most)

    def write_field(self, label: Phrase, value: Phrase, note: Phrase | None) -> Element:
        """A key figure."""
        return self.write("figure", label, value, note, most=FIELD_TEXT)

    @staticmethod
    def _amount(value: Decimal, currency: str | None) -> Value:
        return Money(value, currency) if currency else Number(value)


def _words(arguments: Iterable[Argument]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, list):
            yield from map(str, argument)
        elif argument is not None:
            yield str(argument)
