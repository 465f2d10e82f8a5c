"""Look-ups: people, their profile records and their events."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.hub.database.connection import snapshot
from bot.hub.database.reading import EventKey
from bot.hub.model import MOST_IDENTITIES, Event, Identity, Person, precedence, xid_of
from tests.hub.database.conftest import Store
from tests.hub.database.invented import SHOP_DATA, crm, ecid, email, event, profile
from tests.hub.database.test_order import fresh


def found(store: Store, identity: Identity) -> Person:
    person = store.reading.find(identity)
    assert person
    return person


def numbers_of(person: Person) -> list[int]:
    return [member.number for member in person.members]


def names(events: list[Event]) -> list[str]:
    return [each.id for each in events]


def test_a_person_is_found_by_each_identity(store: Store) -> None:
    """It is the same person, with the one that was asked for told apart, in the order that gives it its XID."""
    store.take(profile(ecid("7"), email("a@example.com"), crm("1")))
    people = [found(store, identity) for identity in (ecid("7"), email("a@example.com"), crm("1"))]

    assert [person.asked.identity for person in people] == [ecid("7"), email("a@example.com"), crm("1")]
    assert {person.members for person in people} == {tuple(sorted(people[0].members, key=precedence))}
    assert {person.xid for person in people} == {crm("1").xid}
    assert people[0].size == 3


def test_a_person_is_found_by_the_xid_of_each_identity(store: Store) -> None:
    store.take(profile(ecid("7"), crm("1")))

    assert store.reading.find_xid(ecid("7").xid) == found(store, ecid("7"))


@pytest.mark.parametrize("xid", ["", "A", "nonsense", "Ä" * 25, crm("1").xid[:-1], crm("1").xid.lower(), xid_of(b"1" * 18)])
def test_nobody_is_found_by_what_is_no_xid(store: Store, xid: str) -> None:
    store.take(profile(crm("1")))

    assert store.reading.find_xid(xid) is None


@pytest.mark.parametrize("stranger", [crm("2"), email("1"), Identity("Unheard", "1")])
def test_nobody_is_found_by_an_unknown_identity(store: Store, stranger: Identity) -> None:
    store.take(profile(crm("1")))

    assert store.reading.find(stranger) is None


def test_of_a_graph_that_is_too_large_some_members_are_read(store: Store) -> None:
    """Its size is right, and the identity that was asked for is among them."""
    everybody = [ecid(str(number)) for number in range(3 * MOST_IDENTITIES)]
    store.take(profile(*everybody))
    people = [found(store, identity) for identity in everybody]

    assert {person.size for person in people} == {3 * MOST_IDENTITIES}
    assert all(person.asked in person.members for person in people)
    assert max(len(person.members) for person in people) <= MOST_IDENTITIES + 2


def test_people_are_read_by_their_identities_numbers(store: Store) -> None:
    """Each once, and nobody for a number that isn't given."""
    store.take(profile(crm("1"), ecid("7")), profile(crm("2")))
    one, two = found(store, crm("1")), found(store, crm("2"))
    people = store.reading.people([*numbers_of(one), *numbers_of(two), 999])

    assert [one.members, two.members] == [person.members for person in people]


def test_profile_records_of_many_identities_are_read(store: Store) -> None:
    """More than one statement takes."""
    store.take(*(profile(crm(str(number)), time=number) for number in range(1200)))
    numbers = [number for (number,) in store.rows("SELECT id FROM identity ORDER BY id")]
    fragments = store.reading.fragments(numbers)  # type: ignore[arg-type]

    assert [each.time for each in fragments] == list(range(1200))
    assert fragments[3].body == {"homeAddress": {"city": "Berlin"}}


def test_events_are_in_the_order_of_time_dataset_and_id(store: Store) -> None:
    """Of all identities of a person together, or the other way round."""
    store.take(
        event(crm("1"), ecid("7"), named="d", time=2, dataset=SHOP_DATA),
        event(ecid("7"), named="c", time=2),
        event(crm("1"), named="b", time=2),
        event(ecid("7"), named="z", time=1),
        event(crm("2"), named="other"),
    )
    numbers = numbers_of(found(store, crm("1")))

    assert names(store.reading.events(numbers)) == ["z", "b", "c", "d"]
    assert names(store.reading.events(numbers, newest_first=True, limit=3)) == ["d", "c", "b"]


def test_events_are_read_from_a_time_to_before_another(store: Store) -> None:
    store.take(*(event(crm("1"), named=str(time), time=time) for time in range(5)))
    numbers = numbers_of(found(store, crm("1")))

    assert names(store.reading.events(numbers, start=1, end=3)) == ["1", "2"]
    assert names(store.reading.all_events(numbers, start=3)) == ["3", "4"]
    assert names(store.reading.events(numbers, limit=0)) == []
    assert store.reading.events([]) == []


happened = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(0, 4), st.sampled_from("abc")), max_size=30)


@settings(deadline=None, max_examples=40)
@given(first=happened, later=happened, size=st.integers(1, 4), newest_first=st.booleans())
def test_pages_neither_skip_nor_repeat_while_data_arrives(
    first: list[tuple[int, int, int, str]], later: list[tuple[int, int, int, str]], size: int, newest_first: bool
) -> None:
    """Everything that was there at the beginning comes once, in order; what arrives meanwhile comes at most once."""
    own = [crm("1"), email("a@example.com"), ecid("7")]

    def events(happened: list[tuple[int, int, int, str]]) -> list[tuple[object, ...]]:
        store.take(*(event(own[who], named=name, time=time, dataset=dataset) for who, dataset, time, name in happened))
        return store.rows("SELECT time, dataset, id, identity FROM event")

    with fresh() as store:
        store.take(profile(*own))
        numbers = numbers_of(found(store, crm("1")))
        before = events(first)
        paged: list[EventKey] = []
        while page := store.reading.events(numbers, newest_first=newest_first, after=paged[-1] if paged else None, limit=size):
            paged += [EventKey(each.time, each.dataset, each.id, each.identity) for each in page]
            events([later.pop()] if later else [])

    ranked = [(*key[:3], numbers.index(key.identity)) for key in paged]
    assert set(before) <= set(paged)
    assert all((a > b) if newest_first else (a < b) for a, b in pairwise(ranked))


def test_reading_inside_a_snapshot_is_of_one_moment(store: Store) -> None:
    """Also while graphs join."""
    store.take(profile(crm("1")), profile(crm("2"), ecid("7")))
    with snapshot(store.reader):
        before = found(store, crm("1"))
        store.take(profile(crm("1"), crm("2"), time=2))
        during = found(store, crm("1"))

    assert before == during
    assert found(store, crm("1")).size == 3
