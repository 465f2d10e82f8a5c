"""The invented organisation's audiences: who belongs to which, and since when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.hub.invented.catalogue import MERGE_POLICIES, made_id
from bot.hub.invented.chance import dice
from bot.hub.invented.customer import Customer
from bot.hub.records import Audience

RETIRED = made_id("audiences/retired")
"""An audience that was deleted and still stands in profiles: its name can't be had."""


_HIGH_VALUE, _WORTH_KEEPING, _HIGH_RISK, _MANY_PAGES = 5000, 1000, 70, 20


@dataclass(frozen=True, slots=True)
class Membership:
    """Adobe's `status`: realized and existing are in, exited is out. `since` is the last qualification."""

    audience: str
    status: str
    since: datetime


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    description: str
    expression: str
    holds: Callable[[Customer, datetime], bool]

    @property
    def id(self) -> str:
        return made_id(f"audiences/{self.name}")


def memberships(customer: Customer, now: datetime) -> tuple[Membership, ...]:
    """The audiences that this customer is in, and those left behind."""
    return tuple(_memberships(customer, now)) if customer.since else ()


def audiences() -> tuple[Audience, ...]:
    """The definitions, without the retired one."""
    return tuple(Audience(r.id, r.name, r.description, r.expression, MERGE_POLICIES[0].id) for r in _RULES)


def _memberships(customer: Customer, now: datetime) -> Iterator[Membership]:
    number = customer.person.number
    for rule in _RULES:
        chance = dice("audience", rule.name, number)
        since = now - timedelta(days=chance.randint(1, 80), minutes=chance.randint(1, 1400))
        if rule.holds(customer, now):
            yield Membership(rule.id, chance.choice(("realized", "realized", "existing")), since)
        elif chance.happens(0.08):
            yield Membership(rule.id, "exited", since)
    if number % 12 == 1:
        yield Membership(RETIRED, "realized", now - timedelta(days=300))


def _value(customer: Customer) -> float:
    return customer.value or 0


def _risk(customer: Customer) -> int:
    return customer.churn.score if customer.churn else 0


def _tier(customer: Customer) -> str:
    return customer.loyalty.tier if customer.loyalty else ""


def _bought_within(customer: Customer, now: datetime, days: int) -> bool:
    return any(now - order.time < timedelta(days=days) for order in customer.orders)


def _new(customer: Customer, now: datetime) -> bool:
    return customer.since is not None and now - customer.since < timedelta(days=90)


def _abandoned(customer: Customer, now: datetime) -> bool:
    return any(v.event_type == "commerce.cartAbandons" and now - v.time < timedelta(days=7) for v in customer.visits)


def _has_bought(customer: Customer, range_: str) -> bool:
    return any(line.product.sku.startswith(range_) for order in customer.orders for line in order.lines)


_RULES = (
    _Rule(
        "High value",
        f"Lifetime value of {_HIGH_VALUE:,} and more",
        f"_demo.lifetimeValue.amount >= {_HIGH_VALUE}",
        lambda customer, _: _value(customer) >= _HIGH_VALUE,
    ),
    _Rule(
        "Churn risk: high",
        f"Churn score of {_HIGH_RISK} and more",
        f"_demo.customerAI.churn.score >= {_HIGH_RISK}",
        lambda customer, _: _risk(customer) >= _HIGH_RISK,
    ),
    _Rule(
        "Win-back candidates",
        "Worth keeping, and likely to leave",
        f"_demo.customerAI.churn.score >= {_HIGH_RISK} and _demo.lifetimeValue.amount >= {_WORTH_KEEPING}",
        lambda customer, _: _risk(customer) >= _HIGH_RISK and _value(customer) >= _WORTH_KEEPING,
    ),
    _Rule(
        "Bought in the last 30 days",
        "An order within 30 days",
        'xEvent[eventType = "commerce.purchases" and timestamp occurs < 30 days before now]',
        lambda customer, now: _bought_within(customer, now, 30),
    ),
    _Rule(
        "Lapsed buyers",
        "Has bought, but not within a year",
        '_demo.SystemComputedAttributes.ordersCount > 0 and not xEvent[eventType = "commerce.purchases" '
        "and timestamp occurs < 365 days before now]",
        lambda customer, now: bool(customer.orders) and not _bought_within(customer, now, 365),
    ),
    _Rule(
        "Gold and platinum",
        "The upper tiers of the Campfire Club",
        'loyalty.tier in ["gold", "platinum"]',
        lambda customer, _: _tier(customer) in {"gold", "platinum"},
    ),
    _Rule(
        "New customers",
        "Account opened within 90 days",
        "userAccount.startDate occurs < 90 days before now",
        _new,
    ),
    _Rule(
        "Frequent visitors",
        f"More than {_MANY_PAGES} pages seen",
        f'xEvent[eventType = "web.webpagedetails.pageViews"].count() > {_MANY_PAGES}',
        lambda customer, _: len(customer.visits) > _MANY_PAGES,
    ),
    _Rule(
        "Basket abandoned",
        "A basket left behind within 7 days",
        'xEvent[eventType = "commerce.cartAbandons" and timestamp occurs < 7 days before now]',
        _abandoned,
    ),
    _Rule(
        "Open support case",
        "To be left out of campaigns",
        "_demo.support.openCase.id.isNotNull()",
        lambda customer, _: customer.case is not None,
    ),
    _Rule(
        "Business customers",
        "Business accounts",
        'userAccount.accountType = "business"',
        lambda customer, _: customer.account_type == "business",
    ),
    _Rule(
        "Winter sports",
        "Has bought for the snow",
        'xEvent[productListItems.SKU.startsWith("SNO-")]',
        lambda customer, _: _has_bought(customer, "SNO-"),
    ),
)
