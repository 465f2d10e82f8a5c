"""The verdict: configured sentences, and the moment until which they hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config import CustomerConfig, Format
from bot.profiles.model import Audience, Consent, ConsentState, Fact, Missing, Part, Profile, Why
from bot.verdict import valid_until, verdict
from tests.factories import NOON, churn, config, configured, money, profile, purchase

YEAR = timedelta(days=365)


def ruled(**when: Any) -> CustomerConfig:
    rule = {"group": "one", "when": {key.replace("__", "."): condition for key, condition in when.items()}, "say": "It holds."}
    return configured(verdict=[rule])


def holds(customer: Profile, /, *at: datetime, **when: Any) -> bool:
    return verdict(customer, ruled(**when), *(at or (NOON,))) == ({"": "It holds."},)


@pytest.mark.parametrize(
    ("subject", "condition", "expected"),
    [
        ("lifetime_value", {"at_least": "6200.50"}, True),
        ("lifetime_value", {"at_least": "6200.51"}, False),
        ("lifetime_value", {"below": "6200.51"}, True),
        ("lifetime_value", {"below": "6200.50"}, False),
        ("lifetime_value", {"at_least": 6000, "below": 7000}, True),
        ("lifetime_value", {"at_least": 6000, "below": 6100}, False),
        ("lifetime_value", {"older_than_days": 4}, True),
        ("lifetime_value", {"older_than_days": 5}, False),
        ("loyalty_tier", {"equals": "gold"}, True),
        ("loyalty_tier", {"equals": "silver"}, False),
        ("loyalty_tier", {"at_least": 1}, False),
        ("loyalty_tier", {"below": 1}, False),
        ("loyalty_tier", {"older_than_days": 0}, False),
        ("newsletter", {"equals": "yes"}, True),
        ("newsletter", {"equals": "no"}, False),
        ("churn", {"band": "high"}, True),
        ("churn", {"band": "low"}, False),
        ("churn", {"at_least": 82}, True),
        ("churn", {"older_than_days": 1}, True),
        ("consent__email", {"state": ["yes", "default_yes"]}, True),
        ("consent__email", {"state": ["no"]}, False),
        ("consent__email", {"older_than_days": 365}, True),
        ("consent__call", {"state": ["no"]}, False),
        ("last_purchase", {"at_least": 120}, True),
        ("last_purchase", {"older_than_days": 4}, True),
        ("last_purchase", {"older_than_days": 30}, False),
        ("purchases", {"at_least": 3}, True),
        ("purchases", {"below": 3}, False),
        ("audiences", {"at_least": 2}, True),
        ("audiences", {"below": 2}, False),
        ("open_case", {"known": True}, False),
        ("open_case", {"known": False}, True),
        ("loyalty_tier", {"known": True}, True),
        ("loyalty_tier", {"known": False}, False),
        ("open_case", {"below": 1}, False),
        ("open_case", {}, False),
        ("loyalty_tier", {}, True),
    ],
)
def test_conditions(subject: str, condition: dict[str, Any], expected: bool) -> None:
    """A condition looks at the number, text or time of one value; on an absent value only "not known" holds."""
    assert holds(profile(), **{subject: condition}) is expected


def test_no() -> None:
    """A flag that says no reads as "no"."""
    assert holds(profile(facts=(Fact("newsletter", Format.YES_NO, yes=False),)), newsletter={"equals": "no"})


def test_without_events() -> None:
    """Whose events are missing hasn't bought nothing: the number of purchases isn't known then."""
    late = profile(purchases=(), missing=(Missing(Part.EVENTS, Why.LATE),), recent_only=True)
    unnamed = profile(purchases=(), missing=(Missing(Part.AUDIENCE_NAMES, Why.LATE),))

    assert not holds(late, purchases={"below": 1})
    assert not holds(late, purchases={"known": False})
    assert not holds(late, last_purchase={"known": False})
    assert holds(unnamed, purchases={"below": 1})
    assert holds(unnamed, last_purchase={"known": False})


def test_all_must_hold() -> None:
    """A rule speaks if all of its conditions hold."""
    assert holds(profile(), churn={"band": "high"}, loyalty_tier={"equals": "gold"})
    assert not holds(profile(), churn={"band": "high"}, loyalty_tier={"equals": "tin"})


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        (profile(), ["High value, high churn risk."]),
        (profile(propensities=(churn("5", "low"),)), ["High value."]),
        (profile(facts=()), ["High churn risk."]),
        (profile(facts=(), propensities=()), []),
        (
            profile(
                facts=(money("lifetime_value", "4999.99"), Fact("open_case", Format.TEXT, text="Broken tent")),
                consents=(Consent("email", ConsentState.DEFAULT_NO),),
                purchases=(purchase(NOON - 2 * YEAR),),
            ),
            ["High churn risk.", "A support case is open.", "Marketing e-mail opted out.", "No purchase for over a year."],
        ),
        (
            profile(
                facts=(), propensities=(), consents=(Consent("email", ConsentState.NOT_KNOWN_NOW),), audiences=(Audience("a"),)
            ),
            [],
        ),
    ],
)
def test_groups(customer: Profile, expected: list[str]) -> None:
    """Of a group the first rule that holds speaks; groups speak in their order."""
    assert [texts["en"] for texts in verdict(customer, config(), NOON)] == expected


def test_boundary() -> None:
    """Something is older than a year from the very moment at which the year is over."""
    customer = profile(purchases=(purchase(NOON - YEAR),))

    assert holds(customer, last_purchase={"older_than_days": 365})
    assert not holds(customer, NOON - timedelta(microseconds=1), last_purchase={"older_than_days": 365})


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"last_purchase": {"older_than_days": 365}}, datetime(2027, 3, 1, tzinfo=UTC)),
        ({"last_purchase": {"older_than_days": 1}}, None),
        (
            {"last_purchase": {"older_than_days": 5}, "consent__email": {"older_than_days": 9999}},
            datetime(2026, 3, 6, tzinfo=UTC),
        ),
        ({"consent__sms": {"older_than_days": 1}}, None),
        ({"open_case": {"older_than_days": 1}}, None),
        ({"churn": {"band": "high"}}, None),
    ],
)
def test_valid_until(when: dict[str, Any], expected: datetime | None) -> None:
    """What the passing of time will change is known beforehand; what has no time never changes."""
    assert valid_until(profile(), ruled(**when), NOON) == expected


TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))  # noqa: DTZ001 - hypothesis wants its bounds naive


@given(st.lists(TIMES, min_size=1, max_size=3), TIMES, st.lists(st.integers(0, 4000), min_size=1, max_size=4))
def test_nothing_changes_before(bought: list[datetime], after: datetime, days: list[int]) -> None:
    """Until then the verdict is the one of now, and at that moment it is another."""
    customer = profile(purchases=tuple(map(purchase, sorted(bought, reverse=True))), consents=())
    rules = [
        {"group": f"g{number}", "when": {"last_purchase": {"older_than_days": day}}, "say": f"{day}"}
        for number, day in enumerate(dict.fromkeys(days))
    ]
    rule_set = configured(verdict=rules)
    until = valid_until(customer, rule_set, after)
    now = verdict(customer, rule_set, after)

    if until is None:
        assert verdict(customer, rule_set, after + timedelta(days=36500)) == now
    else:
        assert until > after
        assert verdict(customer, rule_set, until - timedelta(microseconds=1)) == now
        assert verdict(customer, rule_set, until) != now


@pytest.mark.parametrize("time", [datetime.max.replace(tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_end_of_the_calendar(time: datetime) -> None:
    """A sentinel like 9999-12-31 is never older than anything, and breaks nothing."""
    customer = profile(purchases=(purchase(time),))

    assert valid_until(customer, config(), NOON) is None
    assert not holds(customer, last_purchase={"older_than_days": 1})


def test_beginning_of_the_calendar() -> None:
    """0001-01-01 is older than anything that can be configured."""
    customer = profile(purchases=(purchase(datetime.min.replace(tzinfo=UTC)),))

    assert holds(customer, last_purchase={"older_than_days": 100_000})
    with pytest.raises(ValidationError):
        ruled(last_purchase={"older_than_days": 10**12})
