"""What is configured, and numbers that only grow."""

from __future__ import annotations

import pytest

from bot.hub.database import documents
from bot.hub.database.connection import transaction
from bot.hub.database.documents import Kind
from tests.hub.database.conftest import Store
from tests.hub.database.invented import NOW


def test_a_document_is_what_was_last_put(store: Store) -> None:
    with transaction(store.writer):
        documents.put(store.writer, Kind.AUDIENCE, "a", {"name": "Gold"}, now=NOW)
        documents.put(store.writer, Kind.AUDIENCE, "a", {"name": "Köln"}, now=NOW + 1)

    assert documents.get(store.reader, Kind.AUDIENCE, "a") == {"name": "Köln"}
    assert documents.get(store.reader, Kind.DATASET, "a") is None


def test_all_of_a_kind_come_in_the_order_in_which_they_came(store: Store) -> None:
    """Changing one doesn't move it."""
    with transaction(store.writer):
        for offset, name in enumerate(("z", "a", "m")):
            documents.put(store.writer, Kind.AUDIENCE, name, {}, now=NOW + offset)
        documents.put(store.writer, Kind.AUDIENCE, "z", {"name": "Gold"}, now=NOW + 9)

    assert list(documents.all(store.reader, Kind.AUDIENCE)) == ["z", "a", "m"]


def test_every_change_is_a_new_revision(store: Store) -> None:
    """Putting and removing count, removing what isn't there doesn't."""
    revisions = [documents.revision(store.writer)]
    with transaction(store.writer):
        documents.put(store.writer, Kind.DATASET, "d", {}, now=NOW)
        revisions.append(documents.revision(store.writer))
        assert documents.remove(store.writer, Kind.DATASET, "d")
        revisions.append(documents.revision(store.writer))
        assert not documents.remove(store.writer, Kind.DATASET, "d")
        revisions.append(documents.revision(store.writer))

    first = revisions[0]
    assert revisions == [first, first + 1, first + 2, first + 2]


def test_numbers_grow_apart_from_each_other(store: Store) -> None:
    with transaction(store.writer):
        given = [documents.next_number(store.writer, name) for name in ("dataset", "dataset", "audience", "dataset")]

    assert given == [1, 2, 1, 3]


def test_a_number_taken_back_is_given_again(store: Store) -> None:
    def fail() -> None:
        with transaction(store.writer):
            documents.next_number(store.writer, "dataset")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert documents.next_number(store.writer, "dataset") == 1
