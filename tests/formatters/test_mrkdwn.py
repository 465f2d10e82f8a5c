"""Cleaning, escaping, measuring, cutting."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formatters.mrkdwn import clean, cut, escape, inert, length, one_line, shorten, width

texts = st.text(max_size=200) | st.text("&<>ab é👍\u200d\u0301🇩🇪", max_size=60)


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@given(texts)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    """Slack's decoding gives back the very text, and its parser finds nothing in it."""
    escaped = escape(text)

    assert unescape(escaped) == text
    assert not set("<>") & set(escaped)


@given(texts)
def test_width_is_the_length_after_escaping(text: str) -> None:
    """So a text can be cut before it is escaped."""
    assert width(text) == length(escape(text))


@given(texts, st.integers(1, 60))
def test_cut_text_fits_and_says_so(text: str, most: int) -> None:
    """What is left is the beginning, then an ellipsis, and is never longer than asked, even when escaped."""
    shorter = cut(text, most)

    assert width(shorter) <= most
    assert shorter == text or (shorter.endswith("…") and text.startswith(shorter[:-1]))


@given(texts, st.integers(1, 60))
def test_no_entity_is_cut(text: str, most: int) -> None:
    """Half an entity would be shown as such."""
    shorter = shorten(escape(text), most)

    assert length(shorter) <= most
    assert re.search(r"&(?!amp;|lt;|gt;)", shorter) is None


@given(st.text("ab &", max_size=30), st.integers(1, 80))
def test_no_date_is_cut(before: str, most: int) -> None:
    """A date token is whole or gone."""
    token = "<!date^1793707200^{ago}|3 Nov 2026>"
    shorter = shorten(escape(before) + token + " later", most)

    assert ("<" in shorter) == (token in shorter)


@pytest.mark.parametrize(
    "character",
    ["👩‍👩‍👧‍👦", "👍🏽", "e\u0301", "🏳️‍🌈", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "नि"],
)
def test_what_reads_as_one_character_is_not_cut(character: str) -> None:
    """An emoji of several code points stays whole or goes."""
    for most in range(2, 12):
        shorter = cut("ab" + character + "cdefgh" * 3, most)[:-1]

        assert shorter in ("ab", "a", "") or shorter.startswith("ab" + character)


def test_flags_are_not_cut() -> None:
    """Two letters make a flag, so a cut goes between flags."""
    flags = "🇩🇪🇫🇷🇪🇸🇮🇹"

    assert cut(flags, 11) == "🇩🇪🇫🇷…"


def test_endless_clusters_are_cut_anyway() -> None:
    """A letter under a thousand accents must not empty the whole text."""
    assert length(cut("e" + "\u0301" * 1000, 100)) == 100


def test_what_can_not_be_seen_is_dropped() -> None:
    """Direction marks, zero widths, control characters and half characters are no part of a name."""
    assert one_line("a\u202eb\u2066c\u200fd\x00e\x1b[31mf\ud83dg\ufeff\u200bh\u061c") == "abcde[31mfgh"


def test_one_line_is_one_line() -> None:
    """Every run of white space is one space."""
    assert one_line(" a\r\n\tb\u2028c\x85d\u00a0 e ") == "a b c d e"


def test_lines_stay_lines_when_cleaned() -> None:
    """A terminal's cursor stays where it is, and text of several lines keeps them."""
    assert clean("a\nb\rc\x1b[2Jd\te") == "a\nb c[2Jd e"


@pytest.mark.parametrize("text", ["*b*", "_i_", "~s~", "`c`", ":tada:", "> q", "a\n>q", "a *b", "*", "(_x_)"])
def test_text_that_mrkdwn_would_format(text: str) -> None:
    """Such text must not be sent as mrkdwn."""
    assert not inert(text)


@pytest.mark.parametrize("text", ["EU_news_2026", "2*3", "a~b", "12:30", "email:, phone:", "a > b", "<!channel>", ""])
def test_text_that_mrkdwn_shows_as_it_is(text: str) -> None:
    """Once escaped, such text can stand in mrkdwn."""
    assert inert(text)


@given(st.lists(st.text("a *_~`:> \u00a0\t\n\u2028", max_size=6), max_size=4))
def test_lines_are_inert_together_when_each_is(lines: list[str]) -> None:
    """So what is said in several lines is looked through once."""
    assert inert("\n".join(lines)) is all(map(inert, lines))
