"""What the hub knows of an organisation and of its customers: frozen values, named as Adobe names them.

XDM itself stays as Adobe words it, in plain dicts without `xdm:`; nothing writes to one after it was made. Times are whole
milliseconds since 1970, as in the Entities API.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

Xdm = dict[str, Any]
"""A JSON object as Adobe answers it."""

PROFILE = "_xdm.context.profile"
EVENT = "_xdm.context.experienceevent"

Path = tuple[str, ...]
"""Keys from the root of a record downwards, e.g. `("person", "name", "lastName")`."""

MOST_IDENTITIES = 50
"""Adobe's "Guardrails for Real-Time Customer Profile": a larger identity graph can't be looked up (422)."""


class Identity(NamedTuple):
    """A normalised value and the code of its namespace as that was registered, e.g. `Identity("Email", "ada@example.com")`."""

    namespace: str
    value: str

    @property
    def digest(self) -> bytes:
        """18 bytes that name this identity: the XID before it is spelt."""
        return hashlib.sha256(f"{self.namespace}\0{self.value}".encode()).digest()[:18]

    @property
    def xid(self) -> str:
        """The native XID: a name of this identity that needs no namespace, and never changes."""
        return xid_of(self.digest)


def xid_of(digest: bytes) -> str:
    """The XID that spells `Identity.digest`: 25 characters."""
    return "A" + base64.urlsafe_b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class Namespace:
    """An identity namespace. `id_type` is Adobe's: COOKIE, CROSS_DEVICE, EMAIL, PHONE, DEVICE, …"""

    id: int
    code: str
    id_type: str
    name: str
    custom: bool = False
    description: str = ""
    created: int = 0


@dataclass(frozen=True, slots=True)
class IdentityDescriptor:
    """That the text at `path` is an identity of `namespace` (Schema Registry, `xdm:descriptorIdentity`)."""

    path: Path
    namespace: str
    primary: bool


@dataclass(frozen=True)
class Schema:
    """A schema of the tenant.

    `id` is its `$id`; `event` tells a time series from a record; `properties` are those of all it is composed of, as JSON Schema;
    `labels` are data usage labels by path ("C12", "I1", …); `document` is what the registry answers.
    """

    id: str
    title: str
    event: bool
    properties: Xdm = field(repr=False)
    identities: tuple[IdentityDescriptor, ...] = ()
    labels: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    document: Xdm = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset of the catalogue.

    `number` names it in the tables: it grows as `id` does, so that ordering by one is ordering by the other. Until it is
    `enabled` (for Profile and for Identity) its records wait and aren't part of any profile.
    """

    number: int
    id: str
    name: str
    schema: str
    enabled: bool
    created: int = 0


class AttributeMerge(StrEnum):
    """Whose value wins ("Merge policies overview")."""

    TIMESTAMP_ORDERED = "timestampOrdered"
    DATASET_PRECEDENCE = "dataSetPrecedence"


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """A merge policy. `stitched` is the private identity graph (pdg), otherwise none; `order` are dataset ids, the first wins."""

    id: str
    name: str
    schema: str = PROFILE
    default: bool = False
    active_on_edge: bool = False
    stitched: bool = True
    attribute_merge: AttributeMerge = AttributeMerge.TIMESTAMP_ORDERED
    order: tuple[str, ...] = ()
    version: int = 1
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Audience:
    """An audience.

    `number` names it in the tables. `expression` is PQL, empty for one whose members are supplied from outside (`external`), in
    which case `source` is the namespace of its memberships instead of `ups`.
    """

    number: int
    id: str
    name: str
    description: str = ""
    expression: str = ""
    merge_policy: str | None = None
    external: bool = False
    source: str = "ups"
    created: int = 0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class ComputedAttribute:
    """A computed attribute: `expression` is PQL that aggregates events, its value lies under `path` on the profile.

    `document` is what the API answers.
    """

    id: str
    name: str
    expression: str
    path: Path
    created: int = 0
    updated: int = 0
    document: Xdm = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Organisation:
    """All that is configured, at one moment. `revision` grows with every change."""

    tenant: str
    revision: int = 0
    namespaces: tuple[Namespace, ...] = ()
    schemas: tuple[Schema, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    merge_policies: tuple[MergePolicy, ...] = ()
    audiences: tuple[Audience, ...] = ()
    computed: tuple[ComputedAttribute, ...] = ()

    @property
    def evaluates(self) -> bool:
        """Whether anything is computed from a profile when data of it arrives."""
        return bool(self.computed) or any(not audience.external for audience in self.audiences)

    @cached_property
    def enabled(self) -> frozenset[int]:
        """The numbers of the datasets whose records are part of profiles."""
        return frozenset(dataset.number for dataset in self.datasets if dataset.enabled)

    def namespace(self, code: str) -> Namespace | None:
        """The namespace with that code, whatever its case."""
        return self._namespaces.get(code.lower())

    def namespace_numbered(self, number: int) -> Namespace:
        """The namespace with that id. Raises KeyError."""
        return self._numbered_namespaces[number]

    def schema(self, schema_id: str) -> Schema | None:
        """The schema with that `$id`."""
        return self._schemas.get(schema_id)

    def dataset(self, dataset_id: str) -> Dataset | None:
        """The dataset with that id."""
        return self._datasets.get(dataset_id)

    def datasets_named(self, name: str) -> Iterator[Dataset]:
        """Those with that name: names needn't be unique."""
        return (dataset for dataset in self.datasets if dataset.name == name)

    def dataset_numbered(self, number: int) -> Dataset:
        """The dataset with that number. Raises KeyError."""
        return self._numbered_datasets[number]

    def merge_policy(self, policy_id: str) -> MergePolicy | None:
        """The merge policy with that id."""
        return next((policy for policy in self.merge_policies if policy.id == policy_id), None)

    def default_merge_policy(self, schema: str) -> MergePolicy | None:
        """The policy that governs a call which names none."""
        return next((policy for policy in self.merge_policies if policy.default and policy.schema == schema), None)

    def audience(self, audience_id: str) -> Audience | None:
        """The audience with that id."""
        return self._audiences.get(audience_id)

    def hidden(self, *, event: bool) -> frozenset[Path]:
        """What is left out of every answer: fields labelled C12 in any schema of that class ("Data usage labels")."""
        return self._hidden_of_events if event else self._hidden_of_profiles

    @cached_property
    def _namespaces(self) -> dict[str, Namespace]:
        return {namespace.code.lower(): namespace for namespace in self.namespaces}

    @cached_property
    def _numbered_namespaces(self) -> dict[int, Namespace]:
        return {namespace.id: namespace for namespace in self.namespaces}

    @cached_property
    def _schemas(self) -> dict[str, Schema]:
        return {schema.id: schema for schema in self.schemas}

    @cached_property
    def _datasets(self) -> dict[str, Dataset]:
        return {dataset.id: dataset for dataset in self.datasets}

    @cached_property
    def _numbered_datasets(self) -> dict[int, Dataset]:
        return {dataset.number: dataset for dataset in self.datasets}

    @cached_property
    def _audiences(self) -> dict[str, Audience]:
        return {audience.id: audience for audience in self.audiences}

    @cached_property
    def _hidden_of_events(self) -> frozenset[Path]:
        return self._labelled(event=True)

    @cached_property
    def _hidden_of_profiles(self) -> frozenset[Path]:
        return self._labelled(event=False)

    def _labelled(self, *, event: bool) -> frozenset[Path]:
        return frozenset(
            path
            for schema in self.schemas
            if schema.event is event
            for path, labels in schema.labels.items()
            if NO_EXPORT in labels
        )


NO_EXPORT = "C12"
"""The data usage label under which the API itself leaves a field out ("Data usage labels glossary")."""


class Record(NamedTuple):
    """A record that was found valid, ready to be stored. A tuple, since millions are made.

    `dataset` is the dataset's number; `id` the record's `_id`, empty if a profile record has none; `identities` all that it
    names, the primary one first; `body` its JSON.
    """

    dataset: int
    event: bool
    time: int
    id: str
    identities: tuple[Identity, ...]
    body: bytes

    def __repr__(self) -> str:
        return f"Record(dataset={self.dataset}, event={self.event})"


@dataclass(frozen=True, slots=True)
class Fragment:
    """The newest profile record of one primary identity in one dataset. `modified` is when the hub took it in."""

    identity: int
    dataset: int
    time: int
    id: str
    modified: int
    body: Xdm = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """An experience event as stored."""

    identity: int
    dataset: int
    time: int
    id: str
    modified: int
    body: Xdm = field(repr=False)


@dataclass(frozen=True, slots=True)
class Member:
    """One identity of a graph: its number in the tables, and itself."""

    number: int
    identity: Identity
    id_type: str


@dataclass(frozen=True, slots=True)
class Person:
    """An identity graph as looked up: who was asked for, and everybody in it (in the order of `precedence`).

    `number` names the person in the tables until graphs join. `size` counts all identities; beyond MOST_IDENTITIES `members`
    holds only some of them, and the profile can't be looked up.
    """

    number: int
    asked: Member
    members: tuple[Member, ...]
    size: int

    @property
    def xid(self) -> str:
        """The XID under which the profile is answered, whichever of its identities was asked for."""
        return self.members[0].identity.xid


_PRECEDENCE = ("CROSS_DEVICE", "EMAIL", "PHONE", "DEVICE", "COOKIE")


def precedence(member: Member) -> tuple[int, str, bytes]:
    """Sorts the identities of a graph: people before devices before cookies, then by namespace and digest.

    It depends on nothing but the identities, so that any order of arrival gives a graph the same XID.
    """
    kind = _PRECEDENCE.index(member.id_type) if member.id_type in _PRECEDENCE else len(_PRECEDENCE)
    return kind, member.identity.namespace, member.identity.digest
