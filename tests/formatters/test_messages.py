"""The catalogues."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from bot import errors
from formatters import messages
from formatters.mrkdwn import escape, inert
from tests.formatters.samples import NOTICES

ROOT = Path(__file__).parents[2]
FAMILIES = ("notice.", "reason.", "missing.", "consent.state.", "channel.", "section.", "column.", "status.", "wait.")
"""Keys that code puts together."""


def entries(language: str) -> dict[str, tuple[str, ...]]:
    with (ROOT / "formatters" / "locale" / language / "LC_MESSAGES" / "formatters.po").open("rb") as source:
        catalogue = read_po(source, locale=language, abort_invalid=True)
    return {_texts(each.id)[0]: _texts(each.string) for each in catalogue if each.id}


def _texts(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


ENGLISH = entries("en")


def code() -> str:
    return "\n".join(path.read_text() for room in ("bot", "formatters") for path in sorted((ROOT / room).rglob("*.py")))


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_catalogues_are_complete(language: str) -> None:
    """Every language has every key, with the same placeholders, and no empty text."""
    other = entries(language)

    assert other.keys() == ENGLISH.keys()
    for key, texts in other.items():
        assert all(texts)
        assert {name for text in texts for name in messages.placeholders(text)} == {
            name for text in ENGLISH[key] for name in messages.placeholders(text)
        }


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_texts_format_nothing_by_accident(language: str) -> None:
    """Our own words are the same in plain text and in mrkdwn."""
    for texts in entries(language).values():
        assert all(inert(text) and escape(text) == text for text in texts)


def test_every_error_has_its_notice() -> None:
    """A title and a text, and a sample that the snapshots show."""
    kinds = {leaf.kind for leaf in errors.leaves(errors.CustomerContextError)}

    assert kinds == NOTICES.keys()
    assert {f"notice.{kind}.{part}" for kind in kinds for part in ("title", "text")} <= ENGLISH.keys()


def test_no_key_is_missing() -> None:
    """Every key that stands in the code is in the catalogue."""
    used = set(re.findall(r"(?:\bMessage|\bmessage)\(\s*\"([\w.]+)\"", code()))

    assert used - ENGLISH.keys() == set()


def test_no_key_is_unused() -> None:
    """A sentence nobody says is not translated."""
    source = code()

    assert [key for key in ENGLISH if f'"{key}"' not in source and not key.startswith(FAMILIES)] == []


def test_plurals() -> None:
    """The count picks the form."""
    assert [messages.sentence("de", "card.identities", count)[0] for count in (1, 2)] == [("", "count"), ("", "count")]
    assert [messages.sentence("de", "card.identities", count)[1][0] for count in (1, 2)] == [" Identität", " Identitäten"]


def test_a_language_without_catalogue_reads_english() -> None:
    """Numbers and dates still follow the reader's own locale."""
    assert messages.sentence("pt", "value.yes") == messages.sentence("en", "value.yes") == (("yes", None),)


def test_an_unknown_key_is_shown() -> None:
    """A wrong word on a card is better than no card."""
    assert messages.sentence("de", "no.such.key") == (("no.such.key", None),)
