"""Records go in."""

from __future__ import annotations

import pytest

from bot.hub.database import waiting
from bot.hub.database.connection import transaction
from bot.hub.database.intake import Applied, Intake
from bot.hub.model import Identity, Record
from tests.hub.database.conftest import Store
from tests.hub.database.invented import NOW, SHOP_DATA, crm, ecid, email, event, profile

FRAGMENTS = "SELECT value, dataset, time, fragment.id, modified, body FROM fragment JOIN identity ON identity.id = identity"
EVENTS = """
    SELECT value, time, dataset, event.id, modified, event_body.body FROM event
    JOIN identity ON identity.id = identity JOIN event_body ON event_body.id = event.body
"""


def test_the_newest_profile_record_of_an_identity_in_a_dataset_is_kept(store: Store) -> None:
    """The whole record takes the place of the one before; what comes late changes nothing."""
    old, new = profile(crm("1"), time=5, city="Köln"), profile(crm("1"), time=6, city="Bonn")

    assert [store.take(old), store.take(new), store.take(old)] == [Applied(1, 0), Applied(1, 0), Applied(0, 1)]
    assert store.rows(FRAGMENTS) == [("1", old.dataset, 6, "", NOW, new.body)]


def test_of_equally_old_profile_records_the_greater_is_kept(store: Store) -> None:
    """By `_id`, then by its text: whichever comes first."""
    first, second, third = (
        profile(crm("1"), named="a", city="Z"),
        profile(crm("1"), named="b"),
        profile(crm("1"), named="b", city="X"),
    )
    store.take(third)

    assert [store.take(second), store.take(first)] == [Applied(0, 1), Applied(0, 1)]
    assert store.rows(FRAGMENTS) == [("1", third.dataset, 1, "b", NOW, third.body)]


def test_each_dataset_has_its_own_profile_record(store: Store) -> None:
    store.take(profile(crm("1")), profile(crm("1"), dataset=SHOP_DATA))

    assert len(store.rows(FRAGMENTS)) == 2


def test_an_event_is_kept_once(store: Store) -> None:
    """Sent again, alone or within a batch, it changes nothing, not even when it was taken in."""
    visit = event(ecid("7"), named="e1")

    assert store.take(visit, visit) == Applied(1, 1)
    assert store.take(visit, event(ecid("7"), named="e2"), now=NOW + 1) == Applied(1, 1)
    assert store.rows(f"{EVENTS} WHERE event.id = 'e1'") == [("7", 1, visit.dataset, "e1", NOW, visit.body)]


@pytest.mark.parametrize(
    "other",
    [
        event(ecid("8"), named="e1"),
        event(ecid("7"), named="e2"),
        event(ecid("7"), named="e1", time=2),
        event(ecid("7"), named="e1", dataset=SHOP_DATA),
    ],
)
def test_events_are_told_apart_by_identity_id_time_and_dataset(store: Store, other: Record) -> None:
    assert store.take(event(ecid("7"), named="e1"), other) == Applied(2, 0)


def test_of_two_events_of_one_name_the_greater_is_kept(store: Store) -> None:
    """In whatever order they come, in one batch or in several."""
    less, greater = event(ecid("7"), named="e1", page="cart"), event(ecid("7"), named="e1", page="home")

    assert store.take(less) == Applied(1, 0)
    assert store.take(greater, less, now=NOW + 1) == Applied(1, 1)
    assert store.take(less, now=NOW + 2) == Applied(0, 1)
    assert store.rows(EVENTS) == [("7", 1, less.dataset, "e1", NOW + 1, greater.body)]


def test_no_body_is_left_behind(store: Store) -> None:
    """Of events that were there already, among others that weren't."""
    store.take(*(event(ecid("7"), named=f"e{number}") for number in range(0, 100, 3)))
    store.take(*(event(ecid("7"), named=f"e{number}") for number in range(100)))

    assert store.rows("SELECT count(*) FROM event_body") == [(100,)]
    assert store.rows("SELECT count(*) FROM event_body JOIN event ON event.body = event_body.id") == [(100,)]


def test_a_record_that_is_known_still_joins_graphs(store: Store) -> None:
    """A profile record that comes too late names identities all the same."""
    store.take(profile(crm("1"), time=9), profile(crm("2")))

    assert store.take(profile(crm("1"), crm("2"), time=1)) == Applied(0, 1)
    assert store.rows("SELECT count(DISTINCT person) FROM identity") == [(1,)]


def test_nothing_is_taken_in_from_nothing(store: Store) -> None:
    assert store.take() == Applied(0, 0)


def test_what_arrived_is_to_be_computed(store: Store) -> None:
    """For each person once, and not for what was known."""
    store.take(profile(crm("1"), email("a@example.com")), event(email("a@example.com"), named="e1"), event(ecid("7"), named="e2"))
    marked = store.rows("SELECT number, identity, since FROM arrival")
    store.take(event(ecid("7"), named="e2"), now=NOW + 1)

    assert len(marked) == 2
    assert store.rows("SELECT number, identity, since FROM arrival") == marked


def test_nothing_is_marked_if_nothing_is_computed(store: Store) -> None:
    with transaction(store.writer):
        Intake(store.writer).apply([profile(crm("1"))], store.database.organisation(), now=NOW)

    assert store.rows("SELECT * FROM arrival") == []


def test_a_namespace_that_the_organisation_lacks_is_an_error(store: Store) -> None:
    """Preparing refuses such a record before; nothing of its batch is stored."""
    with pytest.raises(KeyError, match="Unheard"):
        store.take(profile(crm("1")), profile(Identity("Unheard", "1")))
    assert store.rows("SELECT * FROM identity") == []


def test_records_of_a_dataset_that_isnt_enabled_wait(store: Store) -> None:
    """They are kept as they came, in that order, and are nobody's yet."""
    with transaction(store.writer):
        Intake(store.writer).wait(SHOP_DATA, [b'{"a":1}', b'{"a":2}'], now=NOW)

    assert [(each.at, each.body) for each in waiting.first(store.reader, SHOP_DATA, 9)] == [(NOW, b'{"a":1}'), (NOW, b'{"a":2}')]
    assert store.rows("SELECT * FROM identity") == []
