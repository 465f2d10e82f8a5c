"""Says the view model's values in the reader's language: Value → Phrase."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from formatters import locale, messages
from formatters.card import Ago, Data, Day, Joined, Language, Message, Moment, Money, Month, Number, Percent, Value, Words
from formatters.locale import Reader
from formatters.mrkdwn import ELLIPSIS, one_line
from formatters.phrase import Clock, Phrase, Piece

_MOST = 1000
"""Characters of one value that are looked at; no form shows as many."""

_KEPT = 4096
"""Sentences of ours, words of the organisation, codes of currencies: they recur, and say nothing about a customer."""


class Voice:
    """Speaks to one reader."""

    __slots__ = ("language", "reader")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.language = reader.language

    def say(self, value: Value) -> Phrase:
        """The value as the reader should see it."""
        kind = type(value)
        if tell := _SIMPLE.get(kind):
            text = tell(value, self)
            return Phrase.text(text) if kind is Data else _phrase(text)  # a customer's own words are not kept
        if isinstance(value, Message) and not value.values:
            return _fixed(self.reader.locale, value.key, value.count)
        return Phrase.of(self.pieces(value))

    def message(self, key: str, values: Mapping[str, Value] | None = None, count: int | None = None) -> Phrase:
        """A sentence of the catalogue."""
        return self.say(Message(key, values, count)) if values else _fixed(self.reader.locale, key, count)

    def pieces(self, value: Any) -> Collection[Piece]:
        """What the phrase for the value consists of."""
        if tell := _SIMPLE.get(type(value)):
            return (tell(value, self),)
        return _COMPOSED[type(value)](self, value)


def _outside(text: str) -> str:
    return one_line(text if len(text) <= _MOST else text[:_MOST] + ELLIPSIS)


_recurring = lru_cache(_KEPT)(_outside)
_phrase = lru_cache(_KEPT)(Phrase.text)


@lru_cache(_KEPT)
def _fixed(reads: str, key: str, count: int | None) -> Phrase:
    """A sentence without values for who `reads` in a locale."""
    number = "" if count is None else locale.whole(count, reads)
    parts = messages.sentence(locale.babel_locale(reads).language, key, count)
    return Phrase.text("".join(literal + (number if name == "count" else "") for literal, name in parts))


def _filled(voice: Voice, message: Message) -> list[Piece]:
    pieces: list[Piece] = []
    for literal, name in messages.sentence(voice.language, message.key, message.count):
        pieces.append(literal)
        if name == "count" and message.count is not None:
            pieces.append(locale.whole(message.count, voice.reader.locale))
        elif name:
            pieces += voice.pieces(message.values[name])
    return pieces


def _with_unit(number: Number, voice: Voice) -> str:
    written = locale.number(number.value, voice.reader)
    return "".join((written, "\N{NO-BREAK SPACE}", *map(str, voice.pieces(number.unit)))) if number.unit else written


def _chosen(words: Words, voice: Voice) -> str:
    texts = words.texts
    language = voice.language if voice.language in texts else ""
    return _recurring(texts[language] if language in texts else next(iter(texts.values()), ""))


def _clock(voice: Voice, ago: Ago) -> tuple[Piece]:
    return (Clock(int(ago.at.timestamp()), locale.moment_and_time(ago.at, voice.reader)),)


def _joined(voice: Voice, joined: Joined) -> list[Piece]:
    room = _MOST
    pieces: list[Piece] = []
    for value in joined.values:
        if room < 0:
            return [*pieces, ELLIPSIS]
        phrase = voice.say(value)
        room -= len(str(phrase))
        pieces += (joined.separator, *phrase.pieces) if pieces else phrase.pieces
    return pieces


_SIMPLE: dict[type, Callable[[Any, Voice], str]] = {
    Data: lambda data, _voice: _outside(data.text),
    Words: _chosen,
    Money: lambda money, voice: locale.money(money.amount, _recurring(money.currency), voice.reader),
    Number: _with_unit,
    Percent: lambda percent, voice: locale.percent(percent.fraction, voice.reader),
    Day: lambda day, voice: locale.day(day.day, voice.reader.locale),
    Month: lambda month, voice: locale.month(month.first, voice.reader.locale),
    Moment: lambda moment, voice: locale.moment(moment.at, voice.reader),
    Language: lambda language, voice: locale.language_name(_outside(language.tag), voice.reader.locale),
}
"""Values that are one string."""

_COMPOSED: dict[type, Callable[[Voice, Any], Collection[Piece]]] = {
    Message: _filled,
    Ago: _clock,
    Joined: _joined,
}
"""Values that hold others, or a clock."""
