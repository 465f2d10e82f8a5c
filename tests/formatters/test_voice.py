"""Values in the reader's language."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given

from formatters import voice
from formatters.card import Ago, Data, Joined, Language, Message, Money, Number, Value, Words
from formatters.locale import Reader
from formatters.phrase import Clock, Phrase
from formatters.voice import Voice
from tests.formatters.monsters import values
from tests.formatters.samples import NOON

BRITISH, GERMAN, BRAZILIAN = (Voice(Reader(tag)) for tag in ("en_GB", "de_DE", "pt_BR"))


def test_every_kind_of_value_can_be_said() -> None:
    """A new kind of value needs its row in one of the tables."""
    assert {*voice._SIMPLE, *voice._COMPOSED} == set(get_args(Value))


@given(values)
def test_anything_said_is_one_line_of_something(value: Value) -> None:
    """No value is empty, breaks a line or takes another length when it is cut."""
    phrase = GERMAN.say(value)

    assert str(phrase).strip()
    assert "\n" not in str(phrase)
    assert len(str(phrase.cut(40))) <= 40


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"de": "Stufe", "en": "Tier"}, "Stufe"),
        ({"": "Tier", "fr": "Rang"}, "Tier"),
        ({"fr": "Rang", "en": "Tier"}, "Rang"),
        ({}, "–"),
    ],
)
def test_words_come_in_the_readers_language(texts: dict[str, str], expected: str) -> None:
    """Else in the one for all others, else in the first."""
    assert str(GERMAN.say(Words(texts))) == expected


def test_units_stay_with_their_number() -> None:
    """A line never breaks between them."""
    assert str(GERMAN.say(Number(Decimal(1200), Words({"de": "Punkte"})))) == "1.200\xa0Punkte"
    assert str(GERMAN.say(Number(Decimal(1), Message("more", count=1200)))) == "1\xa01.200 weitere Einträge"


def test_english_words_carry_the_readers_numbers() -> None:
    """There is no Portuguese catalogue; the numbers are Brazilian all the same."""
    assert str(BRAZILIAN.say(Message("more", count=1200))) == "1.200 more"
    assert str(BRITISH.say(Message("more", count=1200))) == "1,200 more"


def test_sentences_hold_values() -> None:
    """A placeholder may be a value of any kind, another sentence included."""
    wait = Message("notice.throttled.text", {"wait": Message("wait.seconds", {"count": Number(Decimal(5))}, count=5)})

    assert str(GERMAN.say(wait)).endswith("Bitte versuchen Sie es in 5 Sekunden noch einmal.")


def test_a_time_ago_is_a_clock() -> None:
    """Slack keeps it true; its fallback is the date."""
    assert BRITISH.say(Message("card.fetched", {"ago": Ago(NOON)})) == Phrase(
        ("Fetched ", Clock(1793707200, "3 Nov 2026, 12:00"))
    )


def test_currencies_and_languages_from_outside_are_cleaned() -> None:
    """A code is data like any other."""
    assert str(BRITISH.say(Money(Decimal(5), "\u202eX\nY"))).startswith("X Y")
    assert str(BRITISH.say(Language("\u202ex\n!"))) == "x !"


def test_endless_lists_end() -> None:
    """An order of 500 items is not said to its end."""
    said = str(BRITISH.say(Joined((Data("x" * 50),) * 500, ", ")))

    assert said.endswith("…")
    assert len(said) < 1500


def test_long_data_is_looked_at_in_part() -> None:
    """50 KB of a name cost no more than 1 KB."""
    assert len(str(BRITISH.say(Data("x" * 50_000)))) == 1001
