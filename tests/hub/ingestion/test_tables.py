"""Tables become records as a mapping file says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.hub.ingestion.files import UnreadableFile
from bot.hub.ingestion.importing import Progress, import_file
from bot.hub.ingestion.mapping import WrongMapping
from bot.hub.ingestion.source import Source
from bot.hub.model import Xdm
from tests.hub.ingestion.conftest import NOW, ORDERS, PEOPLE, Hub

MAPPING = """
separator: ";"
columns:
  NO: _id
  WHEN: {path: timestamp, time: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
  MAIL: [{identity: Email, primary: true}, personalEmail.address]
  AMOUNT: {path: _demo.amount, decimal: ","}
  ITEMS: _demo.items
  GIFT: {path: _demo.gift, values: {"1": true, "0": false}}
  DAY: {path: _demo.day, date: "%d.%m.%Y"}
  TAGS: {path: _demo.tags, split: "|"}
  FIRST: _demo.lines.0.sku
  SECOND: _demo.lines.1.sku
  REMARK: null
constants:
  _demo.shop: main
"""
HEADER = "NO;WHEN;MAIL;AMOUNT;ITEMS;GIFT;DAY;TAGS;FIRST;SECOND;REMARK"
LINE = "o-1;01.07.2026 10:30;Ada@Example.com;1.234,50;3;1;24.12.2026;a| b |;s-1;s-2;private"


def imported(hub: Hub, folder: Path, lines: str | bytes, mapping: str | None = MAPPING, name: str = "orders.csv") -> Progress:
    """The table, imported with that mapping."""
    file = folder / name
    file.write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    mapped = folder / "mapping.yml" if mapping else None
    if mapped and mapping:
        mapped.write_text(mapping)
    return import_file(hub.database, Source(file, ORDERS, mapped), now=NOW)


def table(*lines: str) -> str:
    return "\n".join((HEADER, *lines, ""))


def only(hub: Hub) -> Xdm:
    [event] = hub.events("ada@example.com")
    return event.body


def listed(done: Progress) -> list[tuple[int, str, str]]:
    lines = map(json.loads, done.rejects.read_text().splitlines())
    return [(each["line"], each["path"], each["reason"]) for each in lines]


def test_mapped(hub: Hub, tmp_path: Path) -> None:
    """Each column goes where the mapping says, as what the schema wants there."""
    done = imported(hub, tmp_path, table(LINE))

    assert (done.accepted, done.rejected, done.lines) == (1, 0, 2)
    assert only(hub) == {
        "_id": "o-1",
        "timestamp": "2026-07-01T10:30:00+02:00",
        "personalEmail": {"address": "Ada@Example.com"},
        "identityMap": {"Email": [{"id": "Ada@Example.com", "primary": True}]},
        "_demo": {
            "amount": 1234.5,
            "items": 3,
            "gift": True,
            "day": "2026-12-24",
            "tags": ["a", "b"],
            "lines": [{"sku": "s-1"}, {"sku": "s-2"}],
            "shop": "main",
        },
    }


def test_empty_cells(hub: Hub, tmp_path: Path) -> None:
    """An empty cell is no field."""
    imported(hub, tmp_path, table("o-1;01.03.2026 10:30;ada@example.com;;;;;;;;"))

    assert only(hub)["_demo"] == {"shop": "main"}


@pytest.mark.parametrize(
    ("column", "cell", "path", "reason"),
    [
        (1, "yesterday", "timestamp", "isn't written as %d.%m.%Y %H:%M (column WHEN)"),
        (3, "much", "_demo.amount", "isn't a number (column AMOUNT)"),
        (3, "-1", "_demo.amount", "is less than 0"),
        (4, "1.5", "_demo.items", "isn't a whole number (column ITEMS)"),
        (5, "yes", "_demo.gift", "isn't one of 0 or 1 (column GIFT)"),
        (6, "2026-12-24", "_demo.day", "isn't written as %d.%m.%Y (column DAY)"),
        (10, "a;b", "", "has 12 cells where there are 11 columns"),
    ],
)
def test_wrong_cells(hub: Hub, tmp_path: Path, column: int, cell: str, path: str, reason: str) -> None:
    """A cell that isn't what its field wants is told by field and column, and the rows around it go in."""
    cells = LINE.split(";")
    bad = ";".join((*cells[:column], cell, *cells[column + 1 :]))
    done = imported(hub, tmp_path, table(LINE, bad, LINE.replace("o-1", "o-2")))

    assert (done.accepted, listed(done)) == (2, [(3, path, reason)])


def test_rows_of_several_lines(hub: Hub, tmp_path: Path) -> None:
    """A quoted cell may go over lines; the row is that of its first line, and those after it are counted on."""
    quoted = LINE.replace("private", '"one\ntwo ""three"""')
    done = imported(hub, tmp_path, table(quoted, quoted.replace("o-1", "o-2"), "bad"))

    assert (done.accepted, done.lines, [line for line, _, _ in listed(done)]) == (2, 6, [6])


def test_stray_quotation_mark(hub: Hub, tmp_path: Path) -> None:
    """A quotation mark that nobody closes takes no good rows with it."""
    rows = [LINE.replace("o-1", f"o-{number}") for number in range(300)]
    rows[7] = rows[7].replace("private", '"never closed')
    done = imported(hub, tmp_path, table(*rows))

    assert (done.accepted, [line for line, _, _ in listed(done)]) == (299, [9])


def test_other_encodings(hub: Hub, tmp_path: Path) -> None:
    """A file is read in the encoding that the mapping names; a row that isn't in it is told."""
    lines = table(LINE.replace("s-1", "Grün")).encode("cp1252")
    done = imported(hub, tmp_path, lines, MAPPING + "encoding: cp1252\n")
    other = imported(hub, tmp_path, lines, name="other.csv")

    assert (done.accepted, only(hub)["_demo"]["lines"][0]) == (1, {"sku": "Grün"})
    assert listed(other)[0][2].startswith("isn't UTF-8 at byte ")


def test_byte_order_mark(hub: Hub, tmp_path: Path) -> None:
    """What some programs put before the first column's name isn't part of it."""
    assert imported(hub, tmp_path, b"\xef\xbb\xbf" + table(LINE).encode()).accepted == 1


def test_columns_that_name_fields(hub: Hub, tmp_path: Path) -> None:
    """Without a mapping the columns are named as the fields are."""
    header = "_id\ttimestamp\tidentityMap.Email\t_demo.items"
    line = "o-1\t2026-03-01T10:30:00Z\tada@example.com\t3"
    imported(hub, tmp_path, f"{header}\n{line}\n", mapping=None, name="orders.tsv")

    assert only(hub) == {
        "_id": "o-1",
        "timestamp": "2026-03-01T10:30:00Z",
        "_demo": {"items": 3},
        "identityMap": {"Email": [{"id": "ada@example.com"}]},
    }


def test_goes_on(hub: Hub, tmp_path: Path) -> None:
    """A table that has grown is gone on with at the end of the last row; with another mapping it is read from the beginning."""
    first = imported(hub, tmp_path, table(LINE))
    second = imported(hub, tmp_path, table(LINE, LINE.replace("o-1", "o-2")))
    third = imported(hub, tmp_path, table(LINE, LINE.replace("o-1", "o-2")), MAPPING.replace("shop: main", "shop: other"))

    assert (first.accepted, second.accepted, second.known) == (1, 2, 0)
    assert (third.accepted + third.known, {event.body["_demo"]["shop"] for event in hub.events("ada@example.com")}) == (
        2,
        {"other"},
    )


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ("columns: [", "mapping.yml:1: "),
        ("", "the file: "),
        ("columns: {NO: {}}", "columns.NO.0: needs either a path or an identity"),
        ("columns: {NO: {path: _id, identity: Email}}", "needs either a path or an identity"),
        ("columns: {NO: {path: _id, primary: true}}", "primary belongs to an identity"),
        ("columns: {NO: {path: _id, date: '%d', time: '%H'}}", "may have one of values, date and time"),
        ("columns: {NO: {path: _id, zone: Berlin}}", "must be a time zone like Europe/Berlin"),
        ("columns: {NO: {path: _id, colour: red}}", "columns.NO.0.colour: Extra inputs are not permitted"),
        ("{encoding: utf-16, columns: {}}", "encoding: must be an encoding in which a line ends with one byte"),
        ("{encoding: none, columns: {}}", "encoding: must be an encoding"),
        (MAPPING.replace("  NO: _id\n", ""), "mapping.yml: column NO: the mapping doesn't name it (null leaves it out)"),
        (MAPPING.replace("NO: _id", "NO: _id\n  MORE: _id"), "column MORE: the mapping names it, and the file doesn't have it"),
        (MAPPING.replace("_demo.items", "_demo.itmes"), "column ITEMS: _demo.itmes is no field of the schema"),
        (MAPPING.replace("identity: Email", "identity: Telex"), "column MAIL: Telex is no registered namespace"),
        (MAPPING.replace("_demo.shop", "shop"), "constants: shop is no field of the schema"),
    ],
)
def test_wrong_mappings(hub: Hub, tmp_path: Path, mapping: str, told: str) -> None:
    """A mapping that can't be meant, or doesn't fit file and schema, is refused as a whole, with what is wrong."""
    (tmp_path / "mapping.yml").write_text(mapping or "columns")
    (tmp_path / "orders.csv").write_text(table(LINE))

    with pytest.raises(WrongMapping) as wrong:
        import_file(hub.database, Source(tmp_path / "orders.csv", ORDERS, tmp_path / "mapping.yml"), now=NOW)

    assert told in str(wrong.value)


def test_no_mapping_at_all(hub: Hub, tmp_path: Path) -> None:
    """Columns that aren't named as fields are need a mapping."""
    (tmp_path / "orders.csv").write_text(table(LINE).replace("NO;", "Customer number;"))

    with pytest.raises(
        WrongMapping, match=r"orders\.csv: the columns aren't named as fields are \(.*\): a mapping file can say what they are"
    ):
        import_file(hub.database, Source(tmp_path / "orders.csv", ORDERS), now=NOW)


def test_profiles(hub: Hub, tmp_path: Path) -> None:
    """Profile records that don't say when they are of are of the time of their import."""
    file = tmp_path / "people.csv"
    file.write_text("identityMap.Email,_demo.name\nada@example.com,Ada\n")
    import_file(hub.database, Source(file, PEOPLE), now=NOW)
    [fragment] = hub.fragments("ada@example.com")

    assert (fragment.time, fragment.body["_demo"]) == (NOW, {"name": "Ada"})


def test_long_line(hub: Hub, tmp_path: Path) -> None:
    """A line that is far too long is refused, also where a row goes on over it, and the rows behind it go in."""
    broken = '"' + LINE.replace("private", "x")
    done = imported(hub, tmp_path, table("x" * 1_000_001, broken, "y" * 2_000_000, LINE))

    assert [line for line, _, _ in listed(done)] == [2, 3, 4]
    assert (listed(done)[0][2], only(hub)["_id"], done.position) == (
        "isn't CSV: a line is longer than 1000000 bytes",
        "o-1",
        done.size,
    )


def test_columns_that_cannot_be_read(hub: Hub, tmp_path: Path) -> None:
    """When the names of the columns can't be read, the reason says so."""
    with pytest.raises(UnreadableFile, match=r"orders.csv:1: isn't UTF-8 at byte 1 of its line"):
        imported(hub, tmp_path, "Größe".encode("utf-16"), mapping=None)


def test_grown_within_a_line(hub: Hub, tmp_path: Path) -> None:
    """A row that had no end yet when it was read is read again, whole, once the file has grown."""
    whole = table(LINE)
    imported(hub, tmp_path, whole[: len(whole) - len(LINE) + 3])
    done = imported(hub, tmp_path, whole)

    assert (only(hub)["_id"], done.accepted, done.rejected, done.lines) == ("o-1", 1, 1, 2)
