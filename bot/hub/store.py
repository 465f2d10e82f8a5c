"""The hub's memory: records, found by any of their identities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.hub.records import Audience, Identity, MergePolicy, Namespace, Record, Xdm


class Store:
    """Everything that the hub knows, read only.

    `created` is when the organisation's configuration (namespaces, policies, audiences) was made; `union` is the union schema's
    properties. Raises ValueError if an identity belongs to two records, or to a namespace that isn't there.
    """

    def __init__(
        self,
        *,
        records: Iterable[Record],
        namespaces: Iterable[Namespace],
        merge_policies: Iterable[MergePolicy],
        audiences: Iterable[Audience],
        union: Xdm,
        created: datetime,
    ) -> None:
        self.namespaces = tuple(namespaces)
        self.merge_policies = tuple(merge_policies)
        self.union = union
        self.created = created
        self._namespaces = {namespace.code.lower(): namespace for namespace in self.namespaces}
        self._merge_policies = {policy.id: policy for policy in self.merge_policies}
        self._audiences = {audience.id: audience for audience in audiences}
        self._xids: dict[str, Record] = {}
        self._identities: dict[Identity, Record] = {}
        self.records = tuple(records)
        for record in self.records:
            self._index(record)

    def _index(self, record: Record) -> None:
        for identity in record.identities:
            namespace = self.namespace(identity.namespace)
            if namespace is None:
                raise ValueError(f"no namespace {identity.namespace!r}")
            if self._identities.setdefault(_folded(namespace, identity.value), record) is not record:
                raise ValueError(f"two records have the same identity in {namespace.code}")
            self._xids[identity.xid] = record

    def namespace(self, code: str) -> Namespace | None:
        """The namespace with that code, whatever its case."""
        return self._namespaces.get(code.lower())

    def find(self, namespace: Namespace, value: str) -> Record | None:
        """The record that has this identity. E-mail addresses are compared without case, everything else as it stands."""
        return self._identities.get(_folded(namespace, value))

    def find_xid(self, xid: str) -> Record | None:
        """The record that has an identity with this XID."""
        return self._xids.get(xid)

    def merge_policy(self, policy_id: str) -> MergePolicy | None:
        """The merge policy with that id."""
        return self._merge_policies.get(policy_id)

    def default_merge_policy(self, schema: str) -> MergePolicy | None:
        """The policy that governs a call which names none."""
        return next((policy for policy in self.merge_policies if policy.default and policy.schema == schema), None)

    def audience(self, audience_id: str) -> Audience | None:
        """The audience with that id."""
        return self._audiences.get(audience_id)


def _folded(namespace: Namespace, value: str) -> Identity:
    return Identity(namespace.code, value.lower() if namespace.id_type == "EMAIL" else value)
