"""How Identity Service's requests and answers name identities (Adobe's `identity-service.yaml`). Pure.

An answer words them as the request did: as XIDs, or as values with their namespace's id or code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.hub.api.lookup import identity_in
from bot.hub.model import Identity, Namespace, Organisation, Xdm

MOST_ASKED = 1000
"""`maxItems` of the requests."""

Said = str | Xdm
"""An XID, or `{ns, id}`."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One version's words for an identity that is no XID, and for a namespace's code."""

    composite: str
    code: str

    def identity(self, said: Xdm, organisation: Organisation) -> Identity | None:
        """Which identity is meant, None if its namespace isn't there. Raises ValueError, saying what would be right."""
        value, code, number = said.get("id"), said.get(self.code), said.get("nsid")
        if not isinstance(value, str) or not value or (code is None and number is None):
            raise ValueError(f"an identity must have an id, and {self.code} or nsid")
        namespace = organisation.namespace(str(code)) if code is not None else _numbered(organisation, number)
        return None if namespace is None else identity_in(namespace, value)

    def again(self, said: Said, identity: Identity, organisation: Organisation) -> Said:
        """`identity` in the words of `said`."""
        if isinstance(said, str):
            return identity.xid
        if said.get(self.code) is not None:
            return {self.code: identity.namespace, "id": identity.value}
        namespace = organisation.namespace(identity.namespace)
        return {"nsid": namespace and namespace.id, "id": identity.value}

    def group(self, said: Said, members: Iterable[Identity], organisation: Organisation) -> Xdm:
        """What is answered about one identity."""
        name = "xid" if isinstance(said, str) else self.composite
        return {name: said, "members": [self.again(said, member, organisation) for member in members]}


CLUSTERS = Wording("compositeXid", "namespace")
GRAPHS = Wording("composite_xid", "ns")


def said_in(body: Mapping[str, Any], names: Sequence[str]) -> tuple[str, list[Said]]:
    """The first of the lists `names` that is there, and what it says. Raises ValueError, saying what would be right."""
    name = next((each for each in names if each in body), names[0])
    said = body.get(name)
    wanted = str if name == "xids" else dict
    if not isinstance(said, list) or not 0 < len(said) <= MOST_ASKED or not all(isinstance(each, wanted) for each in said):
        raise ValueError(f"one of {', '.join(names)} must be a list of 1 to {MOST_ASKED} identities")
    return name, said


def _numbered(organisation: Organisation, number: object) -> Namespace | None:
    return next((namespace for namespace in organisation.namespaces if str(namespace.id) == str(number)), None)
