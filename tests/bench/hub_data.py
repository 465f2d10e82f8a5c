"""The customers of `make bench-hub`, as files: profile records with three identities each, and events of all of them.

Customer `number` is the same in every run. Events come in the order of time and of customers at random, as from a shop's log.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.outside import customer, name

TENANT = "demo"
EVENTS_EACH = 10
SPAN = timedelta(days=365)

_CONTEXT = "https://ns.adobe.com/xdm/context"
_CITIES = ("Berlin", "Hamburg", "Köln", "Leipzig", "München")
_TIERS = ("bronze", "silver", "gold", "platinum")
_PAGES = ("home", "tents", "boots", "sale", "checkout", "club")


def email(number: int) -> str:
    """The address of customer `number`, as the generator of commands types it."""
    return customer(number)


def crm_id(number: int) -> str:
    """The number of customer `number` in the customer database, the primary identity of the profile record."""
    return f"C-{number:07}"


def ecid(number: int) -> str:
    """The cookie of customer `number`: 38 digits."""
    return f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 10**38:038}"


def write_profiles(path: Path, numbers: range, now: datetime) -> int:
    """One profile record a line. Returns how many."""
    chance = random.Random(numbers.start)  # noqa: S311 - invented data
    with path.open("w", encoding="utf-8") as file:
        for number in numbers:
            first, last = name(number).decode().split()
            changed = now - timedelta(seconds=chance.randrange(86_400 * 365))
            file.write(
                f'{{"_id":"crm-{number:07}","identityMap":{{"CRMID":[{{"id":"{crm_id(number)}","primary":true}}],'
                f'"Email":[{{"id":"{email(number)}"}}],"ECID":[{{"id":"{ecid(number)}"}}]}},'
                f'"person":{{"name":{{"firstName":"{first}","lastName":"{last}","fullName":"{first} {last}"}}}},'
                f'"personalEmail":{{"address":"{email(number)}"}},'
                f'"homeAddress":{{"city":"{chance.choice(_CITIES)}","countryCode":"DE"}},'
                f'"loyalty":{{"tier":"{chance.choice(_TIERS)}","points":{chance.randrange(9000)}}},'
                f'"userAccount":{{"accountType":"{chance.choice(("private", "business"))}"}},'
                f'"extSourceSystemAudit":{{"lastUpdatedDate":"{changed:%Y-%m-%dT%H:%M:%SZ}"}}}}\n'
            )
    return len(numbers)


def write_events(path: Path, numbers: range, count: int, customers: int, now: datetime) -> int:
    """`count` events of the first `customers`, one a line; `numbers` is where theirs lie among all events. Returns how many."""
    chance = random.Random(numbers.start + 1)  # noqa: S311 - invented data
    step = SPAN / count
    with path.open("w", encoding="utf-8") as file:
        for index in range(count):
            moment = f"{now - SPAN + step * index:%Y-%m-%dT%H:%M:%S}.{chance.randrange(1000):03}Z"
            file.write(_event(numbers.start + index, chance.randrange(customers), moment, chance))
    return count


def _event(number: int, customer: int, moment: str, chance: random.Random) -> str:
    head = f'{{"_id":"e{number:09}","timestamp":"{moment}"'
    kind = chance.random()
    if kind < 0.6:
        page = chance.choice(_PAGES)
        return (
            f'{head},"eventType":"web.webpagedetails.pageViews",'
            f'"identityMap":{{"ECID":[{{"id":"{ecid(customer)}","primary":true}}]}},'
            f'"web":{{"webPageDetails":{{"name":"{page}","URL":"https://shop.example/{page}","pageViews":{{"value":1}}}}}}}}\n'
        )
    if kind < 0.85:
        sent = chance.choice(("Sent", "Opened", "Clicked"))
        return (
            f'{head},"eventType":"directMarketing.email{sent}",'
            f'"identityMap":{{"Email":[{{"id":"{email(customer)}","primary":true}}]}},'
            f'"marketing":{{"campaignName":"Summer {number % 12}","trackingCode":"t-{number % 1000}"}}}}\n'
        )
    total = chance.randrange(500, 50_000) / 100
    return (
        f'{head},"eventType":"commerce.purchases",'
        f'"identityMap":{{"CRMID":[{{"id":"{crm_id(customer)}","primary":true}}]}},'
        f'"commerce":{{"purchases":{{"value":1}},"order":{{"purchaseID":"o-{number}","priceTotal":{total},"currencyCode":"EUR"}}}},'
        f'"productListItems":[{{"SKU":"TEN-{number % 100}","name":"Tent","quantity":1,"priceTotal":{total}}}]}}\n'
    )


AUDIENCES = {
    "Gold and platinum": 'loyalty.tier in ["gold", "platinum"]',
    "Business customers": 'userAccount.accountType = "business"',
    "Many points": "loyalty.points >= 5000",
    "Berlin": 'homeAddress.city = "Berlin" and homeAddress.countryCode = "DE"',
    "Has bought": 'xEvent[eventType = "commerce.purchases"]',
    "Bought in the last 30 days": 'xEvent[eventType = "commerce.purchases" and timestamp occurs < 30 days before now]',
    "Frequent visitors": 'xEvent[eventType = "web.webpagedetails.pageViews"].count() > 7',
    "Reads our mail": 'xEvent[eventType = "directMarketing.emailOpened"].count() >= 2',
    "Spends much": 'xEvent[eventType = "commerce.purchases"].sum(commerce.order.priceTotal) > 500',
    "Looked, didn't buy": 'xEvent[eventType = "web.webpagedetails.pageViews"] and not xEvent[eventType = "commerce.purchases"]',
}
"""Ten, over attributes and events: name → PQL."""

COMPUTED = {
    "ordersCount": 'xEvent[eventType = "commerce.purchases" and timestamp occurs < 365 days before now].count()',
    "revenue": 'xEvent[eventType = "commerce.purchases"].sum(commerce.order.priceTotal)',
    "smallestOrder": 'xEvent[eventType = "commerce.purchases"].min(commerce.order.priceTotal)',
    "largestOrder": 'xEvent[eventType = "commerce.purchases"].max(commerce.order.priceTotal)',
    "lastCampaign": 'xEvent[eventType = "directMarketing.emailClicked"].topN(timestamp, 1)'
    '.map({"timestamp": timestamp, "value": marketing.campaignName}).head()',
}
"""Five: count, sum, min, max and most recent: name → PQL."""


def moment() -> datetime:
    """Now, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


_PROFILE_GROUPS = (
    f"{_CONTEXT}/identitymap",
    f"{_CONTEXT}/profile-person-details",
    f"{_CONTEXT}/profile-personal-details",
    "https://ns.adobe.com/xdm/mixins/profile/profile-loyalty-details",
    "https://ns.adobe.com/xdm/mixins/profile/profile-user-account-details",
    "https://ns.adobe.com/xdm/common/external-source-system-audit-details",
)
_EVENT_GROUPS = tuple(
    f"{_CONTEXT}/{name}" for name in ("identitymap", *(f"experienceevent-{each}" for each in ("web", "commerce", "marketing")))
)


def schema(title: str, *, event: bool) -> dict[str, Any]:
    """What is posted to the Schema Registry."""
    parts = (f"{_CONTEXT}/experienceevent", *_EVENT_GROUPS) if event else (f"{_CONTEXT}/profile", *_PROFILE_GROUPS)
    return {"title": title, "type": "object", "allOf": [{"$ref": each} for each in parts]}
