"""Events move from where they arrive to where they stay, and nobody who reads sees a difference."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from bot.hub.database.archiving import RECENT, archive
from bot.hub.database.connection import transaction
from bot.hub.database.intake import Applied, Intake
from tests.hub.database.conftest import Store
from tests.hub.database.invented import NOW, crm, event

PEOPLE = 20


def moved(store: Store, first: int, count: int) -> None:
    with transaction(store.writer):
        archive(store.writer, first, count)


def arrived(store: Store, count: int = 200) -> None:
    """Events of some people, in no order."""
    chance = random.Random(7)  # noqa: S311 - invented data
    store.take(*(event(crm(str(number % PEOPLE)), named=f"e{number}", time=chance.randrange(50)) for number in range(count)))


def recent(store: Store) -> int:
    return int(str(store.rows("SELECT count(*) FROM event_recent")[0][0]))


@pytest.mark.parametrize("pieces", [1, 3, 7, 50])
@pytest.mark.parametrize("first", [0, 1, RECENT - 3, 12 * RECENT + 77])
def test_everybodys_turn_comes_once_in_a_round(store: Store, first: int, pieces: int) -> None:
    """Wherever it begins, and however it is cut."""
    arrived(store)
    before = store.rows("SELECT * FROM event ORDER BY 1, 2, 3, 4")
    cuts = [RECENT * piece // pieces for piece in range(pieces + 1)]
    left = []
    for begin, end in pairwise(cuts):
        moved(store, first + begin, end - begin)
        left.append(recent(store))

    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert len(set(left)) > pieces // 3
    assert store.rows("SELECT * FROM event ORDER BY 1, 2, 3, 4") == before


def test_more_at_once_than_a_round_move_everything(store: Store) -> None:
    arrived(store)
    moved(store, 5, 3 * RECENT)

    assert recent(store) == 0


def test_what_is_archived_is_known_when_it_comes_again(store: Store) -> None:
    """And a greater one has its place, as if it were recent."""
    store.take(event(crm("1"), named="e1", page="home"), event(crm("1"), named="e2"))
    moved(store, 0, RECENT)

    assert store.take(event(crm("1"), named="e1", page="home"), event(crm("1"), named="e2")) == Applied(0, 2)
    assert store.take(event(crm("1"), named="e1", page="zoom"), event(crm("1"), named="e3")) == Applied(2, 0)
    assert [each.id for each in store.reading.events([1])] == ["e1", "e2", "e3"]
    assert store.reading.events([1])[0].body == {"web": {"webPageDetails": {"name": "zoom"}}}


@pytest.mark.parametrize("newest_first", [False, True])
def test_archived_and_recent_events_are_read_in_one_order(store: Store, newest_first: bool) -> None:
    arrived(store)
    moved(store, 0, RECENT // 2)
    store.take(*(event(crm("1"), named=f"late{time}", time=time) for time in (-1, 20, 60)))
    moved(store, 0, RECENT // 20)
    numbers = [number for (number,) in store.rows("SELECT id FROM identity ORDER BY id")]
    read = store.reading.events(numbers, newest_first=newest_first)  # type: ignore[arg-type]

    assert 0 < recent(store) < len(read) == 203
    assert [each.time for each in read] == sorted((each.time for each in read), reverse=newest_first)
    assert sorted(each.id for each in store.reading.all_events(numbers)) == sorted(each.id for each in read)  # type: ignore[arg-type]


def test_whoever_stores_moves_those_whose_turn_it_is(store: Store) -> None:
    """So the recent ones stay few, whatever arrives."""
    intake, most = Intake(store.writer, recent=100), 0
    for number in range(1000):
        with transaction(store.writer):
            record = event(crm(str(number % PEOPLE)), named=f"e{number}", time=NOW + number)
            intake.apply([record], store.database.organisation(), now=NOW)
        most = max(most, recent(store))

    assert most <= 100
    assert store.rows("SELECT count(*) FROM event") == [(1000,)]
