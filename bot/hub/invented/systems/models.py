"""The company's models: what each customer is worth and how likely to leave, scored once a month, in CSV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.hub.invented.chance import dice
from bot.hub.invented.customer import Churn, Customer
from bot.hub.invented.told import Told, rfc3339

_MONTH = timedelta(days=30)
_FACTORS = 3
COLUMNS = (
    "Customer number",
    "Lifetime value",
    "Currency",
    "Calculated at",
    "Churn score",
    "Scored at",
    *(f"{what} {number}" for number in range(1, _FACTORS + 1) for what in ("Factor", "Text", "Weight")),
)


def export(customer: Customer, now: datetime) -> Iterator[Told]:
    """Last month's line, and the one of last night."""
    if customer.value is None or customer.since is None:
        return
    chance = dice("models", customer.person.number)
    calculated = last_night(now)
    if customer.since < calculated - _MONTH:
        before = customer.churn and replace(
            customer.churn, score=_moved(customer.churn.score, chance.randint(-30, 20)), time=customer.churn.time - _MONTH
        )
        yield _line(customer, round(customer.value * chance.uniform(0.7, 1.0), 2), before, calculated - _MONTH)
    yield _line(customer, customer.value, customer.churn, calculated)


def last_night(now: datetime) -> datetime:
    """When the models ran last."""
    at_night = now.replace(hour=2, minute=15, second=0, microsecond=0)
    return at_night if at_night <= now else at_night - timedelta(days=1)


def _moved(score: int, by: int) -> int:
    return min(max(score + by, 0), 100)


def _line(customer: Customer, value: float, churn: Churn | None, calculated: datetime) -> Told:
    line = {
        "Customer number": customer.person.crm_id,
        "Lifetime value": value,
        "Currency": customer.value_currency,
        "Calculated at": rfc3339(calculated),
        "Churn score": churn and churn.score,
        "Scored at": churn and rfc3339(churn.time),
    }
    for position in range(_FACTORS):
        code, text, weight = churn.factors[position] if churn else (None, None, None)
        line |= {f"Factor {position + 1}": code, f"Text {position + 1}": text, f"Weight {position + 1}": weight}
    return Told(calculated, line)
