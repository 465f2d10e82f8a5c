"""The classic form: sections, contexts and actions, which every workspace can show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formatters.card import Chart
from formatters.elements import Block, section
from formatters.form import Sheet
from formatters.page import Listing, Room
from formatters.phrase import Phrase


class Classic(Sheet):
    """Lists are a few lines each, since a section can't be folded."""

    __slots__ = ()
    rooms = (Room(5, 160, 300), Room(5, 60, 200), Room(2, 25, 120))

    def show_banner(self, text: Phrase) -> Block:
        """A bold line with a sign."""
        return section(self.write("banner", text))

    def show_verdict(self, text: Phrase) -> Block:
        """A bold line."""
        return section(self.write("verdict", text))

    def show_chart(self, _chart: Chart) -> Iterator[Block]:
        """Nothing: without bars a row of months only makes the card longer, and the purchases stand above."""
        yield from ()

    def show_listings(self, listings: Sequence[Listing]) -> Iterator[Block]:
        """One section block each."""
        for each in listings:
            yield section(self.write("listing", each.heading, each.lines, each.more))

    def show_prose(self, text: Phrase, bullets: list[Phrase]) -> Iterator[Block]:
        """A paragraph, then bullets."""
        yield section(self.write("paragraph", text))
        if bullets:
            yield section(self.write("bullets", bullets))
