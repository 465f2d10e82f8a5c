"""From what arrives to a record that can be stored, parsed, validated and read: the step that each record goes through."""

from __future__ import annotations

from typing import Any

import orjson

from bot.hub.model import Dataset, Organisation, Record, Xdm
from bot.hub.rejects import Rejected
from bot.hub.schemas.extraction import Extraction
from bot.hub.schemas.validation import Validator

LARGEST_EVENT, LARGEST_RECORD = 10 * 1024, 100 * 1024
"""Bytes of JSON ("Guardrails for Real-Time Customer Profile", hard limits)."""


class Preparing:
    """Prepares records for the datasets of one organisation. Make a new one when the organisation's revision changes."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._ready: dict[str, tuple[Validator, Extraction, int]] = {}

    def record(self, dataset: Dataset, raw: bytes | Xdm, *, now: int) -> Record:
        """The record that `raw` (JSON, or parsed) is in `dataset`; `now` is in milliseconds.

        Raises:
            Rejected: it isn't valid there. The text says where and why, and repeats no value of it.
        """
        entity = _parsed(raw) if isinstance(raw, bytes) else raw
        body = _written(entity)
        validator, extraction, largest = self._ready.get(dataset.schema) or self._made_ready(dataset)
        if problem := validator.problem(entity):
            raise Rejected(problem.path, problem.reason)
        if len(body) > largest:
            raise Rejected("", f"is larger than {largest // 1024} KB")
        time, identifier, identities = extraction.read(entity, now=now)
        return Record(dataset.number, extraction.event, time, identifier, identities, body)

    def _made_ready(self, dataset: Dataset) -> tuple[Validator, Extraction, int]:
        schema = self._organisation.schema(dataset.schema)
        if schema is None:
            raise Rejected("", f"is for dataset {dataset.id}, whose schema isn't in the registry")
        largest = LARGEST_EVENT if schema.event else LARGEST_RECORD
        ready = self._ready[dataset.schema] = Validator(schema), Extraction(schema, self._organisation), largest
        return ready


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Rejected("", f"isn't JSON: {error.msg} (column {error.colno})") from None


def _written(entity: Any) -> bytes:
    if not isinstance(entity, dict):
        raise Rejected("", "isn't a JSON object")
    try:
        return orjson.dumps(entity)
    except orjson.JSONEncodeError:
        raise Rejected("", "holds a value that JSON has no form for, or a number beyond 64 bits") from None
