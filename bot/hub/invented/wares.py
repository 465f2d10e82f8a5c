"""What the invented company sells, says and hears: products, campaigns, pages, cases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """An article. `price` is in units of the price list; a country's rate makes its currency of it."""

    sku: str
    name: str
    price: float


PRODUCTS = (
    Product("OUT-1001", "Trail jacket Nordhang", 189.0),
    Product("OUT-1002", "Rain poncho Drizzle", 49.9),
    Product("OUT-1003", "Two-person tent Lodge 2", 329.0),
    Product("OUT-1004", "Sleeping bag Dormouse -5°", 149.0),
    Product("OUT-1005", "Hiking boots Scree", 219.0),
    Product("OUT-1006", "Backpack 45 l", 139.0),
    Product("OUT-1007", "Head torch Firefly", 39.5),
    Product("OUT-1008", "Trekking poles, pair", 79.0),
    Product("KIT-2001", "Camping stove Ember", 64.9),
    Product("KIT-2002", "Titanium mug", 24.9),
    Product("KIT-2003", "Insulated bottle 0.75 l", 32.0),
    Product("KIT-2004", "Hand coffee grinder", 89.0),
    Product("KIT-2005", "Cutlery set", 18.5),
    Product("RUN-3001", "Running shoes Hare", 149.9),
    Product("RUN-3002", "Running vest", 74.0),
    Product("RUN-3003", "Merino socks, 3 pairs", 29.9),
    Product("RUN-3004", "Sports watch Tempo", 279.0),
    Product("SNO-4001", "Touring ski set", 899.0),
    Product("SNO-4002", "Ski gloves", 84.0),
    Product("SNO-4003", "Snowshoes", 169.0),
    Product("SVC-5001", "Repair service", 35.0),
    Product("SVC-5002", "Gift card", 50.0),
)

CAMPAIGNS = (
    "Autumn collection",
    "Birthday voucher",
    "Boots week",
    "Last chance: winter sale",
    "Points reminder",
    "Service survey",
    "Spring preview",
    "Weekend offers",
    "Welcome series",
    "We miss you",
)

JOURNEYS = (
    ("Order update", "4f0c6f0e-3a52-4c43-9f0e-5d5b1d0c7a11"),
    ("Back in stock", "9b7a2f64-7e55-4a7a-8a43-0c5f3d1e2b22"),
    ("Points expire soon", "c2d81a35-1f0b-4e0f-b5a6-7e9d4c3f6a33"),
)
"""Journey Optimizer knows a campaign by its id, and events carry nothing else."""

PAGES = (
    ("Home", "/", "home"),
    ("Jackets", "/outdoor/jackets", "outdoor"),
    ("Boots", "/outdoor/boots", "outdoor"),
    ("Tents", "/outdoor/tents", "outdoor"),
    ("Kitchen", "/kitchen", "kitchen"),
    ("Running", "/running", "running"),
    ("Sale", "/sale", "sale"),
    ("Basket", "/basket", "checkout"),
    ("Returns and refunds", "/help/returns", "help"),
    ("Delivery times", "/help/delivery", "help"),
    ("My points", "/account/points", "account"),
)

CASES = (
    "Wrong size delivered, exchange wanted",
    "Zip of jacket broken after two weeks",
    "Parcel marked as delivered, not received",
    "Points missing after last order",
    "Invoice needed with company address",
    "Gift card code not accepted",
)

FACTORS = (
    ("days_since_last_order", "Long time since the last order"),
    ("support_contacts_90d", "Support contacts in the last 90 days"),
    ("email_engagement_30d", "Opens few e-mails"),
    ("returns_ratio", "Returns a large share of orders"),
    ("discount_share", "Buys mostly with a discount"),
    ("site_visits_30d", "Visits the shop often"),
    ("loyalty_points_unused", "Many unused points"),
    ("tenure_years", "Customer for years"),
)
