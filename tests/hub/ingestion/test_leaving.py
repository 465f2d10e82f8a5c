"""What is known of a person goes out, as a copy or for good."""

from __future__ import annotations

from pathlib import Path

from bot.hub.ingestion.importing import import_file
from bot.hub.ingestion.leaving import delete, export
from bot.hub.ingestion.source import Source
from bot.hub.ingestion.submission import Submission
from bot.hub.ingestion.taking import Taking
from bot.hub.model import Identity
from tests.hub.ingestion.conftest import NOW, ORDERS, PEOPLE, VISITS, Hub, order, write_lines

ADA = Identity("Email", "ada@example.com")


def filled(hub: Hub, folder: Path) -> Hub:
    """A hub that knows Ada in every way there is, and Bea beside her."""
    linked = {"identityMap": {"Email": [{"id": "ada@example.com", "primary": True}], "ECID": [{"id": "device-of-ada"}]}}
    orders = [order(1), order(2, "bea@example.com"), order(3, level="none"), order(4, "bea@example.com", level="none")]
    import_file(hub.database, Source(write_lines(folder / "orders.jsonl", orders), ORDERS), now=NOW)
    import_file(
        hub.database, Source(write_lines(folder / "people.jsonl", [linked | {"_demo": {"name": "Ada"}}]), PEOPLE), now=NOW
    )
    import_file(
        hub.database, Source(write_lines(folder / "visits.jsonl", [order(5), order(6, "bea@example.com")]), VISITS), now=NOW
    )
    taking = Taking(hub.database)
    taking.take([Submission(ORDERS, b'{"_id": "ada@example.com"}', listed=True)], now=NOW)
    taking.close()
    return hub


def test_export(hub: Hub, tmp_path: Path) -> None:
    """A copy holds each identity, record, event, waiting record and reject of the person, and nobody else's."""
    known = export(filled(hub, tmp_path).database, Identity("ECID", "device-of-ada"))

    assert known
    assert {(each["namespace"], each["id"]) for each in known["identities"]} == {tuple(ADA), ("ECID", "device-of-ada")}
    assert [(each["dataset"], each["record"]["_demo"]) for each in known["records"]] == [("People", {"name": "Ada"})]
    assert [(each["dataset"], each["record"]["_id"]) for each in known["events"]] == [("Orders", "order-1")]
    assert [(each["dataset"], each["record"]["_id"]) for each in known["waiting"]] == [("Visits", "order-5")]
    assert [each["record"]["_id"] for each in known["rejects"]] == ["ada@example.com", "order-3"]


def test_delete(hub: Hub, tmp_path: Path) -> None:
    """Who is deleted is nowhere any more: not in a table, a reject file, or the bytes of the hub's file; others stay."""
    database = filled(hub, tmp_path).database
    deleted = delete(database, ADA)
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("hub.db") or "rejects" in path.name)

    assert deleted
    assert (deleted.removed.identities, deleted.removed.fragments, deleted.removed.events, deleted.removed.waiting) == (
        2,
        1,
        1,
        1,
    )
    assert (deleted.rejects, bool(deleted.traces)) == (2, False)
    assert b"ada@example.com" not in left
    assert b"device-of-ada" not in left
    assert [event.id for event in hub.events("bea@example.com")] == ["order-2"]
    assert export(database, ADA) is None


def test_delete_keeps_imports_going(hub: Hub, tmp_path: Path) -> None:
    """An import goes on where it was although rejects of it were deleted, and those that stay stay."""
    database = filled(hub, tmp_path).database
    delete(database, ADA)
    file = write_lines(tmp_path / "orders.jsonl", [order(1), order(2, "bea@example.com"), order(3, level="none")])
    done = import_file(database, Source(file, ORDERS), now=NOW)
    stayed = import_file(database, Source(tmp_path / "visits.jsonl", VISITS), now=NOW)

    assert (done.lines, stayed.accepted) == (3, 2)


def test_nobody(hub: Hub) -> None:
    """Of somebody who isn't there nothing is known, and nothing can be deleted."""
    assert (export(hub.database, ADA), delete(hub.database, ADA)) == (None, None)


def test_a_waiting_record_is_of_whom_it_names(hub: Hub, tmp_path: Path) -> None:
    """Not of somebody one of whose identities stands in it as the number of an order."""
    database = filled(hub, tmp_path).database
    linked = {"identityMap": {"Email": [{"id": "cleo@example.com", "primary": True}], "ECID": [{"id": "order-6"}]}}
    import_file(database, Source(write_lines(tmp_path / "more.jsonl", [linked]), PEOPLE), now=NOW)
    cleo = Identity("Email", "cleo@example.com")
    known = export(database, cleo)
    deleted = delete(database, cleo)

    assert known
    assert deleted
    assert (known["waiting"], deleted.removed.waiting, deleted.traces.waiting) == ([], 0, 0)
