"""The model of `customer.yml`: what an organisation's data means.

Pure: `bot.customer_file` reads the file, lays it over the packaged one, and tells the line of each mistake.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from annotated_types import Len
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w:-]*(\.[\w:-]+)*$")]
"""A dotted XDM path without `xdm:`, e.g. `person.name.firstName`."""


def _texts(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


Text = Annotated[
    dict[str, str],
    Len(min_length=1),
    BeforeValidator(_texts, json_schema_input_type=str | dict[str, str]),
]
"""One text, or one by language (`{en: …, de: …}`); the text of the language "" or of the first one serves every other."""


class Format(StrEnum):
    """How a fact is meant to be read."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    """A fraction: 0.25 is 25 %."""
    DATE = "date"
    YES_NO = "yes_no"


class Direction(StrEnum):
    """What a high value means for the organisation."""

    GOOD = "high_is_good"
    BAD = "high_is_bad"
    NEUTRAL = "neutral"


class Part(BaseModel):
    """Base of every part of the file: frozen, and a misspelt key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Namespace(Part):
    """An identity namespace that people may ask by.

    `code` is Adobe's (`GET /data/core/idnamespace/identities`), `aliases` are what people type before the colon.
    """

    code: str = Field(min_length=1)
    label: Text
    aliases: tuple[Annotated[str, StringConstraints(to_lower=True, pattern=r"^[^\s:]+$")], ...] = Field(min_length=1)
    normalise: Literal["email", "phone", "lower", "upper", "digits", "none"] = "none"
    example: str


class Names(Part):
    """Where the parts of a name are."""

    first: Path
    middle: Path
    last: Path
    full: Path


class ContactRule(Part):
    """A way to reach the customer."""

    key: Key
    kind: Literal["email", "phone"]
    label: Text
    path: Path


class AddressRule(Part):
    """A postal address, shown as "city, country"."""

    key: Key
    label: Text
    city: Path
    country: Path


class FactRule(Part):
    """One configured value, e.g. lifetime value.

    `path` is read first, then `or_else` in turn. For money either `currency` (ISO 4217) is fixed or `currency_path` names it; a
    value without a currency is dropped, since a number in an unknown currency is a wrong value.
    """

    key: Key
    label: Text
    path: Path
    or_else: tuple[Path, ...] = ()
    format: Format = Format.TEXT
    unit: Text | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    currency_path: Path | None = None
    direction: Direction = Direction.NEUTRAL
    as_of: Path | None = None

    @model_validator(mode="after")
    def _money_has_a_currency(self) -> Self:
        if self.format is Format.MONEY and not (self.currency or self.currency_path):
            raise ValueError("money needs currency (e.g. EUR) or currency_path")
        return self


class Band(Part):
    """Scores from `at_least` up belong to this band, until the next band begins."""

    key: Key
    label: Text
    at_least: Decimal


class FactorPaths(Part):
    """A list of influential factors: `path` is the list, the rest are keys inside each item."""

    path: Path
    name: str
    importance: str | None = None


class PropensityRule(Part):
    """A model's score, e.g. churn risk. `scale` is the highest possible score."""

    key: Key
    label: Text
    path: Path
    scale: Decimal = Decimal(100)
    direction: Direction
    bands: tuple[Band, ...] = Field(min_length=1)
    scored_at: Path | None = None
    factors: FactorPaths | None = None

    @model_validator(mode="after")
    def _bands_rise_from_zero(self) -> Self:
        starts = [band.at_least for band in self.bands]
        if starts[0] != 0 or sorted(set(starts)) != starts:
            raise ValueError("bands start at 0 and rise")
        if starts[-1] > self.scale:
            raise ValueError("no band begins above scale, the highest possible score")
        return self


class ConsentRule(Part):
    """One consent. `path` holds `{val, time, reason}`."""

    key: Key
    label: Text
    path: Path


class ListPaths(Part):
    """An array attribute that stands in for events. The rest are keys (dotted) inside each item."""

    path: Path
    time: str


class PurchaseList(ListPaths):
    """An array attribute of purchases."""

    order_id: str | None = None
    total: str | None = None
    currency: str | None = None
    item_names: str | None = None


class InteractionList(ListPaths):
    """An array attribute of interactions."""

    kind: str | None = None
    campaign: str | None = None


class Purchases(Part):
    """How purchases show in events, and which array attribute takes their place where events are not available."""

    event_types: tuple[str, ...]
    order_id: Path
    total: Path
    currency: Path
    items: Path
    item_name: str
    item_sku: str
    item_quantity: str
    instead_of_events: PurchaseList | None = None


class InteractionKind(Part):
    """An event type that is an interaction. With `path`, the value there must be one of `values`."""

    event_type: str
    kind: Key
    label: Text
    path: Path | None = None
    values: tuple[str, ...] = ()


class Interactions(Part):
    """How campaign interactions show in events; `ignore_if` names a flag that excludes an event (e.g. a bot's click)."""

    kinds: tuple[InteractionKind, ...]
    campaign: tuple[Path, ...]
    ignore_if: tuple[Path, ...] = ()
    instead_of_events: InteractionList | None = None


class ProfileMap(Part):
    """Which XDM path means what: the standard field groups by default, tenant fields by configuration."""

    names: Names
    contacts: tuple[ContactRule, ...] = ()
    address: AddressRule | None = None
    language: Path
    time_zone: Path
    customer_since: tuple[Path, ...] = ()
    preferred_channel: Path
    consents: tuple[ConsentRule, ...] = ()
    consents_time: Path
    purchases: Purchases
    interactions: Interactions

    @cached_property
    def interaction_labels(self) -> dict[str, dict[str, str]]:
        """Kind → its label by language."""
        return {rule.kind: rule.label for rule in self.interactions.kinds}

    @cached_property
    def consent_labels(self) -> dict[str, dict[str, str]]:
        """Key of a consent → its label by language."""
        return {rule.key: rule.label for rule in self.consents}

    @cached_property
    def contact_labels(self) -> dict[str, dict[str, str]]:
        """Key of a contact or of the address → its label by language."""
        labels = {rule.key: rule.label for rule in self.contacts}
        return labels | {self.address.key: self.address.label} if self.address else labels


class Condition(Part):
    """What must hold of one value. Numbers are compared on the value's own scale; a condition on an absent value never holds."""

    at_least: Decimal | None = None
    below: Decimal | None = None
    band: Key | None = None
    equals: str | None = None
    state: tuple[str, ...] | None = None
    older_than_days: int | None = Field(None, ge=0, le=100_000)
    known: bool | None = None


class VerdictRule(Part):
    """One sentence of the verdict. `when` maps a value's key to its condition; all must hold.

    In a `group` only the first match speaks. Keys: a fact's, a propensity's, `consent.<key>`, `last_purchase`, `purchases` and
    `audiences` (their numbers).
    """

    group: Key
    when: dict[str, Condition] = Field(min_length=1)
    say: Text


BUILT_IN_SUBJECTS = ("last_purchase", "purchases", "audiences")
FIELDS = ("last_purchase", "purchases", "preferred_channel", "marketing_consent")


class CardRule(Part):
    """One card: its key figures in order (facts, propensities and built-in ones), its sections, and whether it has a chart."""

    fields: tuple[str, ...] = Field(max_length=10)
    sections: tuple[Literal["audiences", "purchases", "interactions", "consents", "attributes"], ...]
    chart: bool = True


class Role(Part):
    """What some people may besides asking. `members` are Slack's member ids; `reserved_lane` lets their questions go first when
    calls to the source are scarce, `status` lets them ask how the service is.
    """

    members: tuple[Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,}$")], ...] = Field(min_length=1)
    reserved_lane: bool = False
    status: bool = False


class LinkRule(Part):
    """A page of another system. The URL may hold `{xid}` alone, so no personal data ever is in a URL."""

    key: Key
    label: Text
    url: Annotated[str, StringConstraints(pattern=r"^https://", max_length=2000)]

    @model_validator(mode="after")
    def _only_opaque_ids(self) -> Self:
        rest = self.url.replace("{xid}", "").replace("{sandbox}", "")
        if "{" in rest or "}" in rest:
            raise ValueError("a link may hold {xid} and {sandbox}, nothing else")
        return self


def _twice(names: Iterable[str]) -> str:
    """Those that stand more than once."""
    return ", ".join(sorted(name for name, times in Counter(names).items() if times > 1))


class CustomerConfig(Part):
    """The whole of `customer.yml`."""

    home_country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    namespaces: tuple[Namespace, ...] = Field(min_length=1)
    known_domains: tuple[str, ...] = ()
    profile: ProfileMap
    facts: tuple[FactRule, ...] = ()
    propensities: tuple[PropensityRule, ...] = ()
    verdict: tuple[VerdictRule, ...] = ()
    cards: dict[Key, CardRule] = Field(min_length=1)
    links: tuple[LinkRule, ...] = Field(default=(), max_length=3)
    roles: dict[Key, Role] = {}

    @model_validator(mode="after")
    def _everything_named_exists(self) -> Self:
        keys = [*(fact.key for fact in self.facts), *(propensity.key for propensity in self.propensities)]
        values = set(keys)
        if twice := _twice(keys):
            raise ValueError(f"facts and propensities need keys of their own: {twice}")
        if twice := _twice(alias for namespace in self.namespaces for alias in namespace.aliases):
            raise ValueError(f"an alias may name one namespace only: {twice}")
        if twice := _twice(namespace.code.lower() for namespace in self.namespaces):
            raise ValueError(f"namespaces differ in more than upper and lower case: {twice}")
        if "standard" not in self.cards:
            raise ValueError("cards needs one named standard")
        for name, card in self.cards.items():
            unknown = [key for key in card.fields if key not in values and key not in FIELDS]
            if unknown:
                raise ValueError(f"cards.{name}.fields: no fact or propensity named {', '.join(unknown)}")
        subjects = {*values, *BUILT_IN_SUBJECTS, *(f"consent.{rule.key}" for rule in self.profile.consents)}
        for rule in self.verdict:
            unknown = [key for key in rule.when if key not in subjects]
            if unknown:
                raise ValueError(f"verdict: nothing is named {', '.join(unknown)}")
        return self

    @cached_property
    def version(self) -> str:
        """Changes whenever the meaning of the data may have changed; part of every cache key."""
        return hashlib.sha256(self.model_dump_json(exclude={"roles"}).encode()).hexdigest()[:16]

    def namespace(self, code: str) -> Namespace | None:
        """The namespace with this code; Adobe changes the case of codes between request and answer."""
        return self._codes.get(code.lower())

    def by_alias(self, alias: str) -> Namespace | None:
        """The namespace that people mean by this word before the colon."""
        return self._aliases.get(alias.lower())

    @cached_property
    def fact_rules(self) -> dict[str, FactRule]:
        """Facts by key."""
        return {rule.key: rule for rule in self.facts}

    @cached_property
    def propensity_rules(self) -> dict[str, PropensityRule]:
        """Propensities by key."""
        return {rule.key: rule for rule in self.propensities}

    @cached_property
    def subjects(self) -> frozenset[str]:
        """The keys of whatever the verdict asks about."""
        return frozenset(key for rule in self.verdict for key in rule.when)

    @cached_property
    def _codes(self) -> dict[str, Namespace]:
        return {namespace.code.lower(): namespace for namespace in self.namespaces}

    @cached_property
    def _aliases(self) -> dict[str, Namespace]:
        return {alias: namespace for namespace in self.namespaces for alias in namespace.aliases}
