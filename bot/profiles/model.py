"""A customer as this project knows them: frozen values, free of XDM, of Slack and of language.

Times are aware datetimes (UTC), amounts are Decimals. A part that could not be had is in `missing`; a part that the customer
simply does not have is empty. `pydantic.TypeAdapter(Profile)` takes them to JSON and back, which is how a cache keeps them.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.config import Direction, Format
from formatters.record import record


class ConsentState(StrEnum):
    """A consent, after Adobe's `val` codes. Pending and unknown are never a yes.

    Adobe's data type "Consents and Preferences" has y, n, p(ending), u(nknown), dy and dn (defaults) and LI, CT, CP, VI, PI
    (a legal basis other than consent).
    """

    YES = "yes"
    NO = "no"
    PENDING = "pending"
    UNKNOWN = "unknown"
    DEFAULT_YES = "default_yes"
    DEFAULT_NO = "default_no"
    LEGAL_BASIS = "legal_basis"
    NOT_KNOWN_NOW = "not_known_now"
    """The copy is too old to say: a consent may have been withdrawn since."""


class Part(StrEnum):
    """A part of a profile that can be missing on its own."""

    EVENTS = "events"
    AUDIENCE_NAMES = "audience_names"


class Why(StrEnum):
    """Why a part is missing."""

    NOT_ENABLED = "not_enabled"
    """The organisation's licence or set-up has no event look-up."""
    LATE = "late"
    THROTTLED = "throttled"
    FAILED = "failed"
    REFUSED = "refused"
    """400 or 422, which concerns this customer or this call."""

    @property
    def passes(self) -> bool:
        """Whether asking again soon may help."""
        return self in {Why.LATE, Why.THROTTLED, Why.FAILED}


@record
class Name:
    """Parts as the source has them; `full` is what to call the person, None if there is no name at all."""

    full: str | None = None
    first: str | None = None
    last: str | None = None


@record
class Contact:
    """A way to reach the customer. `kind`: email, phone or address; `key` names its label in the mapping."""

    kind: str
    key: str
    value: str


@record
class Identities:
    """The identity graph: which identity matched, and how many there are in all (0 = the source did not say)."""

    matched_namespace: str
    matched_value: str
    count: int = 0
    namespaces: tuple[str, ...] = ()


@record
class Fact:
    """One configured value. `currency` is ISO 4217 and set for money; The unit is the mapping's."""

    key: str
    format: Format
    text: str | None = None
    number: Decimal | None = None
    day: date | None = None
    yes: bool | None = None
    currency: str | None = None
    direction: Direction = Direction.NEUTRAL
    as_of: datetime | None = None


@record
class Item:
    """One line of a purchase."""

    name: str
    quantity: int = 1


@record
class Purchase:
    """An order. `total` is None when unknown; with a total there is always a currency."""

    time: datetime
    order_id: str | None = None
    total: Decimal | None = None
    currency: str | None = None
    items: tuple[Item, ...] = ()


@record
class Interaction:
    """A contact through a campaign. `kind` is the mapping's word: sent, delivered, opened, clicked, bounced, unsubscribed, …"""

    time: datetime
    kind: str
    campaign: str | None = None


@record
class Audience:
    """A membership (realized or existing). `name` is None where the source did not give one."""

    id: str
    name: str | None = None
    since: datetime | None = None


@record
class Factor:
    """What moved a score."""

    name: str
    importance: Decimal | None = None


@record
class Propensity:
    """A model's score. `score` is on the mapping's own scale; `band` is one of the mapping's bands, e.g. low, medium, high."""

    key: str
    score: Decimal
    scale: Decimal
    band: str
    direction: Direction
    scored_at: datetime | None = None
    factors: tuple[Factor, ...] = ()


@record
class Consent:
    """One channel's or purpose's consent. `key` names its label in the mapping."""

    key: str
    state: ConsentState
    since: datetime | None = None
    reason: str | None = None


@record
class Missing:
    """A part that could not be had, and why."""

    part: Part
    why: Why


@record
class Profile:
    """Everything a card may show of one customer.

    Purchases and interactions are newest first; `recent_only` says that neither may be complete: there are older events than were
    asked for, or array attributes stand in for events. `dropped` counts fields that had a value nobody could read.
    """

    xid: str
    identities: Identities
    name: Name = Name()
    contacts: tuple[Contact, ...] = ()
    language: str | None = None
    time_zone: str | None = None
    customer_since: date | None = None
    preferred_channel: str | None = None
    facts: tuple[Fact, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    audiences: tuple[Audience, ...] = ()
    propensities: tuple[Propensity, ...] = ()
    consents: tuple[Consent, ...] = ()
    sources: tuple[str, ...] = ()
    last_modified: datetime | None = None
    missing: tuple[Missing, ...] = ()
    recent_only: bool = False
    dropped: int = 0
