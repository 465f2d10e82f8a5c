"""Invented customers as this project knows them, and the configuration that goes with the sample data."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from bot import customer_file
from bot.config import CustomerConfig, Direction, Format
from bot.profiles.cache import Lifetimes
from bot.profiles.model import (
    Audience,
    Consent,
    ConsentState,
    Contact,
    Fact,
    Factor,
    Identities,
    Interaction,
    Item,
    Name,
    Profile,
    Propensity,
    Purchase,
)
from bot.profiles.source import Patience
from bot.question import Identity, Question

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
EPOCH = NOON.timestamp()
ADA = Identity("Email", "ada@example.com")
QUESTION = Question(ADA)
LIFETIMES = Lifetimes(fresh=60, stale=600, kept=86_400, not_found=30)
PATIENCE = Patience(events_limit=50, events_grace=2.0)
KEYS = ("invented key of the tests, number one", "invented key of the tests, number two")


@cache
def config() -> CustomerConfig:
    """The packaged configuration and the hub's."""
    return customer_file.load(customer_file.HUBS)


def configured(**parts: Any) -> CustomerConfig:
    """As `config()`, with other parts in place of some."""
    return CustomerConfig.model_validate(deepcopy(config().model_dump()) | parts)


def profile(**changes: Any) -> Profile:
    """Ada, who has a little of everything."""
    return replace(_ADA, **changes)


def money(key: str, amount: str, currency: str = "EUR", **more: Any) -> Fact:
    return Fact(key, Format.MONEY, number=Decimal(amount), currency=currency, **more)


def churn(score: str, band: str, **more: Any) -> Propensity:
    return Propensity("churn", Decimal(score), Decimal(100), band, Direction.BAD, **more)


def purchase(time: datetime, total: str | None = "10", currency: str | None = "EUR", **more: Any) -> Purchase:
    return Purchase(time, total=None if total is None else Decimal(total), currency=currency, **more)


_ADA = Profile(
    xid="BVaQinvented0ada",
    identities=Identities("email", "ada@example.com", 3, ("CRMID", "Email", "Phone")),
    name=Name("Ada Lovelace", "Ada", "Lovelace"),
    contacts=(
        Contact("email", "personal_email", "ada@example.com"),
        Contact("phone", "mobile_phone", "+493023125123"),
        Contact("address", "home_address", "Berlin, DE"),
    ),
    language="de",
    time_zone="Europe/Berlin",
    customer_since=date(2019, 5, 1),
    preferred_channel="email",
    facts=(
        money("lifetime_value", "6200.50", as_of=datetime(2026, 3, 1, tzinfo=UTC)),
        Fact("loyalty_tier", Format.TEXT, text="gold"),
        Fact("loyalty_points", Format.NUMBER, number=Decimal(1200)),
        Fact("newsletter", Format.YES_NO, yes=True),
        Fact("discount", Format.PERCENT, number=Decimal("0.15")),
        Fact("tier_expiry", Format.DATE, day=date(2026, 12, 31)),
    ),
    purchases=(
        purchase(datetime(2026, 3, 1, tzinfo=UTC), "120.00", order_id="O-3", items=(Item("Tent"), Item("Peg", 8))),
        purchase(datetime(2026, 1, 9, tzinfo=UTC), "40.00", order_id="O-2", items=(Item("Lamp"),)),
        purchase(datetime(2025, 12, 24, tzinfo=UTC), "20.00", order_id="O-1"),
    ),
    interactions=(
        Interaction(datetime(2026, 3, 2, tzinfo=UTC), "opened", "Spring"),
        Interaction(datetime(2026, 3, 1, tzinfo=UTC), "waved"),
    ),
    audiences=(Audience("a-1", "Campers", datetime(2025, 6, 1, tzinfo=UTC)), Audience("a-2")),
    propensities=(
        churn("82", "high", scored_at=datetime(2026, 3, 4, tzinfo=UTC), factors=(Factor("few visits"), Factor("late parcel"))),
    ),
    consents=(
        Consent("email", ConsentState.YES, datetime(2024, 1, 1, tzinfo=UTC)),
        Consent("sms", ConsentState.NO),
        Consent("unheard_of", ConsentState.YES),
    ),
    last_modified=datetime(2026, 3, 5, 9, 0, tzinfo=UTC),
)


@dataclass
class Clock:
    """Shows what it is set to, in seconds."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now
