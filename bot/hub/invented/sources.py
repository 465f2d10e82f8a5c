"""The systems of the invented company, and the files that they export."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bot.hub.invented.customer import Customer
from bot.hub.invented.customers import oddity
from bot.hub.invented.systems import club, crm, leads, legacy, mailings, models, partner, preferences, shop, support, website
from bot.hub.invented.told import Told

Export = Callable[[Customer, datetime], Iterator[Told]]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything happened."""


@dataclass(frozen=True, slots=True)
class Source:
    """A system. `name` is that of its schema, its mapping and its dataset; `file` is what it exports."""

    name: str
    file: str
    export: Export
    separator: str = ","
    knows_the_odd: bool = False

    def lines(self, customers: Iterable[Customer], now: datetime) -> Iterator[Told]:
        """All that it says of `customers`. The odd ones are known to the old shop alone, and everybody else to all others."""
        for customer in customers:
            if (oddity(customer) is not None) is self.knows_the_odd:
                yield from self.export(customer, now)


SOURCES = (
    Source("crm", "crm.csv", crm.export, separator=";"),
    Source("leads", "leads.csv", leads.export),
    Source("club", "club.jsonl", club.export),
    Source("preferences", "preferences.jsonl", preferences.export),
    Source("scores", "scores.csv", models.export),
    Source("cases", "cases.jsonl", support.export),
    Source("partner", "partner.jsonl", partner.export),
    Source("orders", "orders.jsonl", shop.export),
    Source("mailings", "mailings.jsonl", mailings.export),
    Source("visits", "visits.jsonl", website.export),
    Source("legacy-customers", "legacy-customers.jsonl", legacy.customers, knows_the_odd=True),
    Source("legacy-events", "legacy-events.jsonl", legacy.events, knows_the_odd=True),
)


@dataclass(frozen=True, slots=True)
class Exports:
    """Everything that the systems say, in the order of its times: made once, delivered in as many parts as it takes."""

    lines: tuple[tuple[Source, Sequence[Told]], ...]

    @classmethod
    def of(cls, customers: Sequence[Customer], now: datetime, sources: Sequence[Source] = SOURCES) -> Exports:
        """What `sources` say of `customers` as of `now`."""
        return cls(tuple((source, _by_time(source.lines(customers, now))) for source in sources))

    def write(self, folder: Path, *, after: datetime = EPOCH, until: datetime) -> list[tuple[Source, Path]]:
        """Write what was said after `after` and not later than `until`, a file for each system that said something."""
        written = []
        for source, lines in self.lines:
            chosen = [told for told in lines if after < told.time <= until]
            if chosen:
                path = folder / source.file
                written.append((source, path))
                _write_table(path, chosen, source.separator) if path.suffix == ".csv" else _write_lines(path, chosen)
        return written


def _by_time(lines: Iterable[Told]) -> list[Told]:
    return sorted(lines, key=lambda told: told.time)


def _write_lines(path: Path, lines: Sequence[Told]) -> None:
    path.write_bytes(b"".join(orjson.dumps(told.line, option=orjson.OPT_APPEND_NEWLINE) for told in lines))


def _write_table(path: Path, lines: Sequence[Told], separator: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(lines[0].line), delimiter=separator)
        table.writeheader()
        table.writerows(told.line for told in lines)
