"""From what arrives to a record that can be stored: parsed, validated, identities read."""

from __future__ import annotations

import orjson

from bot.hub.model import Dataset, Organisation, Record, Xdm
from bot.hub.rejects import Rejected
from bot.hub.schemas.extraction import Extraction
from bot.hub.schemas.validation import Validator


class Preparing:
    """Prepares records for the datasets of one organisation. Make a new one when the organisation's revision changes."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._ready: dict[str, tuple[Validator, Extraction]] = {}

    def record(self, dataset: Dataset, raw: bytes | Xdm, *, now: int) -> Record:
        """The record that `raw` (JSON, or parsed) is in `dataset`; `now` is in milliseconds.

        Raises:
            Rejected: it isn't valid there. The text says where and why, and repeats no value of it.
        """
        entity = _parsed(raw) if isinstance(raw, bytes) else raw
        validator, extraction = self._for(dataset)
        if problem := validator.problem(entity):
            raise Rejected(problem.path, problem.reason)
        time, identifier, identities = extraction.read(entity, now=now)
        return Record(
            dataset=dataset.number,
            event=extraction.event,
            time=time,
            id=identifier,
            identities=identities,
            body=orjson.dumps(entity),
        )

    def _for(self, dataset: Dataset) -> tuple[Validator, Extraction]:
        ready = self._ready.get(dataset.schema)
        if ready is None:
            schema = self._organisation.schema(dataset.schema)
            if schema is None:
                raise Rejected("", f"is for dataset {dataset.id}, whose schema isn't in the registry")
            ready = self._ready[dataset.schema] = Validator(schema), Extraction(schema, self._organisation)
        return ready


def _parsed(raw: bytes) -> Xdm:
    try:
        entity = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Rejected("", f"isn't JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(entity, dict):
        raise Rejected("", "isn't a JSON object")
    return entity
