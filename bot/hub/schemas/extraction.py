"""What a valid record says of itself: when it is of, its id, and whom it names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bot.hub.model import Identity, IdentityDescriptor, Namespace, Organisation, Path, Schema, Xdm
from bot.hub.normalising import normalised
from bot.hub.rejects import Rejected, dotted

NON_PEOPLE = "NON_PEOPLE"
"""The type of namespaces whose values name things, not persons: they take part in no graph ("Identity namespace overview")."""


class Extract(NamedTuple):
    """`time` in milliseconds; `id` empty if a profile record has none; `identities` with the primary one first."""

    time: int
    id: str
    identities: tuple[Identity, ...]


class Extraction:
    """Reads records of one schema, once they are known to be valid.

    A record names the identities in its `identityMap` and those at the paths of the schema's identity descriptors. Primary is the
    one that the map marks so, else the one of the primary descriptor, else the only one.
    """

    def __init__(self, schema: Schema, organisation: Organisation) -> None:
        self.event = schema.event
        self._descriptors = schema.identities
        self._organisation = organisation
        self._namespaces = {each.code: each for each in organisation.namespaces}

    def read(self, record: Xdm, *, now: int) -> Extract:
        """What `record` says; `now` (milliseconds) is the time of a profile record that doesn't give one. Raises `Rejected`."""
        identifier = record.get("_id", "")
        if self.event:
            if not identifier:
                raise Rejected("_id", "is missing: without it an event can't be told from itself sent again")
            return Extract(_moment(record, "timestamp", "timestamp"), identifier, self._identities(record))
        audit = record.get("extSourceSystemAudit", _NOTHING)
        time = _moment(audit, "lastUpdatedDate", "extSourceSystemAudit.lastUpdatedDate") if "lastUpdatedDate" in audit else now
        return Extract(time, identifier, self._identities(record))

    def _identities(self, record: Xdm) -> tuple[Identity, ...]:
        found: dict[Identity, None] = {}
        marked: list[Identity] = []
        for code, entries in record.get("identityMap", _NOTHING).items():
            for place, entry in enumerate(entries):
                try:
                    identity = self._identity(code, entry.get("id", ""))
                except ValueError as error:
                    raise Rejected(dotted(("identityMap", code, place, "id")), str(error)) from None
                if identity is not None:
                    found[identity] = None
                    if entry.get("primary"):
                        marked.append(identity)
        for descriptor in self._descriptors:
            identity = self._described(record, descriptor)
            if identity is not None:
                found[identity] = None
                if descriptor.primary and not marked:
                    marked.append(identity)
        primary = self._primary(found, marked)
        del found[primary]
        return (primary, *found)

    def _described(self, record: Xdm, descriptor: IdentityDescriptor) -> Identity | None:
        value = _at(record, descriptor.path)
        if value is None:
            return None
        try:
            return self._identity(descriptor.namespace, value)
        except ValueError as error:
            raise Rejected(dotted(descriptor.path), str(error)) from None

    def _identity(self, code: str, value: str) -> Identity | None:
        """The identity, unless it isn't that of a person. Raises ValueError, saying what of it is wrong."""
        namespace = self._namespaces.get(code) or self._registered(code)
        return None if namespace.id_type == NON_PEOPLE else Identity(namespace.code, normalised(namespace, value))

    def _registered(self, code: str) -> Namespace:
        """The namespace of another spelling: the map's keys are codes or ids, whatever the case ("IdentityMap")."""
        by_id = (each for each in self._organisation.namespaces if str(each.id) == code)
        namespace = self._organisation.namespace(code) or next(by_id, None)
        if namespace is None:
            raise ValueError("is of a namespace that isn't registered")
        return namespace

    def _primary(self, found: dict[Identity, None], marked: list[Identity]) -> Identity:
        if len(marked) == 1 or (marked and len(set(marked)) == 1):
            return marked[0]
        if marked:
            raise Rejected("identityMap", "marks several identities as primary: a record has one")
        if len(found) == 1:
            return next(iter(found))
        path = next((dotted(each.path) for each in self._descriptors if each.primary), "identityMap")
        if found:
            raise Rejected(path, "doesn't say which of the identities is primary")
        raise Rejected(path, "names nobody: a record needs at least one identity")


_NOTHING: Xdm = {}


def _at(record: Xdm, path: Path) -> Any:
    node: Any = record
    for key in path:
        node = node.get(key)
        if node is None:
            return None
    return node


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _moment(record: Xdm, key: str, path: str) -> int:
    """The time there, in whole milliseconds since 1970."""
    if key not in record:
        raise Rejected(path, "is missing: an event needs the time at which it happened")
    try:
        return (datetime.fromisoformat(record[key]) - _EPOCH) // _MILLISECOND
    except (ValueError, TypeError, OverflowError):
        # TypeError: a time without an offset from UTC.
        raise Rejected(path, "isn't a time like 2026-03-05T09:30:00Z (RFC 3339)") from None
