"""How Catalog and Data Access tell of batches ("Partial batch ingestion"; `Batch` in Adobe's `batch-ingestion.yaml`). Pure."""

from __future__ import annotations

import orjson

from bot.hub.database.imports import Import, Status
from bot.hub.model import Xdm

DIAGNOSTICS = "row_errors"
"""The folder of a batch's metadata that holds what was refused."""

STATUS = {
    Status.LOADING: "loading",
    Status.RUNNING: "processing",
    Status.DONE: "success",
    Status.FAILED: "failed",
    Status.ABORTED: "aborted",
}


def shown(batch: Import, org_id: str) -> Xdm:
    """The batch as Catalog knows it."""
    request, client = batch.details["request"], batch.details["client"]
    told = {
        "id": batch.id,
        "externalId": str(request.get("externalId", batch.id)),
        "imsOrg": org_id,
        "status": STATUS[batch.status],
        "created": batch.started,
        "updated": batch.updated,
        "createdClient": client,
        "createdUser": client,
        "updatedUser": client,
        "version": "1.0.0",
        "tags": request.get("tags", {}),
        "inputFormat": request["inputFormat"],
        "relatedObjects": [{"type": "dataSet", "id": request["datasetId"]}],
    }
    times = {name: batch.details[name] for name in ("started", "completed") if name in batch.details}
    return told | times | (_outcome(batch) if "completed" in times else {})


def _outcome(batch: Import) -> Xdm:
    files: list[Xdm] = list(batch.details["files"].values())
    metrics = {
        "inputByteSize": sum(file["size"] for file in files),
        "inputFileCount": len(files),
        "inputRecordCount": batch.accepted + batch.known + batch.rejected,
        "outputRecordCount": batch.accepted + batch.known,
        "failedRecordCount": batch.rejected,
    }
    errors: list[Xdm] = [{"code": "106", "description": file["problem"], "rows": []} for file in files if file["problem"]]
    if batch.rejected:
        told = (
            f"Encountered {batch.rejected} errors in the data. Successfully ingested {metrics['outputRecordCount']} rows. "
            "Please review the associated diagnostic files for more details."
        )
        errors.append({"code": "INGEST-1212-400", "description": told})
    return {"metrics": metrics, "recordCount": metrics["inputRecordCount"], "failedRecordCount": batch.rejected, "errors": errors}


def listed(name: str, size: int, base: str) -> Xdm:
    """One file of a batch's metadata, with the address from which it can be fetched; `base` is that of the list."""
    return {"name": name, "length": str(size), "_links": {"self": {"href": f"{base}?path={DIAGNOSTICS}%2F{name}"}}}


def diagnosed(line: bytes, name: str) -> bytes:
    """A line of a reject file as "Unparsable rows" shows it, with the line and the path that the hub knows, too."""
    reject = orjson.loads(line)
    error = {"code": "1401", "message": reject["reason"], "path": reject["path"], "line": reject["line"]}
    return orjson.dumps({"_corrupt_record": reject["record"], "_errors": [error], "_filename": name}) + b"\n"
