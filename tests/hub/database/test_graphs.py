"""Identity graphs as they are stored."""

from __future__ import annotations

from bot.hub.database.connection import transaction
from bot.hub.database.graphs import enrol, key_of
from bot.hub.model import Identity
from tests.hub.database.conftest import Store
from tests.hub.database.invented import crm, ecid, email, event, profile


def graphs(store: Store) -> set[frozenset[str]]:
    people: dict[object, set[str]] = {}
    for person, value in store.rows("SELECT person, value FROM identity"):
        people.setdefault(person, set()).add(str(value))
    return {frozenset(values) for values in people.values()}


def test_what_a_record_names_together_is_one_graph(store: Store) -> None:
    store.take(profile(crm("1"), email("a@example.com")), profile(crm("2"), ecid("7")))

    assert graphs(store) == {frozenset({"1", "a@example.com"}), frozenset({"2", "7"})}


def test_graphs_join_when_a_record_names_identities_of_both(store: Store) -> None:
    """And through others, whichever batch they come in."""
    store.take(profile(crm("1"), email("a@example.com")), profile(crm("2"), ecid("7")), profile(crm("3")))
    store.take(event(ecid("8"), crm("3"), named="e1"), event(ecid("8"), ecid("7"), named="e2"))
    store.take(event(ecid("7"), email("a@example.com"), named="e3"))

    assert graphs(store) == {frozenset({"1", "a@example.com", "2", "7", "8", "3"})}


def test_the_smaller_graph_moves(store: Store) -> None:
    """So that a graph that grows by many small ones isn't written again with each."""
    store.take(profile(crm("1"), email("a@example.com")))
    store.take(profile(*(ecid(str(number)) for number in range(20))))
    (small,), (large,) = store.rows("SELECT DISTINCT person FROM identity ORDER BY person")
    store.take(event(ecid("3"), crm("1"), named="e1"))

    assert small < large  # type: ignore[operator]
    assert store.rows("SELECT DISTINCT person FROM identity") == [(large,)]


def test_a_person_is_one_of_its_identities(store: Store) -> None:
    """Its number names no other graph."""
    store.take(profile(crm("1"), email("a@example.com")), profile(crm("2")), profile(crm("2"), ecid("7")), profile(ecid("9")))
    store.take(profile(ecid("9"), crm("1")))

    assert store.rows(
        "SELECT count(*) FROM identity AS each JOIN identity AS one ON one.id = each.person AND one.person <> one.id"
    ) == [(0,)]


def test_what_was_computed_goes_with_the_graph(store: Store) -> None:
    """A graph that takes another in shows what was computed of that one until it is computed anew; its own is never lost."""
    store.take(profile(crm("1"), email("a@example.com")), profile(crm("2")))
    for (person,) in store.rows("SELECT person FROM identity WHERE value = '2'"):
        store.writer.execute("INSERT INTO standing VALUES (?, 5, '{}', '{}')", (person,))
    store.take(profile(crm("1"), crm("2"), time=2))

    assert store.rows(
        "SELECT DISTINCT standing.person FROM standing JOIN identity ON identity.person = standing.person"
    ) == store.rows("SELECT DISTINCT person FROM identity")


def test_identities_whose_keys_are_equal_are_two(store: Store) -> None:
    """Unless what follows it in the digest is equal too."""
    store.take(profile(crm("1")))
    key, tail = key_of(crm("2").digest)
    store.writer.execute("UPDATE identity SET key = ?, tail = ?", (key, tail ^ 1))
    with transaction(store.writer):
        enrolment = enrol(store.writer, [(crm("2"),)], store.organisation)

    assert dict(enrolment.numbers) == {crm("2"): 2}
    found = store.reading.find(crm("2"))
    assert found
    assert found.members[0].identity == crm("2")
    assert store.reading.find_xid(crm("2").xid) == found


def test_namespaces_tell_equal_values_apart(store: Store) -> None:
    store.take(profile(Identity("CRMID", "1")), profile(Identity("ECID", "1")))

    assert store.rows("SELECT count(DISTINCT person) FROM identity") == [(2,)]
