"""Cards and notices for terminals."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from syrupy.assertion import SnapshotAssertion

from formatters.card import Action, Card, Chart, Data, Notice, Words
from formatters.locale import Reader
from formatters.text import text
from tests.formatters.monsters import NASTY, cards, monster
from tests.formatters.samples import EMPTY, FULL, NOTICES, PLAIN
from tests.formatters.test_blocks import ANYTHING

CONTENTS: list[Card | Notice] = [FULL, PLAIN, EMPTY, *NOTICES.values()]
BRITISH = Reader("en_GB", "Europe/London")


@pytest.mark.parametrize("reader", [BRITISH, Reader("de_DE", "Europe/Berlin")], ids=lambda reader: reader.locale)
def test_contents_look_like_this(reader: Reader, snapshot: SnapshotAssertion) -> None:
    """One snapshot a language, of every card and notice."""
    assert [text(each, reader) for each in CONTENTS] == snapshot


@ANYTHING
@given(cards)
def test_no_card_moves_the_cursor(card: Card) -> None:
    """Nothing but visible characters, joiners of emoji and line ends reaches a terminal."""
    shown = text(card, BRITISH)

    assert shown.endswith("\n")
    assert not {char for char in shown if unicodedata.category(char) in ("Cc", "Cs") and char != "\n"}
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(shown)


@pytest.mark.parametrize("data", NASTY, ids=lambda data: ascii(data[:12]))
def test_the_worst_card_is_readable(data: str) -> None:
    """Even so it ends."""
    assert len(text(monster(data), BRITISH)) < 700_000


def test_data_is_shown_as_it_is() -> None:
    """A terminal parses neither entities nor asterisks."""
    assert "Autumn *sale* & <!channel>" in text(FULL, BRITISH)


def test_links_are_written_out() -> None:
    """Buttons that open pages are lines; those that ask Slack are not there."""
    card = replace(
        EMPTY, actions=(Action("refresh", Data("Refresh"), token="t"), Action("open:x", Data("Open"), url="https://x.example"))
    )

    assert text(card, BRITISH) == "Customer without a name\n\nOpen: https://x.example\n"


def test_a_chart_without_points_is_dropped() -> None:
    """As in Slack."""
    assert text(replace(EMPTY, chart=Chart(Words({"": "T"}), Words({"": "S"}), ())), BRITISH) == "Customer without a name\n"


def test_offers_are_written_out() -> None:
    """A terminal has no buttons, so what they offer is listed; where a notice has a list already, it has them in words."""
    offers = (Action("ask:0", Data("C-1"), token="t"), Action("ask:1", Data("ada@example.com"), token="t"))

    assert text(Notice("several_identities", actions=offers), BRITISH).endswith("• C-1\n• ada@example.com\n")
    assert "• C-1" not in text(Notice("help", lists=(Data("one"),), actions=offers), BRITISH)
