"""The catalogues: every sentence of ours, by symbolic key and language.

`locale/<language>/LC_MESSAGES/formatters.po` is read into memory; there are no compiled files to forget. A language without a
catalogue, and a key missing in one, are served in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = ("en", "de")

Sentence = tuple[tuple[str, str | None], ...]
"""Pairs of literal text and the placeholder that follows it."""

_CATALOGUES = Path(__file__).parent / "locale"


@lru_cache(maxsize=4096)
def sentence(language: str, key: str, count: int | None = None) -> Sentence:
    """The sentence with this key, ready to be filled. `count` picks its plural form."""
    catalogue = _catalogue(language if language in LANGUAGES else LANGUAGES[0])
    text = catalogue.gettext(key) if count is None else catalogue.ngettext(key, key, count)
    return tuple(_parts(text))


def placeholders(text: str) -> set[str]:
    """The names in a catalogue text, e.g. {"title", "verdict"}."""
    return {name for _, name in _parts(text) if name}


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> NullTranslations:
    compiled = BytesIO()
    with (_CATALOGUES / language / "LC_MESSAGES" / "formatters.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    translations = Translations(compiled)
    if language != LANGUAGES[0]:
        translations.add_fallback(_catalogue(LANGUAGES[0]))
    return translations


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    return ((literal, name) for literal, name, _, _ in Formatter().parse(text))
