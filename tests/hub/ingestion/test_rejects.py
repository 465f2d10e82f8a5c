"""A record that is wrong is listed with where and why, and never keeps a good one out."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any

import orjson

from bot.hub.database import imports
from bot.hub.ingestion.importing import import_file
from bot.hub.ingestion.preparation import Reject
from bot.hub.ingestion.rejecting import Refused, RejectFile
from bot.hub.ingestion.source import Source
from bot.hub.model import Xdm
from tests.hub.ingestion.conftest import NOW, ORDERS, Hub, order, write_lines


def without(record: Xdm, name: str) -> Xdm:
    return {key: value for key, value in record.items() if key != name}


def identified(*identities: Xdm, namespace: str = "Email") -> Xdm:
    return order(0) | {"identityMap": {namespace: list(identities)}}


ADA = {"id": "ada@example.com", "primary": True}
KINDS: dict[str, tuple[Any, str]] = {
    "cut off": ('{"_id": "order-0"', ""),
    "not JSON": ("order-0;ada@example.com", ""),
    "a list": ([order(0)], ""),
    "a text": ('"order-0"', ""),
    "null": ("null", ""),
    "no id": (without(order(0), "_id"), "_id"),
    "an id that is a number": (order(0) | {"_id": 7}, "_id"),
    "no time": (without(order(0), "timestamp"), "timestamp"),
    "no time at all": (order(0) | {"timestamp": "yesterday"}, "timestamp"),
    "a time without an offset": (order(0) | {"timestamp": "2026-03-01T10:00:00"}, "timestamp"),
    "nobody": (without(order(0), "identityMap"), "identityMap"),
    "an empty identity": (identified({"id": " ", "primary": True}), "identityMap.Email.0.id"),
    "an unknown namespace": (identified(ADA, namespace="Telex"), "identityMap.Telex.0.id"),
    "a phone number without its country": (identified(ADA | {"id": "030 23125 01"}, namespace="Phone"), "identityMap.Phone.0.id"),
    "no primary identity": (identified({"id": "ada@example.com"}, {"id": "bea@example.com"}), "identityMap"),
    "a text for a number": (order(0, amount="10"), "_demo.amount"),
    "too small a number": (order(0, amount=-1), "_demo.amount"),
    "a fraction for a whole number": (order(0, items=1.5), "_demo.items"),
    "none of the values": (order(0, level="medium"), "_demo.level"),
    "too long a text": (order(0, name="x" * 41), "_demo.name"),
    "no field of the schema": (order(0, colour="red"), "_demo.colour"),
}


def test_kinds(hub: Hub, tmp_path: Path) -> None:
    """Of 10,000 records with 500 bad ones, 9,500 go in, and 500 are listed by line, path and reason, in the hub and in a file."""
    bad = dict(zip(range(7, 10_001, 20), cycle(KINDS), strict=False))
    lines = [KINDS[bad[line]][0] if line in bad else order(line, f"c{line % 900}@example.com") for line in range(1, 10_001)]
    told = import_file(hub.database, Source(write_lines(tmp_path / "orders.jsonl", lines), ORDERS), now=NOW)
    listed = [json.loads(line) for line in told.rejects.read_text().splitlines()]

    assert (len(bad), len(KINDS)) == (500, 21)
    assert (told.accepted, told.known, told.rejected, told.lines) == (9_500, 0, 500, 10_000)
    assert {each["line"]: each["path"] for each in listed} == {line: KINDS[kind][1] for line, kind in bad.items()}
    assert all(each["reason"] for each in listed)
    with closing(hub.database.reader()) as connection:
        state = imports.all(connection)[0]
        in_the_hub = imports.refusals(connection, state.id)
    assert [(each["line"], each["path"], each["reason"]) for each in listed] == [tuple(each) for each in in_the_hub]


def test_nothing_is_lost(hub: Hub, tmp_path: Path) -> None:
    """The file of rejects holds each record as it came; put right, it can be imported from there."""
    text = '{"_id": "order-0"'
    lines = [text, order(1, level="medium"), order(2)]
    told = import_file(hub.database, Source(write_lines(tmp_path / "orders.jsonl", lines), ORDERS), now=NOW)
    listed = [json.loads(line)["record"] for line in told.rejects.read_text().splitlines()]

    assert listed == [text, order(1, level="medium")]


def test_reasons_tell_no_values(hub: Hub, tmp_path: Path) -> None:
    """What is told of a record, and kept in the hub, repeats nothing of it."""
    lines = [order(1, name="Ada" * 20), identified({"id": "030 23125 77", "primary": True}, namespace="Phone")]
    import_file(hub.database, Source(write_lines(tmp_path / "orders.jsonl", lines), ORDERS), now=NOW)
    with closing(hub.database.reader()) as connection:
        told = "".join(map(str, imports.refusals(connection, imports.all(connection)[0].id)))

    assert not any(value in told for value in ("Ada", "030 23125 77"))


def test_owner_alone(hub: Hub, tmp_path: Path) -> None:
    """Nobody else may read the rejects."""
    told = import_file(hub.database, Source(write_lines(tmp_path / "orders.jsonl", ["x"]), ORDERS), now=NOW)

    assert told.rejects.stat().st_mode & 0o777 == 0o600


def test_what_cant_be_read_concerns_whom_its_words_name(tmp_path: Path) -> None:
    """A line that isn't JSON may be somebody's all the same: it goes when that person is deleted, and no other one does."""
    file = RejectFile(tmp_path / "people.rejects.jsonl")
    broken = [b'{"email": "Ada@Example.com", ', b'{"email": "canada@example.com", ', b'{"points": 1001, ']
    file.append(Refused(Reject(number, "", "isn't JSON"), line) for number, line in enumerate(broken, 1))
    purged = file.purge({"ada@example.com", "100"})

    assert purged == 1
    assert [orjson.loads(line)["line"] for line in file.path.read_bytes().splitlines()] == [2, 3]


def test_cut_adds_nothing(tmp_path: Path) -> None:
    """A file that somebody has made shorter isn't filled up to the size that it had."""
    file = RejectFile(tmp_path / "rejects.jsonl")
    size = file.append([Refused(Reject(1, "", "isn't JSON"), b"bad")])
    file.cut(size + 1000)

    assert file.size() == size
