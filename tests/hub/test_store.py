from __future__ import annotations

from collections.abc import Iterable

import pytest

from bot.hub.fields import prune, selection
from bot.hub.invented.catalogue import NAMESPACES
from bot.hub.records import Identity, Record
from bot.hub.store import Store
from tests.hub.conftest import NOW


def record(*identities: Identity) -> Record:
    return Record(identities=identities, entity={}, sources=(), modified=NOW)


def store_of(records: Iterable[Record]) -> Store:
    return Store(records=records, namespaces=NAMESPACES, merge_policies=[], audiences=[], union={}, created=NOW)


def test_one_identity_one_record() -> None:
    """Two records can't share an identity, and an address in another case is the same one."""
    with pytest.raises(ValueError, match="Email"):
        store_of([record(Identity("Email", "a@example.com")), record(Identity("Email", "A@example.com"))])


def test_unknown_namespace() -> None:
    """An identity needs a namespace that is there."""
    with pytest.raises(ValueError, match="Telegram"):
        store_of([record(Identity("Telegram", "a"))])


def test_xids() -> None:
    """The same value in another namespace has another XID."""
    assert Identity("CRMID", "1").xid != Identity("Loyalty", "1").xid
    assert Identity("CRMID", "1").xid == Identity("CRMID", "1").xid


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ("", {"a": {"b": 0, "c": [{"d": 1, "e": 2}, {"e": 3}, 4]}, "f": None}),
        ("a.b", {"a": {"b": 0}}),
        ("a,a.b", {"a": {"b": 0, "c": [{"d": 1, "e": 2}, {"e": 3}, 4]}}),
        ("a.c.d", {"a": {"c": [{"d": 1}]}}),
        ("f", {"f": None}),
        ("f.g,a.b.c,x,", {}),
    ],
)
def test_prune(fields: str, kept: dict[str, object]) -> None:
    """A path keeps what lies below it, the shorter of two wins, and a path that leads nowhere keeps nothing."""
    value = {"a": {"b": 0, "c": [{"d": 1, "e": 2}, {"e": 3}, 4]}, "f": None}

    assert prune(value, selection(fields)) == kept
