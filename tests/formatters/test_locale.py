"""Who reads, and how numbers and time look to them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formatters import locale
from formatters.locale import Reader

AMERICAN, BRITISH = Reader("en_US", "America/New_York"), Reader("en_GB", "Europe/London")
GERMAN, SWISS, BRAZILIAN = Reader("de_DE", "Europe/Berlin"), Reader("de_CH", "Europe/Zurich"), Reader("pt_BR", "UTC")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("de-DE", "de_DE"),
        ("en-GB", "en_GB"),
        ("pt-BR", "pt_BR"),
        ("es-LA", "es_419"),
        ("zh-TW", "zh_Hant_TW"),
        ("de-XX", "de"),
        ("xx-YY", "en_US"),
        ("", "en_US"),
        (None, "en_US"),
        ("../../etc/passwd", "en_US"),
    ],
)
def test_slacks_tags_are_understood(tag: str | None, expected: str) -> None:
    """An unknown region leaves the language; an unknown language the default."""
    assert Reader.of(tag, None).locale == expected


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", None, "/etc/passwd", "../x", "a\0b", "Europe"])
def test_an_unknown_time_zone_is_the_defaults(zone: str | None) -> None:
    """No name of a zone raises."""
    assert Reader.of("de-DE", zone, GERMAN) == GERMAN


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_tag_raises(tag: str, zone: str) -> None:
    """Whatever Slack says, there is a reader, and it can be told the time."""
    assert locale.moment(datetime(2026, 11, 3, tzinfo=UTC), Reader.of(tag, zone))
    assert Reader(tag, zone).language


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (AMERICAN, "€1,234.50"),
        (BRITISH, "€1,234.50"),
        (GERMAN, "1.234,50\xa0€"),
        (SWISS, "EUR\xa01’234.50"),
        (BRAZILIAN, "€\xa01.234,50"),
    ],
    ids=lambda value: getattr(value, "locale", ""),
)
def test_money_follows_the_whole_locale(reader: Reader, expected: str) -> None:
    """Swiss German isn't German where numbers are concerned."""
    assert locale.money(Decimal("1234.5"), "EUR", reader) == expected


def test_money_of_an_unknown_currency_is_shown() -> None:
    """The amount and the code, as they came."""
    assert locale.money(Decimal(5), "QQQ", AMERICAN) == "QQQ5.00"


def test_days_follow_the_whole_locale() -> None:
    """British days come before months."""
    assert [locale.day(date(2026, 11, 3), reader.locale) for reader in (AMERICAN, BRITISH, GERMAN)] == [
        "Nov 3, 2026",
        "3 Nov 2026",
        "03.11.2026",
    ]
    assert locale.month(date(2026, 11, 1), "de_DE") == "Nov. 2026"


def test_a_moment_is_a_day_where_the_reader_is() -> None:
    """Shortly before midnight in London it is tomorrow in Berlin."""
    at = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)

    assert locale.moment(at, BRITISH) == "3 Nov 2026"
    assert locale.moment_and_time(at, GERMAN) == "04.11.2026, 00:30"


def test_the_first_day_of_the_calendar_is_shown() -> None:
    """There is no day before it to move it to."""
    assert locale.moment(datetime.min.replace(tzinfo=UTC), AMERICAN) == "Jan 1, 1"


def test_percents_have_one_decimal_at_most() -> None:
    """More would pretend more."""
    assert [locale.percent(Decimal(value), AMERICAN) for value in ("0.25", "0.1256", "1")] == ["25%", "12.6%", "100%"]


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "sNaN", "1E+999999", "1E-999999"])
def test_numbers_beyond_reason_are_shown_as_they_came(value: str) -> None:
    """Writing them out would fill memory."""
    shown = {
        locale.number(Decimal(value), GERMAN),
        locale.percent(Decimal(value), GERMAN),
        locale.money(Decimal(value), "EUR", GERMAN).removesuffix(" EUR"),
    }

    assert shown == {value}


def test_zero_is_a_number() -> None:
    """However it is written."""
    assert locale.number(Decimal("0.00"), AMERICAN) == "0"


@pytest.mark.parametrize(("tag", "expected"), [("de", "German"), ("pt-BR", "Portuguese (Brazil)"), ("q!", "q!")])
def test_languages_have_names(tag: str, expected: str) -> None:
    """A tag that names no language is shown as it is."""
    assert locale.language_name(tag, "en_US") == expected
