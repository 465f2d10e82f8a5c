"""Phrases and their views."""

from __future__ import annotations

from formatters.phrase import NOTHING, Clock, Phrase

CLOCK = Clock(1, "1 Jan 1970")
FETCHED = Phrase(("Fetched <b> ", CLOCK, "."))


def test_one_phrase_has_two_views() -> None:
    """Plain text has the date, mrkdwn has Slack's token; only the words are escaped."""
    assert str(FETCHED) == "Fetched <b> 1 Jan 1970."
    assert FETCHED.__html__() == "Fetched &lt;b&gt; <!date^1^{ago}|1 Jan 1970>."


def test_neighbouring_words_are_one_piece() -> None:
    """So rich text has as few elements as can be."""
    assert Phrase.of(["a", "", "b", CLOCK, "", "c"]) == Phrase(("ab", CLOCK, "c"))


def test_nothing_is_a_dash() -> None:
    """Slack refuses empty texts."""
    assert Phrase.of([]) == Phrase.of([" ", ""]) == Phrase.text("") == Phrase.text(" ") == NOTHING


def test_joined_phrases_keep_their_clocks() -> None:
    """The separator stands between, never at an end."""
    assert Phrase.join(" · ", [FETCHED, Phrase.text("x")]) == Phrase(("Fetched <b> ", CLOCK, ". · x"))


def test_a_clock_is_whole_or_gone() -> None:
    """A cut goes before it or after it."""
    phrase = Phrase(("Fetched <b> ", CLOCK, " and more"))

    assert FETCHED.cut(29) == FETCHED
    assert [str(phrase.cut(most)) for most in (32, 29, 28, 20, 18, 10)] == [
        "Fetched <b> 1 Jan 1970 an…",
        "Fetched <b> 1 Jan 1970…",
        "Fetched <b> …",
        "Fetched <b> …",
        "Fetched <b…",
        "Fetched…",
    ]


def test_a_short_phrase_is_not_cut() -> None:
    """Nor is a new one made."""
    phrase = Phrase.text("short")

    assert phrase.cut(100) is phrase
