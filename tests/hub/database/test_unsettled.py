"""What is to be computed, until it is."""

from __future__ import annotations

from bot.hub.database import unsettled
from bot.hub.database.connection import transaction
from bot.hub.database.reading import Standing
from bot.hub.database.removal import remove
from bot.hub.database.unsettled import Unsettled
from tests.hub.database.conftest import Store
from tests.hub.database.invented import NOW, crm, ecid, email, event, profile

GOLD = Standing(NOW, {"gold": {"status": "realized"}}, {"orders": 3})
NONE = Standing(NOW, {}, {})


def settle(store: Store, taken: list[Unsettled], standing: Standing = GOLD) -> bool:
    """As the evaluation does it for one person."""
    (person,) = store.reading.people([each.identity for each in taken])
    with transaction(store.writer):
        return unsettled.settle(store.writer, person.number, taken, standing)


def test_what_is_settled_can_be_read_and_leaves_the_queue(store: Store) -> None:
    store.take(profile(crm("1")))
    taken = unsettled.take(store.reader, 10)

    assert settle(store, taken)
    assert store.reading.standing(taken[0].identity) == GOLD
    assert unsettled.take(store.reader, 10) == []


def test_nothing_is_known_of_whom_nothing_was_computed(store: Store) -> None:
    store.take(profile(crm("1")))

    assert store.reading.standing(1) is None


def test_what_arrives_meanwhile_keeps_it_in_the_queue(store: Store) -> None:
    """What was computed without it isn't stored."""
    store.take(profile(crm("1")))
    taken = unsettled.take(store.reader, 10)
    store.take(event(crm("1"), named="e1"), now=NOW + 5)

    assert not settle(store, taken)
    assert store.reading.standing(taken[0].identity) is None
    assert [each.since for each in unsettled.take(store.reader, 10)] == [NOW]


def test_a_person_who_was_removed_stays_so(store: Store) -> None:
    store.take(profile(crm("1")))
    taken = unsettled.take(store.reader, 10)
    person = store.reading.find(crm("1"))
    assert person
    with transaction(store.writer):
        remove(store.writer, person)

    assert not unsettled.settle(store.writer, person.number, taken, GOLD)
    assert store.rows("SELECT * FROM standing") == []


def test_what_was_computed_of_a_part_isnt_stored_once_it_is_part_of_a_whole(store: Store) -> None:
    """Whichever of the graphs' numbers is that of the whole."""
    store.take(profile(crm("1")), profile(crm("2"), ecid("7"), ecid("8")))
    taken = {each.identity: each for each in unsettled.take(store.reader, 10)}
    store.take(profile(crm("1"), crm("2"), time=2))

    assert [unsettled.settle(store.writer, person, [each], GOLD) for person, each in taken.items()] == [False, False]
    assert store.rows("SELECT * FROM standing") == []
    assert [person.size for person in store.reading.people([each.identity for each in unsettled.take(store.reader, 10)])] == [4]


def test_the_queue_goes_round(store: Store) -> None:
    """Who goes on where it stopped comes to everybody, though the first are never quiet."""
    store.take(*(profile(crm(str(number))) for number in range(5)))
    seen: list[int] = []
    while len(seen) < 6:
        taken = unsettled.take(store.reader, 2, after=seen[-1] if seen else 0)
        seen += [each.identity for each in taken]
        store.take(event(crm("0"), named=f"e{len(seen)}"))

    assert seen == [1, 2, 3, 4, 5, 1]


def test_the_queue_tells_how_long_it_is_and_since_when(store: Store) -> None:
    """The oldest is by arrival, whatever came after it."""
    assert (unsettled.count(store.reader), unsettled.oldest(store.reader)) == (0, None)
    store.take(profile(crm("1")), profile(crm("2")))
    store.take(event(crm("1"), named="e1"), now=NOW + 2)

    assert (unsettled.count(store.reader), unsettled.oldest(store.reader)) == (2, NOW)


def test_of_graphs_that_joined_one_standing_is_left(store: Store) -> None:
    """That of the whole; both can be read until it is computed, since they tell when a membership began."""
    store.take(profile(crm("1"), email("a@example.com")), profile(crm("2")))
    for each in unsettled.take(store.reader, 10):
        settle(store, [each])
    store.take(event(ecid("7"), crm("1"), crm("2"), named="e1"))
    person = store.reading.find(crm("2"))
    assert person
    before = store.reading.standings([member.number for member in person.members])
    settle(store, unsettled.take(store.reader, 10), NONE)

    assert list(before.values()) == [GOLD, GOLD]
    assert store.reading.standing(person.number) == NONE
    assert store.rows("SELECT count(*) FROM standing") == [(1,)]


def test_everybody_can_be_marked_in_pieces(store: Store) -> None:
    """As when an audience is new: each person once."""
    store.take(*(profile(crm(str(number)), ecid(str(number))) for number in range(5)))
    people = sorted(person for (person,) in store.rows("SELECT DISTINCT person FROM identity"))  # type: ignore[type-var]
    store.writer.execute("DELETE FROM unsettled")
    after: int | None = 0
    pieces = 0
    while after is not None:
        after = unsettled.mark_everybody(store.writer, now=NOW, after=after, limit=2)
        pieces += 1

    assert [each.identity for each in unsettled.take(store.reader, 10)] == people
    assert pieces == 3
