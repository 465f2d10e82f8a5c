"""The systems of the invented company, and the files that they export."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from bot.hub.invented.customer import Customer
from bot.hub.invented.customers import oddity
from bot.hub.invented.systems import club, crm, leads, legacy, mailings, models, partner, preferences, shop, support, website
from bot.hub.invented.told import Told

Export = Callable[[Customer, datetime], Iterator[Told]]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything happened."""


class Line(NamedTuple):
    """A line of a file, and since when it holds."""

    time: datetime
    text: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """A system. `name` is that of its schema, mapping and dataset; `file` is what it exports, `columns` those of a table."""

    name: str
    file: str
    export: Export
    columns: Sequence[str] = ()
    separator: str = ","
    knows_the_odd: bool = False

    def lines(self, customers: Iterable[Customer], now: datetime) -> Iterator[Told]:
        """All that it says of `customers`. The odd ones are known to the old shop alone, and everybody else to all others."""
        for customer in customers:
            if (oddity(customer) is not None) is self.knows_the_odd:
                yield from self.export(customer, now)

    def written(self, customers: Iterable[Customer], now: datetime) -> Iterator[Line]:
        """The same as it stands in the file."""
        write = self._row if self.columns else _json
        return (Line(told.time, write(told.line)) for told in self.lines(customers, now))

    @property
    def header(self) -> bytes:
        """What comes before the lines."""
        return self._row(dict(zip(self.columns, self.columns, strict=True))) if self.columns else b""

    def _row(self, cells: Mapping[str, Any]) -> bytes:
        row = io.StringIO()
        csv.DictWriter(row, self.columns, delimiter=self.separator).writerow(cells)
        return row.getvalue().encode()


def _json(line: Mapping[str, Any]) -> bytes:
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


SOURCES = (
    Source("crm", "crm.csv", crm.export, crm.COLUMNS, separator=";"),
    Source("leads", "leads.csv", leads.export, leads.COLUMNS),
    Source("club", "club.jsonl", club.export),
    Source("preferences", "preferences.jsonl", preferences.export),
    Source("scores", "scores.csv", models.export, models.COLUMNS),
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

    lines: tuple[tuple[Source, Sequence[Line]], ...]

    @classmethod
    def of(cls, customers: Sequence[Customer], now: datetime, sources: Sequence[Source] = SOURCES) -> Exports:
        """What `sources` say of `customers` as of `now`."""
        return cls(tuple((source, sorted(source.written(customers, now), key=_time)) for source in sources))

    def write(self, folder: Path, *, after: datetime = EPOCH, until: datetime) -> list[tuple[Source, Path]]:
        """Write what was said after `after` and not later than `until`, a file for each system that said something."""
        files = []
        for source, lines in self.lines:
            said = b"".join(text for time, text in lines if after < time <= until)
            if said:
                path = folder / source.file
                path.write_bytes(source.header + said)
                files.append((source, path))
        return files


def _time(line: Line) -> datetime:
    return line.time
