"""A person is removed, and nothing is left."""

from __future__ import annotations

import orjson

from bot.hub.database import unsettled
from bot.hub.database.archiving import RECENT, archive
from bot.hub.database.connection import transaction
from bot.hub.database.intake import Intake
from bot.hub.database.reading import Standing
from bot.hub.database.removal import Removed, Traces, proof, remove
from bot.hub.database.unsettled import Settlement
from bot.hub.model import Identity, Record
from tests.hub.database.conftest import Store
from tests.hub.database.invented import NOW, SHOP_DATA, crm, ecid, email, event, profile

ADA = (crm("C-000815"), email("ada@example.com"), ecid("11111111112222222222"))
BELA = (crm("C-000816"), email("bela@example.com"))
TABLES = ("identity", "fragment", "event_archive", "event_recent", "event_body", "standing", "unsettled", "arrival", "waiting")


def lived(store: Store) -> None:
    """Ada and Bela, with something in every table."""
    store.take(profile(*ADA[:2]), profile(*BELA), event(*ADA[1:], named="e1"), event(BELA[0], named="e2"))
    with transaction(store.writer):
        archive(store.writer, 0, RECENT)
        unsettled.gather(store.writer)
        settlements = [Settlement(each.identity, [each], Standing(NOW, {}, {})) for each in unsettled.take(store.writer, 10)]
        unsettled.settle(store.writer, settlements, seen=unsettled.newest(store.writer))
    store.take(event(ADA[2], named="e3"), event(BELA[1], named="e4"))
    with transaction(store.writer):
        unsettled.gather(store.writer)
    store.take(event(ADA[1], named="e5"), event(BELA[0], named="e6"))
    waiting = [orjson.dumps({"personalEmail": {"address": address}}) for address in ("ADA@example.com", "bela@example.com")]
    with transaction(store.writer):
        Intake(store.writer).wait(SHOP_DATA, waiting, now=NOW)


def counts(store: Store) -> dict[str, object]:
    return {table: store.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}  # noqa: S608 - the tables above


def removed(store: Store, identity: Identity) -> Removed:
    person = store.reading.find(identity)
    assert person
    with transaction(store.writer):
        return remove(store.writer, person)


def test_a_person_is_removed_everywhere(store: Store) -> None:
    """By any identity, and nobody else with it."""
    lived(store)
    before = counts(store)
    counted = removed(store, ADA[2])

    assert before == {
        "identity": 5,
        "fragment": 2,
        "event_archive": 2,
        "event_recent": 4,
        "event_body": 6,
        "standing": 2,
        "unsettled": 2,
        "arrival": 2,
        "waiting": 2,
    }
    assert counted == Removed(identities=3, fragments=1, events=3, waiting=1)
    assert counts(store) == {
        "identity": 2,
        "fragment": 1,
        "event_archive": 1,
        "event_recent": 2,
        "event_body": 3,
        "standing": 1,
        "unsettled": 1,
        "arrival": 1,
        "waiting": 1,
    }
    assert [store.reading.find(identity) for identity in ADA] == [None] * 3
    assert store.reading.find(BELA[1])


def test_nothing_of_a_removed_person_is_left_in_the_files(store: Store) -> None:
    """Not a byte, once the log is swept; before, the proof shows what is there."""
    lived(store)
    before = proof(store.reader, ADA)
    removed(store, ADA[0])
    unswept = proof(store.reader, ADA)
    swept = store.database.sweep()

    assert before.identities == 3
    assert before.waiting == 1
    assert unswept.occurrences > 0
    assert swept
    assert proof(store.reader, ADA) == Traces(0, 0, 0)
    assert not proof(store.reader, ADA)
    assert proof(store.reader, BELA)


def test_nothing_is_left_where_much_moved_about(store: Store) -> None:
    """Neither earlier records nor copies in the gaps of pages that were split."""
    for number in range(400):
        others = [profile(crm(f"X-{number * each % 401}"), time=number, city="Bonn" * (number % 90)) for each in (7, 11, 13)]
        store.take(profile(*ADA, time=number, city="Berlin" * (number % 90)), event(*ADA, named=str(number)), *others)
    removed(store, ADA[0])
    store.database.sweep()

    assert proof(store.reader, ADA) == Traces(0, 0, 0)
    assert store.rows("PRAGMA integrity_check") == [("ok",)]


def test_whoever_has_the_identity_by_now_is_removed(store: Store) -> None:
    """Graphs may join between the look-up and the removal."""
    store.take(profile(crm("1")), profile(crm("2"), ecid("7")))
    person = store.reading.find(crm("1"))
    assert person
    store.take(profile(crm("1"), crm("2"), time=2))
    with transaction(store.writer):
        counted = remove(store.writer, person)

    assert counted.identities == 3


def test_what_was_removed_isnt_removed_again(store: Store) -> None:
    store.take(profile(crm("1")))
    person = store.reading.find(crm("1"))
    assert person
    with transaction(store.writer):
        remove(store.writer, person)
        again = remove(store.writer, person)

    assert again == Removed(0, 0, 0, 0)


def test_a_removed_person_may_come_back(store: Store) -> None:
    """What arrives later is somebody new, with the same XID."""
    lived(store)
    xid = store.reading.find(ADA[0])
    removed(store, ADA[0])
    store.take(profile(*ADA))
    person = store.reading.find(ADA[0])

    assert person
    assert xid
    assert person.xid == xid.xid
    assert store.reading.events([member.number for member in person.members]) == []


def test_another_namespaces_equal_value_is_no_trace(store: Store) -> None:
    """Customer 1 isn't cookie 1."""
    store.take(profile(crm("1")), profile(ecid("1")))
    removed(store, crm("1"))

    assert not proof(store.reader, [crm("1")])
    assert proof(store.reader, [ecid("1")]) == Traces(identities=1, waiting=0, occurrences=0)


def test_a_short_value_isnt_looked_for_in_the_bytes(store: Store) -> None:
    """It stands there by chance."""
    store.take(profile(crm("1")), Record(1, False, 1, "", (crm("2"),), b'{"a":"1"}'))
    removed(store, crm("1"))

    assert not proof(store.reader, [crm("1")])
