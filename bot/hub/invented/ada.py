"""Ada Lovelace, ada@example.com: the customer of the manual, rich in everything and about to leave."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.hub.invented.customer import Case, Churn, Consent, Customer, Line, Loyalty, Order, Person, Touch, Visit
from bot.hub.invented.wares import JOURNEYS, PAGES, PRODUCTS
from bot.hub.invented.words import GERMANY

_PERSON = Person(
    number=0,
    first="Ada",
    last="Lovelace",
    country=GERMANY,
    city=("Berlin", "10115"),
    street="Lindenallee 12",
    language="en-GB",
    born=date(1984, 12, 10),
    email="ada@example.com",
    work_email="ada.lovelace@quillworks.example",
    phone="+493023125123",
    crm_id="C-10001",
    ecid="38400000000000000000000000000000000001",
    loyalty_id="L-200001",
)

_ORDERS: tuple[tuple[int, str, dict[str, int]], ...] = (
    (41, "O-58213", {"OUT-1001": 1, "RUN-3003": 2}),
    (96, "O-57740", {"SNO-4001": 1}),
    (118, "O-57402", {"RUN-3001": 1, "RUN-3002": 1}),
    (149, "O-56911", {"KIT-2004": 1, "KIT-2002": 2}),
    (171, "O-56538", {"OUT-1003": 1, "OUT-1004": 2}),
    (203, "O-56004", {"RUN-3004": 1}),
    (236, "O-55377", {"OUT-1005": 1}),
    (262, "O-54981", {"SVC-5002": 4}),
    (290, "O-54310", {"OUT-1006": 1, "OUT-1007": 1, "OUT-1008": 1}),
    (325, "O-53755", {"SNO-4003": 2, "SNO-4002": 1}),
    (371, "O-52920", {"KIT-2001": 1, "KIT-2005": 2}),
    (428, "O-51866", {"OUT-1002": 2}),
    (505, "O-50319", {"SNO-4001": 1, "SNO-4002": 2}),
    (590, "O-49107", {"OUT-1003": 2, "KIT-2003": 4}),
)
"""Days ago, order, quantity by SKU."""

_MAILS = (
    (12, "emailUnsubscribed", "Weekend offers"),
    (12, "emailOpened", "Weekend offers"),
    (12, "emailDelivered", "Weekend offers"),
    (19, "emailDelivered", "Autumn collection"),
    (33, "emailOpened", "Points reminder"),
    (33, "emailDelivered", "Points reminder"),
    (58, "emailClicked", "Boots week"),
    (58, "emailOpened", "Boots week"),
    (97, "emailClicked", "Last chance: winter sale"),
    (97, "emailOpened", "Last chance: winter sale"),
)
"""Days ago, what happened, campaign."""

_MESSAGES = (
    (1, "message.tracking", "click", JOURNEYS[2]),
    (1, "message.tracking", "open", JOURNEYS[2]),
    (1, "message.feedback", "delivered", JOURNEYS[2]),
    (40, "message.tracking", "open", JOURNEYS[0]),
    (40, "message.feedback", "delivered", JOURNEYS[0]),
)

_PAGES = ((1, 10), (2, 8), (2, 9), (6, 8), (9, 6), (14, 1), (23, 5))
"""Days ago, page."""


def ada(now: datetime) -> Customer:
    """Ada, as of `now`."""
    return Customer(
        person=_PERSON,
        since=_ago(now, 1580),
        orders=tuple(_order(now, *order) for order in _ORDERS),
        touches=(*(_mail(now, position, *mail) for position, mail in enumerate(_MAILS)), *_messages(now)),
        visits=tuple(Visit(_ago(now, days, minutes=page), PAGES[page]) for days, page in _PAGES),
        loyalty=Loyalty("platinum", 8_420, _ago(now, 1570), date(now.year + 1, 3, 31)),
        consents=_consents(now),
        preferred_channel="sms",
        value=12_480.5,
        churn=_churn(now),
        case=Case("CASE-50000", "Refund for O-58213 not received", _ago(now, 2), "high"),
        account_type="private",
        discount=0.1,
    )


def _ago(now: datetime, days: int, *, minutes: int = 0) -> datetime:
    # Spread over the day, or everything would have happened on the same minute.
    return now - timedelta(days=days, hours=1, minutes=days * 37 % 400 + minutes, seconds=days * 11 % 60)


def _order(now: datetime, days: int, order_id: str, quantities: dict[str, int]) -> Order:
    products = {product.sku: product for product in PRODUCTS}
    lines = ((products[sku], quantity) for sku, quantity in quantities.items())
    return Order(order_id, _ago(now, days), tuple(Line(p, quantity, round(p.price * quantity, 2)) for p, quantity in lines))


def _mail(now: datetime, position: int, days: int, kind: str, campaign: str) -> Touch:
    return Touch(_ago(now, days, minutes=position * 7), f"directMarketing.{kind}", campaign)


def _messages(now: datetime) -> tuple[Touch, ...]:
    return tuple(
        Touch(_ago(now, days, minutes=position * 5), event_type, campaign, detail)
        for position, (days, event_type, detail, (_, campaign)) in enumerate(_MESSAGES)
    )


def _consents(now: datetime) -> dict[str, Consent]:
    return {
        "marketing.email": Consent("n", _ago(now, 12), "Too frequent"),
        "marketing.sms": Consent("y", _ago(now, 400)),
        "marketing.push": Consent("p", _ago(now, 30)),
        "marketing.call": Consent("n", _ago(now, 400)),
        "marketing.postalMail": Consent("dy", _ago(now, 1580)),
        "marketing.any": Consent("u", _ago(now, 12)),
        "collect": Consent("VI", _ago(now, 1580)),
        "share": Consent("n", _ago(now, 400)),
        "personalize.content": Consent("y", _ago(now, 400)),
    }


def _churn(now: datetime) -> Churn:
    factors = (
        ("days_since_last_order", "No order for 41 days, usually every 30", 0.41),
        ("support_contacts_90d", "Refund still open", 0.27),
        ("email_engagement_30d", "Unsubscribed from e-mail", 0.18),
    )
    return Churn(82, now - timedelta(hours=7), factors)
