"""The messages of streaming ingestion: header and body around a record (Adobe's `streaming-ingestion.yaml`). Pure."""

from __future__ import annotations

from typing import Any

import orjson

from bot.hub.ingestion.submission import Submission
from bot.hub.model import Organisation

UNKNOWN_FORMAT = "Message has unknown xdm format"
WRONG_ORGANISATION = "Message has an absent or wrong ims org in the header"
INVALID = "Message is invalid"


class Unusable(ValueError):
    """The message isn't passed on. `told` is Adobe's sentence, `detail` says where it is wrong and what would be right."""

    def __init__(self, told: str, detail: str) -> None:
        super().__init__(detail)
        self.told = told
        self.detail = detail


def submission_in(message: Any, organisation: Organisation, org_id: str, *, listed: bool) -> Submission:
    """The record that a message carries, for the dataset that its header names; `listed` as in `Submission`.

    A header without `imsOrgId` is as good as one with it ("Send multiple messages in a single HTTP request").

    Raises:
        Unusable: it has no such header or body, or is of another organisation, or not of the dataset's schema.
    """
    header, body = _part(message, "header"), _part(message, "body")
    if header.get("imsOrgId", org_id) != org_id:
        raise Unusable(WRONG_ORGANISATION, "header.imsOrgId isn't this organisation's")
    dataset = organisation.dataset(str(header.get("datasetId")))
    if dataset is None:
        raise Unusable(UNKNOWN_FORMAT, "header.datasetId names no dataset of the catalogue")
    for name, part in (("header", header), ("body.xdmMeta", body.get("xdmMeta"))):
        if _schema(part) != dataset.schema:
            raise Unusable(UNKNOWN_FORMAT, f"{name}.schemaRef.id isn't the schema of the dataset, {dataset.schema}")
    entity = body.get("xdmEntity")
    if not isinstance(entity, dict):
        raise Unusable(UNKNOWN_FORMAT, "body.xdmEntity is missing: the record, a JSON object")
    try:
        return Submission(dataset.id, orjson.dumps(entity), listed)
    except orjson.JSONEncodeError:
        raise Unusable(UNKNOWN_FORMAT, "body.xdmEntity is nested too deeply") from None


def _part(message: Any, name: str) -> dict[str, Any]:
    part = message.get(name) if isinstance(message, dict) else None
    if not isinstance(part, dict):
        raise Unusable(UNKNOWN_FORMAT, f"{name} is missing: a JSON object")
    return part


def _schema(part: Any) -> object:
    reference = part.get("schemaRef") if isinstance(part, dict) else None
    return reference.get("id") if isinstance(reference, dict) else None
