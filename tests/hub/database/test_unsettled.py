"""What is to be computed, until it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.hub.database import unsettled
from bot.hub.database.connection import transaction
from bot.hub.database.reading import Standing
from bot.hub.database.removal import remove
from bot.hub.database.unsettled import Settlement, Unsettled
from tests.hub.database.conftest import Store
from tests.hub.database.invented import NOW, crm, ecid, email, event, profile

GOLD = Standing(NOW, {"gold": {"status": "realized"}}, {"orders": 3})
NONE = Standing(NOW, {}, {})


def settle(store: Store, taken: list[Unsettled], standing: Standing = GOLD, seen: int | None = None) -> bool:
    """As the evaluation does it for one person."""
    (person,) = store.reading.people([each.identity for each in taken])
    return settled(store, person.number, taken, standing, seen)


def settled(store: Store, person: int, taken: list[Unsettled], standing: Standing = GOLD, seen: int | None = None) -> bool:
    """`seen` is the newest arrival of which the computation knew, by default the last."""
    with transaction(store.writer):
        seen = unsettled.newest(store.writer) if seen is None else seen
        return unsettled.settle(store.writer, [Settlement(person, taken, standing)], seen=seen) == 1


@pytest.fixture(params=["noted", "gathered"])
def meanwhile(request: pytest.FixtureRequest) -> Callable[[Store], None]:
    """What another evaluation has or hasn't done by then with what arrived."""

    def gather(store: Store) -> None:
        if request.param == "gathered":
            taken_of(store)

    return gather


def taken_of(store: Store, limit: int = 10, *, after: int = 0) -> list[Unsettled]:
    """The next of them, after all that arrived was gathered."""
    with transaction(store.writer):
        unsettled.gather(store.writer)
    return unsettled.take(store.reader, limit, after=after)


def test_what_is_settled_can_be_read_and_leaves_the_queue(store: Store) -> None:
    store.take(profile(crm("1")))
    taken = taken_of(store)

    assert settle(store, taken)
    assert store.reading.standing(taken[0].identity) == GOLD
    assert taken_of(store) == []


def test_nothing_is_known_of_whom_nothing_was_computed(store: Store) -> None:
    store.take(profile(crm("1")))

    assert store.reading.standing(1) is None


def test_what_arrives_meanwhile_keeps_it_in_the_queue(store: Store, meanwhile: Callable[[Store], None]) -> None:
    """What was computed without it isn't stored."""
    store.take(profile(crm("1")))
    taken, seen = taken_of(store), unsettled.newest(store.reader)
    store.take(event(crm("1"), named="e1"), now=NOW + 5)
    meanwhile(store)

    assert not settle(store, taken, seen=seen)
    assert store.reading.standing(taken[0].identity) is None
    assert [each.since for each in taken_of(store)] == [NOW]


def test_a_person_who_was_removed_stays_so(store: Store) -> None:
    store.take(profile(crm("1")))
    taken = taken_of(store)
    person = store.reading.find(crm("1"))
    assert person
    with transaction(store.writer):
        remove(store.writer, person)

    assert not settled(store, person.number, taken)
    assert store.rows("SELECT * FROM standing") == []


def test_whoever_has_the_number_of_one_who_was_removed_gets_nothing_of_theirs(
    store: Store, meanwhile: Callable[[Store], None]
) -> None:
    store.take(profile(crm("1")))
    taken, seen = taken_of(store), unsettled.newest(store.reader)
    person = store.reading.find(crm("1"))
    assert person
    with transaction(store.writer):
        remove(store.writer, person)
    store.take(profile(crm("2")))
    meanwhile(store)

    assert [each.number for each in store.reading.people([person.number])] == [person.number]
    assert not settle(store, taken, seen=seen)
    assert store.rows("SELECT * FROM standing") == []


def test_what_was_computed_of_a_part_isnt_stored_once_it_is_part_of_a_whole(
    store: Store, meanwhile: Callable[[Store], None]
) -> None:
    """Whichever of the graphs' numbers is that of the whole."""
    store.take(profile(crm("1")), profile(crm("2"), ecid("7"), ecid("8")))
    taken, seen = {each.identity: each for each in taken_of(store)}, unsettled.newest(store.reader)
    store.take(profile(crm("1"), crm("2"), time=2))
    meanwhile(store)

    assert [settled(store, person, [each], seen=seen) for person, each in taken.items()] == [False, False]
    assert store.rows("SELECT * FROM standing") == []
    assert [person.size for person in store.reading.people([each.identity for each in taken_of(store)])] == [4]


def test_the_queue_goes_on_where_it_stopped(store: Store) -> None:
    """So it comes to everybody, though the first are never quiet."""
    store.take(*(profile(crm(str(number))) for number in range(5)))
    seen: list[int] = []
    while taken := taken_of(store, 2, after=seen[-1] if seen else 0):
        seen += [each.identity for each in taken]
        store.take(event(crm("0"), named=f"e{len(seen)}"))

    assert seen == [1, 2, 3, 4, 5]


def test_who_arrives_often_is_computed_once(store: Store) -> None:
    """In the order of identities, whatever the order of arrival, and in however many pieces it is gathered."""
    for number in (3, 1, 2, 3, 1):
        store.take(profile(crm(str(number)), time=NOW), event(crm(str(number)), named=f"e{number}"), now=NOW + number)
    gathered = 0
    while unsettled.ungathered(store.reader):
        with transaction(store.writer):
            unsettled.gather(store.writer, 2)
        gathered += 1

    assert gathered > 1
    assert [(each.identity, each.since) for each in unsettled.take(store.reader, 10)] == [
        (1, NOW + 3),
        (2, NOW + 1),
        (3, NOW + 2),
    ]


def test_the_queue_tells_how_long_it_is_and_since_when(store: Store) -> None:
    """The oldest is by arrival, whatever came after it."""
    assert (unsettled.count(store.reader), unsettled.oldest(store.reader)) == (0, None)
    store.take(profile(crm("1")), profile(crm("2")))
    store.take(event(crm("1"), named="e1"), now=NOW + 2)

    assert (unsettled.count(store.reader), unsettled.oldest(store.reader)) == (2, NOW)


def test_of_graphs_that_joined_one_standing_is_left(store: Store) -> None:
    """That of the whole; both can be read until it is computed, since they tell when a membership began."""
    store.take(profile(crm("1"), email("a@example.com")), profile(crm("2")))
    for each in taken_of(store):
        settle(store, [each])
    store.take(event(ecid("7"), crm("1"), crm("2"), named="e1"))
    person = store.reading.find(crm("2"))
    assert person
    before = store.reading.standings([member.number for member in person.members])
    settle(store, taken_of(store), NONE)

    assert list(before.values()) == [GOLD, GOLD]
    assert store.reading.standing(person.number) == NONE
    assert store.rows("SELECT count(*) FROM standing") == [(1,)]


def test_everybody_can_be_marked_in_pieces(store: Store) -> None:
    """As when an audience is new: each person once."""
    store.take(*(profile(crm(str(number)), ecid(str(number))) for number in range(5)))
    people = sorted(person for (person,) in store.rows("SELECT DISTINCT person FROM identity"))  # type: ignore[type-var]
    store.writer.execute("DELETE FROM arrival")
    after: int | None = 0
    pieces = 0
    while after is not None:
        after = unsettled.mark_everybody(store.writer, now=NOW, after=after, limit=2)
        pieces += 1

    assert [each.identity for each in taken_of(store)] == people
    assert pieces == 3
