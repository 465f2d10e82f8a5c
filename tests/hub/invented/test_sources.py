"""What the invented company's systems export."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from bot.hub.invented.customers import CUSTOMERS, customers, oddity
from bot.hub.invented.oddities import ODDITIES
from bot.hub.invented.sources import SOURCES, Exports

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
ADDRESS = re.compile(r"[\w.+-]+@(example\.(com|org|net)|[a-z]+\.example)")
PHONE = re.compile(r"\+493023125\d{3}|\+442079460\d{3}|\+121255501\d{2}|\+3319900\d{4}|\+468465004\d{2}")


@pytest.fixture(scope="session")
def exports() -> Exports:
    return Exports.of(tuple(customers(1, NOW)), NOW)


def written(exports: Exports, folder: Path) -> dict[str, bytes]:
    return {source.name: path.read_bytes() for source, path in exports.write(folder, until=NOW)}


def said(name: str) -> Iterator[Mapping[str, Any]]:
    [source] = (source for source in SOURCES if source.name == name)
    return (told.line for told in source.lines(customers(1, NOW), NOW))


def test_the_same_again(exports: Exports, tmp_path: Path) -> None:
    """The same seed and now give the same bytes."""
    once = written(exports, tmp_path)

    assert written(Exports.of(tuple(customers(1, NOW)), NOW), tmp_path) == once


@pytest.mark.parametrize("seed", range(2, 8))
def test_any_seed(seed: int) -> None:
    """Any seed gives 200 customers, Ada first, and no identity is of two of them."""
    people = [customer.person for customer in customers(seed, NOW)]
    everything = [identity for person in people for identity in person.identities]

    assert (len(people), people[0].email) == (CUSTOMERS, "ada@example.com")
    assert len(everything) == len(set(everything))


def test_invented() -> None:
    """Addresses and numbers are those that are kept for fiction."""
    everything = [identity for customer in customers(1, NOW) for identity in customer.person.identities]

    assert all(ADDRESS.fullmatch(value) for namespace, value in everything if namespace == "Email")
    assert all(PHONE.fullmatch(value) for namespace, value in everything if namespace == "Phone")
    assert all(re.fullmatch(r"\d{38}", value) for namespace, value in everything if namespace == "ECID")


def test_alive() -> None:
    """Times move with now: nothing is of later, and the last is of just before."""
    for now in (NOW, NOW + timedelta(days=400)):
        times = [line.time for _, lines in Exports.of(tuple(customers(1, now)), now).lines for line in lines]

        assert now - timedelta(hours=1) < max(times) <= now


def test_deliveries(exports: Exports, tmp_path: Path) -> None:
    """Deliveries one after the other hold every line once, in the order of their times."""
    whole = {source.name: source for source in SOURCES}
    week = NOW - timedelta(days=7)
    delivered: dict[str, list[bytes]] = {name: [] for name in whole}
    for number, (after, until) in enumerate(((NOW - timedelta(days=9999), week), (week, NOW))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for source, path in exports.write(folder, after=after, until=until):
            delivered[source.name] += path.read_bytes().splitlines()[1 if path.suffix == ".csv" else 0 :]

    for name, content in written(exports, tmp_path).items():
        assert content.splitlines()[1 if whole[name].file.endswith(".csv") else 0 :] == delivered[name]


def test_files(exports: Exports, tmp_path: Path) -> None:
    """Tables have a header and as many cells in each row; each other line is a JSON object."""
    for source, path in exports.write(tmp_path, until=NOW):
        if path.suffix == ".csv":
            header, *rows = csv.reader(path.read_text("utf-8").splitlines(), delimiter=source.separator, strict=True)
            assert {len(row) for row in rows} == {len(header)}
        else:
            assert all(isinstance(orjson.loads(line), dict) for line in path.read_bytes().splitlines())


def test_the_crm_is_behind_the_club() -> None:
    """The CRM copies tiers late: some are lower than the club's, none is higher."""
    tiers = ("bronze", "silver", "gold", "platinum")
    club = {row["identityMap"]["Email"][0]["id"]: row["loyalty"]["tier"] for row in said("club")}
    behind = [tiers.index(club[row["E-mail"]]) - tiers.index(row["Club tier"]) for row in said("crm") if row["Club tier"]]

    assert set(behind) == {0, 1}
    assert [row["Club tier"] for row in said("crm") if row["Customer number"] == "C-10001"] == ["gold"]


def test_the_odd_ones() -> None:
    """Each oddity is one customer's, and only the old shop knows those."""
    people = tuple(customers(1, NOW))
    odd = [customer for customer in people if oddity(customer)]
    known = {source.name for source, lines in Exports.of(tuple(odd), NOW).lines if lines}

    assert [oddity(customer) for customer in odd] == list(ODDITIES)
    assert known == {"legacy-customers", "legacy-events"}
