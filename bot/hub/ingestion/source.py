"""What is imported, and in which format it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.hub.ingestion.files import JsonLines, Reader, UnreadableFile
from bot.hub.ingestion.mapping import Mapping, WrongMapping, mapping_of, read_mapping
from bot.hub.ingestion.rejecting import SUFFIX
from bot.hub.ingestion.shaping import Shape
from bot.hub.ingestion.tables import Csv
from bot.hub.model import Organisation, Schema


@dataclass(frozen=True, slots=True)
class Source:
    """A file, the id of the dataset that it goes into, and the mapping file of its columns if it is a table.

    What is refused of it goes to `rejects`, by default beside it.
    """

    path: Path
    dataset: str
    mapping: Path | None = None
    rejects: Path | None = None

    @property
    def id(self) -> str:
        """Names its import in the hub: the same file into the same dataset again is the same import."""
        return hashlib.sha256(f"{self.dataset}\0{self.path.resolve()}".encode()).hexdigest()[:32]

    @property
    def rejects_path(self) -> Path:
        """Where what is refused of it goes."""
        return self.rejects or self.path.with_name(self.path.name + SUFFIX)


def reader_of(source: Source, organisation: Organisation) -> Reader:
    """Reads the file as its name says it is written.

    Raises:
        UnreadableFile: the name says nothing known, or the dataset isn't there.
        WrongMapping: the mapping can't be used.
    """
    suffix = source.path.suffix.lower()
    if suffix not in FORMATS:
        raise UnreadableFile(f"{source.path}: its name must end in {', '.join(FORMATS)}")
    dataset = organisation.dataset(source.dataset)
    schema = organisation.schema(dataset.schema) if dataset else None
    if schema is None:
        raise UnreadableFile(
            f"{source.path}: is for a dataset that isn't in the catalogue, or whose schema isn't in the registry"
        )
    return FORMATS[suffix](source, schema, organisation)


def _json_lines(source: Source, _schema: Schema, _organisation: Organisation) -> Reader:
    if source.mapping:
        raise UnreadableFile(f"{source.mapping}: a mapping is for tables; the records of JSON Lines are XDM already")
    return JsonLines(source.path)


def _table(separator: str, source: Source, schema: Schema, organisation: Organisation) -> Reader:
    mapping = read_mapping(source.mapping) if source.mapping else None
    return Csv(
        source.path,
        _shape(source, mapping, schema, organisation),
        separator=mapping.separator if mapping else separator,
        encoding=mapping.encoding if mapping else "utf-8",
    )


def _parquet(source: Source, schema: Schema, organisation: Organisation) -> Reader:
    try:
        from bot.hub.ingestion.parquet import Parquet  # noqa: PLC0415 - the extra, which everything else does without
    except ImportError:
        raise UnreadableFile(f"{source.path}: Parquet needs an extra: pip install 'customer-context[parquet]'") from None
    if not source.mapping:
        return Parquet(source.path)
    return Parquet(source.path, _shape(source, read_mapping(source.mapping), schema, organisation))


def _shape(source: Source, mapping: Mapping | None, schema: Schema, organisation: Organisation) -> Callable[[list[str]], Shape]:
    def shape(columns: list[str]) -> Shape:
        try:
            return Shape(columns, mapping or mapping_of(columns), schema, organisation)
        except WrongMapping as wrong:
            raise WrongMapping(f"{source.mapping or source.path}: {wrong}") from None

    return shape


FORMATS: dict[str, Callable[[Source, Schema, Organisation], Reader]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
    ".csv": partial(_table, ","),
    ".tsv": partial(_table, "\t"),
    ".parquet": _parquet,
}
