"""Whom a call means, and what a merge policy lets see of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from bot.hub import errors
from bot.hub.api.query import Asked, bad
from bot.hub.database.reading import Reading
from bot.hub.errors import Refused
from bot.hub.model import MOST_IDENTITIES, PROFILE, Identity, Member, MergePolicy, Namespace, Organisation, Person
from bot.hub.normalising import normalised

_XID = re.compile(r"[A-Z][\w-]{11,}", re.ASCII)


@dataclass(frozen=True)
class View:
    """A person as a merge policy sees them: all of the graph, or the identity alone that was asked for."""

    person: Person
    policy: MergePolicy

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The identities whose records are shown; the first names the profile."""
        return self.person.members if self.policy.stitched else (self.person.asked,)

    @cached_property
    def numbers(self) -> list[int]:
        """The numbers of `members` in the tables."""
        return [member.number for member in self.members]

    @cached_property
    def xid(self) -> str:
        """The XID under which the profile is answered."""
        return self.members[0].identity.xid

    @property
    def whole(self) -> bool:
        """Whether nothing of the person is out of sight, so that what was computed of the person holds for the view."""
        return self.policy.stitched or self.person.size == 1


@dataclass(frozen=True, slots=True)
class Lookup:
    """Finds what a call speaks of, by what is configured as it begins."""

    organisation: Organisation
    reading: Reading

    def policy(self, policy_id: str | None) -> MergePolicy:
        """The merge policy by which profiles are seen: the named one, or the default. Raises `Refused` (422) if there is none."""
        if policy_id is None:
            policy = self.organisation.default_merge_policy(PROFILE)
            refusal = f"No default merge policy is configured for schema {PROFILE}"
        else:
            policy = self.organisation.merge_policy(policy_id)
            refusal = f"Merge policy {policy_id} was not found for schema {PROFILE}"
        if policy is None or policy.schema != PROFILE:
            raise errors.profile(422, refusal)
        return policy

    def view(self, asked: Asked, policy: MergePolicy) -> View:
        """Who was asked for, as `policy` sees them. Raises `Refused`: 400, 404, 422 if the graph is too large."""
        person = self.person(asked)
        if person is None:
            raise errors.not_found()
        if policy.stitched and person.size > MOST_IDENTITIES:
            raise too_many(person)
        return View(person, policy)

    def person(self, asked: Asked) -> Person | None:
        """Who has this identity. Raises `Refused` (400) for what can't be one."""
        identity = self._identity(asked)
        return self.reading.find_xid(asked.value) if identity is None else self.reading.find(identity)

    def xid(self, asked: Asked) -> str:
        """The XID of this identity, whoever has it. Raises `Refused` (400) for what can't be one."""
        identity = self._identity(asked)
        return asked.value if identity is None else identity.xid

    def _identity(self, asked: Asked) -> Identity | None:
        """None for an XID."""
        if asked.namespace is None:
            if not _XID.fullmatch(asked.value):
                bad("entityId is not an XID, so its namespace (entityIdNS) is required")
            return None
        namespace = self.organisation.namespace(asked.namespace)
        if namespace is None:
            bad(f"Invalid namespace code: {asked.namespace}")
        return identity_in(namespace, asked.value)


def too_many(person: Person) -> Refused:
    """The refusal of a graph that is too large ("Entities endpoint", note)."""
    return errors.profile(422, f"UPS-ACCSDK-1000005:Too many related identities. Got: {person.size}, max: {MOST_IDENTITIES}")


def identity_in(namespace: Namespace, value: str) -> Identity:
    """The identity that `value` is in that namespace, whatever it was spelt like."""
    try:
        return Identity(namespace.code, normalised(namespace, value))
    except ValueError:
        return Identity(namespace.code, value)  # which nobody can have, and more isn't asked here
