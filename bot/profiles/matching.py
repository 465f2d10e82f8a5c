"""Which entry of an answer is about whom was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.errors import SourceFailed
from bot.profiles.identity_map import identities_of
from bot.question import Identity

Entry = dict[str, object]
Fold = Callable[[str], str]


def asked_for(entries: Mapping[str, Entry], identity: Identity) -> tuple[str, Entry]:
    """The answer is keyed by XID, which the asker doesn't know. Someone else's profile is worse than none.

    `requestedIdentity` is looked at first, then the identities inside; the sole entry serves if it doesn't say whose it is.
    Values are compared as they are, and only then without their case.

    Raises:
        SourceFailed: no entry is surely the customer's.
    """
    for matches, fold in (
        (_was_requested, str),
        (_has_identity, str),
        (_was_requested, str.casefold),
        (_has_identity, str.casefold),
    ):
        for xid, entry in entries.items():
            if matches(entry, identity, fold):
                return xid, entry
    sole = next(iter(entries.items()), None)
    if sole is None or len(entries) > 1 or "requestedIdentity" in sole[1]:
        raise SourceFailed
    return sole


def _was_requested(entry: Entry, identity: Identity, fold: Fold) -> bool:
    requested = entry.get("requestedIdentity")
    if not isinstance(requested, dict) or not isinstance(value := requested.get("entityId"), str):
        return False
    namespace = requested.get("entityIdNS")
    code = namespace.get("code") if isinstance(namespace, dict) else None
    return fold(value) == fold(identity.value) and (not isinstance(code, str) or _same_code(code, identity.namespace))


def _has_identity(entry: Entry, identity: Identity, fold: Fold) -> bool:
    entity = entry.get("entity")
    return isinstance(entity, dict) and any(
        fold(value) == fold(identity.value) and _same_code(code, identity.namespace) for code, value in identities_of(entity)
    )


def _same_code(one: str, other: str) -> bool:
    """Adobe changes the case of namespace codes between request and answer."""
    return one.casefold() == other.casefold()
