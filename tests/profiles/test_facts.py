"""Facts and scores are read as the configuration means them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot.config import Direction, Format
from bot.profiles.model import (
    Fact,
    Factor,
    Profile,
    Propensity,
)
from tests.profiles.invented import configured, read


def nested(path: str, value: object) -> dict[str, object]:
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def fact(value: object, **rule: object) -> tuple[tuple[Fact, ...], int]:
    config = configured("facts", {"key": "fact", "label": "Fact", "path": "_demo.fact"} | rule)
    profile = read(value if isinstance(value, dict) and "_demo" in value else nested("_demo.fact", value), mapping=config)
    return profile.facts, profile.dropped


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", " gold\t", {"text": "gold"}),
        ("text", 7, {"text": "7"}),
        ("text", 7.5, {"text": "7.5"}),
        ("text", 1e20, {"text": "100000000000000000000"}),
        ("text", Decimal("7.50"), {"text": "7.50"}),
        ("number", 7, {"number": Decimal(7)}),
        ("number", 0.1, {"number": Decimal("0.1")}),
        ("number", " 7.25 ", {"number": Decimal("7.25")}),
        ("number", 0, {"number": Decimal(0)}),
        ("number", "-1e3", {"number": Decimal(-1000)}),
        ("percent", 0.25, {"number": Decimal("0.25")}),
        ("date", "2026-03-01", {"day": date(2026, 3, 1)}),
        ("date", "2026-03-01T23:30:00+09:00", {"day": date(2026, 3, 1)}),
        ("yes_no", True, {"yes": True}),
        ("yes_no", False, {"yes": False}),
    ],
)
def test_fact(kind: str, value: object, expected: dict[str, object]) -> None:
    """Each format takes the values that mean one thing only."""
    assert fact(value, format=kind) == ((Fact("fact", Format(kind), **expected),), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", {"a": 1}), ("text", ["gold"]), ("text", True), ("text", float("nan")), ("text", 1e300),
        ("number", True), ("number", float("inf")), ("number", "1,234.50"), ("number", "1_000"), ("number", "٣"),
        ("number", "1e99"), pytest.param("number", 10**5000, id="huge"), ("number", 1e-99), ("number", "many"), ("number", [1]),
        ("number", 1e31), ("number", -1e31),
        ("date", "01.03.2026"), ("date", 20260301), ("date", "2026-02-30"),
        ("yes_no", "true"), ("yes_no", 1),
    ],
)  # fmt: skip
def test_unreadable_fact(kind: str, value: object) -> None:
    """A value that could mean anything else is dropped, and counted."""
    assert fact(value, format=kind) == ((), 1)


@pytest.mark.parametrize("value", [None, "", " \t"])
def test_absent_fact(value: object) -> None:
    """Null and blank are no values, and nothing is wrong with them."""
    assert fact(value) == ((), 0)


@pytest.mark.parametrize(
    ("value", "expected", "dropped"),
    [
        ({"amount": 12.5, "currency": "EUR"}, "EUR", 0),
        ({"amount": 12.5, "currency": "usd"}, "USD", 0),
        ({"amount": 12.5}, None, 1),
        ({"amount": 12.5, "currency": "euro"}, None, 2),
        ({"currency": "EUR"}, None, 0),
    ],
)
def test_money_at_a_path(value: object, expected: str | None, dropped: int) -> None:
    """An amount without a currency is a wrong value."""
    found = fact({"_demo": value}, path="_demo.amount", currency_path="_demo.currency", format="money")

    assert ([each.currency for each in found[0]], found[1]) == ([expected] if expected else [], dropped)


@pytest.mark.parametrize(("currency", "expected"), [(None, "EUR"), ("USD", "USD"), (7, None)])
def test_money_with_a_fixed_currency(currency: object, expected: str | None) -> None:
    """A fixed currency stands in where the data has none, not where the data's can't be read."""
    entity = {"_demo": {"amount": 1, "currency": currency}}
    facts, _ = fact(entity, path="_demo.amount", currency_path="_demo.currency", currency="EUR", format="money")

    assert [each.currency for each in facts] == ([expected] if expected else [])


def test_fact_from_elsewhere() -> None:
    """Where the first path has nothing readable the next one serves; `as_of` says when it was true."""
    entity: dict[str, object] = {"_demo": {"fact": {}, "other": 7, "at": "2026-03-01"}}
    facts, dropped = fact(entity, or_else=["_demo.none", "_demo.other"], format="number", as_of="_demo.at")

    assert facts == (Fact("fact", Format.NUMBER, number=Decimal(7), as_of=datetime(2026, 3, 1, tzinfo=UTC)),)
    assert dropped == 1


def score(value: object, **more: object) -> Profile:
    return read({"_demo": {"customerAI": {"churn": {"score": value, **more}}}})


def test_propensity() -> None:
    """A score has its band, and the factors that moved it, the most important first."""
    factors = [
        {"value": "few visits"},
        {"value": "no order", "importance": 0.2},
        {"value": "complaint", "importance": "0.7"},
        {"importance": 1},
        "odd",
    ]
    profile = score(70, scoreDate="2026-03-01T00:00:00Z", influentialFactors=factors)

    assert profile.propensities == (
        Propensity(
            "churn", Decimal(70), Decimal(100), "high", Direction.BAD, datetime(2026, 3, 1, tzinfo=UTC),
            (Factor("complaint", Decimal("0.7")), Factor("no order", Decimal("0.2")), Factor("few visits")),
        ),
    )  # fmt: skip
    assert profile.dropped == 1


@pytest.mark.parametrize(("value", "band"), [(0, "low"), (39.9, "low"), (40, "medium"), (69, "medium"), (100, "high")])
def test_band(value: object, band: str) -> None:
    """A band begins at its lowest score."""
    assert [each.band for each in score(value).propensities] == [band]


@pytest.mark.parametrize("value", [-1, 100.1, "high", True, float("nan")])
def test_score_off_the_scale(value: object) -> None:
    """A score off its scale is no score."""
    assert (score(value).propensities, score(value).dropped) == ((), 1)


def test_propensity_without_factors() -> None:
    """A score may stand alone."""
    rule = {"key": "buy", "label": "Buy", "path": "_demo.buy", "scale": 1, "direction": "high_is_good"}
    config = configured("propensities", rule | {"bands": [{"key": "any", "label": "any", "at_least": 0}]})

    assert read({"_demo": {"buy": 0.5}}, mapping=config).propensities == (
        Propensity("buy", Decimal("0.5"), Decimal(1), "any", Direction.GOOD),
    )
