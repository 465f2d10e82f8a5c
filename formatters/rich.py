"""The rich form: folded containers, a table, a chart, rich text.

Facts: https://docs.slack.dev/reference/block-kit/blocks/container-block, table-block, data-visualization-block. A container holds
sections and a table here, never rich_text: Slack's documentation allows that child, its validator was seen to refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formatters.card import Chart
from formatters.elements import Block, Element, context, plain, rich_section, rich_text, section
from formatters.form import Sheet
from formatters.mrkdwn import cut
from formatters.page import Graph, Listing, Room
from formatters.phrase import NOTHING, Phrase

CONTAINER_TITLE = 150
CHART_TITLE = 50
CHART_LABEL = 20
AXIS_LABEL = 50
_TABLE_FROM = 4
"""Columns from which a list is better read as a table. A message may hold one table."""


class Rich(Sheet):
    """Lists are folded under their title, count and first line, so the card stays short and holds more."""

    __slots__ = ()
    rooms = (Room(10, 160, 300), Room(6, 60, 200), Room(2, 25, 120))

    def show_banner(self, text: Phrase) -> Block:
        """A bold line with a sign."""
        return rich_text(rich_section(Phrase.of(("⚠️ ", *text.pieces)), bold=True))

    def show_verdict(self, text: Phrase) -> Block:
        """A bold line."""
        return rich_text(rich_section(text, bold=True))

    def show_chart(self, chart: Chart) -> Iterator[Block]:
        """Bars, with the numbers below for those who can't see them. Two bars of one name would be refused."""
        graph = self.graph(chart)
        if not graph.points:
            return
        labels = [cut(str(label), CHART_LABEL) for label, _ in graph.points]
        if len(set(labels)) < len(labels):
            yield section(self.write("numbers", graph.title, graph.numbers))
            return
        yield _bars(graph, labels)
        yield from context([graph.numbers])

    def show_listings(self, listings: Sequence[Listing]) -> Iterator[Block]:
        """One folded container each."""
        table = next((each for each in listings if len(each.columns) >= _TABLE_FROM), None)
        return (self._folded(each, as_table=each is table) for each in listings)

    def show_prose(self, text: Phrase, bullets: list[Phrase]) -> Iterator[Block]:
        """A paragraph and a list of bullets."""
        parts = [rich_section(text)]
        if bullets:
            parts.append({"type": "rich_text_list", "style": "bullet", "elements": [rich_section(each) for each in bullets]})
        yield rich_text(*parts)

    def _folded(self, listing: Listing, *, as_table: bool) -> Block:
        lines = listing.lines
        children = [self._table(listing)] if as_table else [section(plain("\n".join(f"• {line}" for line in lines)))]
        if listing.more:
            children += context([listing.more])
        return {
            "type": "container",
            "title": plain(listing.heading, CONTAINER_TITLE),
            "subtitle": plain(next(iter(lines), NOTHING), CONTAINER_TITLE),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": children,
        }

    def _table(self, listing: Listing) -> Block:
        numeric = listing.numeric
        return {
            "type": "table",
            "column_settings": [
                {"align": "right" if place in numeric else "left", "is_wrapped": True} for place in range(len(listing.columns))
            ],
            "rows": [
                [_cell(self.say(column)) for column in listing.columns],
                *([_cell(cell or NOTHING) for cell in row] for row in listing.rows),
            ],
        }


def _cell(phrase: Phrase) -> Element:
    return {"type": "raw_text", "text": str(phrase)}


def _bars(graph: Graph, labels: list[str]) -> Block:
    bars = [{"label": label, "value": float(value)} for label, (_, value) in zip(labels, graph.points, strict=True)]
    axes: Element = {"categories": labels, "y_label": cut(str(graph.unit or graph.series), AXIS_LABEL)}
    series = [{"name": cut(str(graph.series), CHART_LABEL), "data": bars}]
    return {
        "type": "data_visualization",
        "title": cut(str(graph.title), CHART_TITLE),
        "chart": {"type": "bar", "series": series, "axis_config": axes},
    }
