"""Who reads, and how numbers, money and time look to them. Babel has the facts (Unicode's CLDR)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal, format_percent

_SLACKS_OWN = {"es_LA": "es_419"}
"""Slack's tags that CLDR has under another name."""

_KEPT = 4096
"""Formatting takes Babel 10 to 20 µs, and amounts and days recur. What is kept says nothing about whose it is."""

_LONGEST = 24
"""Digits on either side of the point beyond which a number is shown as it came: 1E+999999 would fill memory."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: a CLDR locale (`de_CH`) and an IANA time zone."""

    locale: str = "en_US"
    time_zone: str = "UTC"

    @classmethod
    def of(cls, slack_locale: str | None, tz: str | None, default: Reader | None = None) -> Reader:
        """From what Slack's `users.info` says (`de-DE`, `Europe/Berlin`); what is unknown is taken from `default`."""
        default = default or cls()
        locale = _parse(slack_locale or "")
        return cls(str(locale) if locale else default.locale, tz if _zone(tz or "") and tz else default.time_zone)

    @property
    def language(self) -> str:
        """The language alone, e.g. `de`."""
        return babel_locale(self.locale).language


def number(value: Decimal, reader: Reader) -> str:
    """E.g. 1,234.5."""
    return _number(value, reader.locale) if showable(value) else str(value)


@lru_cache(maxsize=_KEPT)
def whole(count: int, locale: str) -> str:
    """A whole number, e.g. 1,234."""
    return number(Decimal(count), Reader(locale))


def money(amount: Decimal, currency: str, reader: Reader) -> str:
    """E.g. €1,234.50. A currency that nobody knows is shown by its code."""
    return _money(amount, currency, reader.locale) if showable(amount) else f"{amount} {currency}"


def percent(fraction: Decimal, reader: Reader) -> str:
    """E.g. 12.5%, with one decimal at most."""
    return _percent(round(fraction, 3), reader.locale) if showable(fraction) else str(fraction)


def moment(at: datetime, reader: Reader) -> str:
    """The day of a moment where the reader is."""
    return day(_there(at, reader).date(), reader.locale)


def moment_and_time(at: datetime, reader: Reader) -> str:
    """Day and time of a moment where the reader is."""
    there = _there(at, reader)
    return f"{day(there.date(), reader.locale)}, {_minute(there.hour, there.minute, reader.locale)}"


@lru_cache(maxsize=_KEPT)
def day(value: date, locale: str) -> str:
    """E.g. Nov 3, 2026."""
    return format_date(value, "medium", locale=babel_locale(locale))


@lru_cache(maxsize=_KEPT)
def month(first: date, locale: str) -> str:
    """E.g. Nov 2026."""
    return format_skeleton("yMMM", first, locale=babel_locale(locale))


@lru_cache(maxsize=_KEPT)
def language_name(tag: str, locale: str) -> str:
    """A language by its name for the reader, or the tag if it is no known language."""
    known = _parse(tag)
    return (known and known.get_display_name(babel_locale(locale))) or tag


@lru_cache(maxsize=_KEPT)
def babel_locale(tag: str) -> Locale:
    """Babel's locale for a tag that may come from anywhere; American English for an unknown one."""
    return _parse(tag) or Locale("en", "US")


@lru_cache(maxsize=_KEPT)
def _minute(hour: int, minute: int, locale: str) -> str:
    return format_time(time(hour, minute), "short", locale=babel_locale(locale))


@lru_cache(maxsize=_KEPT)
def _number(value: Decimal, locale: str) -> str:
    return format_decimal(value, locale=babel_locale(locale))


@lru_cache(maxsize=_KEPT)
def _money(amount: Decimal, currency: str, locale: str) -> str:
    return format_currency(amount, currency, locale=babel_locale(locale))


@lru_cache(maxsize=_KEPT)
def _percent(fraction: Decimal, locale: str) -> str:
    return format_percent(fraction, locale=babel_locale(locale), decimal_quantization=False)


@lru_cache(maxsize=_KEPT)
def _parse(tag: str) -> Locale | None:
    tag = tag.replace("-", "_")
    for candidate in (_SLACKS_OWN.get(tag, tag), tag.split("_", maxsplit=1)[0]):
        try:
            return Locale.parse(candidate)
        except (ValueError, UnknownLocaleError):
            continue
    return None


@lru_cache(maxsize=_KEPT)
def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _there(at: datetime, reader: Reader) -> datetime:
    try:
        return at.astimezone(_zone(reader.time_zone))
    except OverflowError:  # the first and the last day of the calendar
        return at


def showable(value: Decimal) -> bool:
    """Whether a number is of a size that people write out."""
    return value.is_finite() and -_LONGEST < value.adjusted() < _LONGEST
