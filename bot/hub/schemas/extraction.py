"""What a record says of itself: when it is of, its id, and whom it names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from bot.hub.model import Identity, Organisation, Path, Schema, Xdm
from bot.hub.normalising import normalised
from bot.hub.rejects import Rejected


class Extract(NamedTuple):
    """`time` in milliseconds; `id` empty if a profile record has none; `identities` with the primary one first."""

    time: int
    id: str
    identities: tuple[Identity, ...]


class Extraction:
    """Reads records of one schema, once they are known to be valid."""

    def __init__(self, schema: Schema, organisation: Organisation) -> None:
        self._schema = schema
        self._organisation = organisation

    @property
    def event(self) -> bool:
        """Whether the records are events."""
        return self._schema.event

    def read(self, record: Xdm, *, now: int) -> Extract:
        """What `record` says; `now` (milliseconds) is the time of a profile record that doesn't give one. Raises `Rejected`."""
        identifier = str(record.get("_id", ""))
        if self._schema.event and not identifier:
            raise Rejected("_id", "is missing: an event needs one, or it couldn't be told from itself sent again")
        return Extract(self._time(record, now), identifier, self._identities(record))

    def _time(self, record: Xdm, now: int) -> int:
        if self._schema.event:
            if "timestamp" not in record:
                raise Rejected("timestamp", "is missing: an event needs one")
            return _milliseconds(record["timestamp"], "timestamp")
        audit = record.get("extSourceSystemAudit", {}).get("lastUpdatedDate")
        return now if audit is None else _milliseconds(audit, "extSourceSystemAudit.lastUpdatedDate")

    def _identities(self, record: Xdm) -> tuple[Identity, ...]:
        found: dict[Identity, bool] = {}
        for identity, primary in (*self._of_map(record), *self._of_descriptors(record)):
            found[identity] = found.get(identity, False) or primary
        if not found:
            raise Rejected("identityMap", "names nobody: a record needs at least one identity")
        first = next((identity for identity, primary in found.items() if primary), None)
        if first is None:
            if len(found) > 1:
                raise Rejected("identityMap", "marks no identity as primary")
            first = next(iter(found))
        return (first, *(identity for identity in found if identity != first))

    def _of_map(self, record: Xdm) -> Iterator[tuple[Identity, bool]]:
        for code, entries in record.get("identityMap", {}).items():
            for position, entry in enumerate(entries):
                path = f"identityMap.{code}.{position}.id"
                yield self._identity(code, entry.get("id", ""), path), entry.get("primary", False)

    def _of_descriptors(self, record: Xdm) -> Iterator[tuple[Identity, bool]]:
        for descriptor in self._schema.identities:
            value = _at(record, descriptor.path)
            if value is not None:
                yield self._identity(descriptor.namespace, str(value), ".".join(descriptor.path)), descriptor.primary

    def _identity(self, code: str, value: str, path: str) -> Identity:
        namespace = self._organisation.namespace(code)
        if namespace is None:
            raise Rejected(path, "is of a namespace that isn't registered")
        try:
            return Identity(namespace.code, normalised(namespace, value))
        except ValueError as error:
            raise Rejected(path, str(error)) from None


def _at(record: Xdm, path: Path) -> object:
    node: object = record
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _milliseconds(text: str, path: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Rejected(path, "isn't a time like 2026-03-05T09:30:00Z (RFC 3339)") from None
    if moment.tzinfo is None:
        raise Rejected(path, "has no offset from UTC, such as Z") from None
    return int(moment.timestamp() * 1000)
