"""A customer as invented: what is true of somebody, before XDM says it. Times are aware; money is in the customer's currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.hub.invented.wares import Product
from bot.hub.invented.words import Country
from bot.hub.model import Identity


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is. `number` counts the customers from 0."""

    number: int
    first: str
    last: str
    country: Country
    city: tuple[str, str]
    street: str
    language: str
    born: date
    email: str
    work_email: str | None = None
    phone: str | None = None
    ecid: str | None = None
    crm_id: str | None = None
    loyalty_id: str | None = None

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The identity graph, the personal e-mail address first."""
        values = (
            ("Email", self.email),
            ("Email", self.work_email),
            ("Phone", self.phone),
            ("CRMID", self.crm_id),
            ("ECID", self.ecid),
            ("Loyalty", self.loyalty_id),
        )
        return tuple(Identity(namespace, value) for namespace, value in values if value)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order."""

    product: Product
    quantity: int
    total: float


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase."""

    id: str
    time: datetime
    lines: tuple[Line, ...]

    @property
    def total(self) -> float:
        """The sum of the lines."""
        return round(sum(line.total for line in self.lines), 2)


@dataclass(frozen=True, slots=True)
class Touch:
    """A contact through a campaign. `detail` is Journey Optimizer's: a feedback status or an interaction type."""

    time: datetime
    event_type: str
    campaign: str
    detail: str | None = None
    by_robot: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """A page seen. `event_type` says what happened there."""

    time: datetime
    page: tuple[str, str, str]
    event_type: str = "web.webpagedetails.pageViews"


@dataclass(frozen=True, slots=True)
class Consent:
    """`val` is one of Adobe's codes: y n p u dy dn LI CT CP VI PI."""

    val: str
    time: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Churn:
    """A score of 0 to 100 and what moved it: code, text, importance."""

    score: int
    time: datetime
    factors: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """An open support case."""

    id: str
    subject: str
    opened: datetime
    priority: str


@dataclass(frozen=True, slots=True)
class Loyalty:
    """Membership in the points programme."""

    tier: str
    points: int
    joined: datetime
    tier_until: date


@dataclass(frozen=True, slots=True)
class Customer:
    """Everything that is true of one customer. Only a person is always there.

    `consents` is keyed by path below `consents`, e.g. `marketing.email`; `value` is the lifetime value in `value_currency`.
    """

    person: Person
    since: datetime | None = None
    orders: tuple[Order, ...] = ()
    touches: tuple[Touch, ...] = ()
    visits: tuple[Visit, ...] = ()
    loyalty: Loyalty | None = None
    consents: Mapping[str, Consent] | None = None
    preferred_channel: str | None = None
    value: float | None = None
    value_currency: str = "EUR"
    churn: Churn | None = None
    case: Case | None = None
    account_type: str | None = None
    discount: float | None = None
