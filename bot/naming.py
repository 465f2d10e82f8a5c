"""Under which names things are kept: keyed hashes, so that whoever reads them learns nothing of anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.config import CustomerConfig
from bot.profiles.model import Profile
from bot.profiles.ports import Names
from bot.profiles.wire import Account
from bot.question import Identity
from bot.seal import Seal

REACHABLE = frozenset({"email", "phone"})
"""Kinds of contacts that are identities as well, whatever their namespaces are called."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of one organisation and sandbox; `config` is `customer.yml` as it is just now."""

    seal: Seal
    account: Account
    config: Callable[[], CustomerConfig]

    def everything(self) -> Names:
        """Names that stand for all there is."""
        return self._names("everything")

    def asked(self, identity: Identity) -> Names:
        """Where the answer for `identity` is kept; and the person's name, whatever `customer.yml` said when the answer came."""
        return (*self.seal.names(*self._where(identity)), *self._names("person", *self._person(identity)))

    def key(self, identity: Identity) -> str:
        """The first of the names in `asked`, which is all that a copy in memory takes to be found."""
        return self.seal.name(*self._where(identity))

    def marks(self, profile: Profile) -> Names:
        """By what else the person may be asked for: the XID, the identity that matched, addresses and numbers on the card."""
        matched = self._person(Identity(profile.identities.matched_namespace, profile.identities.matched_value))
        reachable = [(each.kind, each.value) for each in profile.contacts if each.kind in REACHABLE]
        known = dict.fromkeys([("xid", profile.xid), *[("person", *each) for each in (matched, *reachable)]])
        return tuple([name for each in known for name in self._names(*each)])

    def _where(self, identity: Identity) -> tuple[str, ...]:
        account = self.account
        policy, version = account.merge_policy or "", self.config().version
        return (account.org_id, account.sandbox, "asked", policy, identity.namespace, identity.value, version)

    def _person(self, identity: Identity) -> tuple[str, str]:
        """Kind and value, whatever the namespace is called."""
        namespace = self.config().namespace(identity.namespace)
        kind = namespace.normalise if namespace and namespace.normalise in REACHABLE else identity.namespace.lower()
        return kind, identity.value

    def _names(self, *parts: str) -> Names:
        return self.seal.names(self.account.org_id, self.account.sandbox, *parts)
