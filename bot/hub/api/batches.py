"""Batch ingestion: `/data/foundation/import/batches`, and what Catalog and Data Access tell of batches.

Adobe's `batch-ingestion.yaml`, "Batch ingestion developer guide" and "Partial batch ingestion". Unlike with Adobe, where a batch
with more errors than `partialIngestionPercentage` fails as a whole, good records always go in.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api.batch_files import Files
from bot.hub.api.batch_keeping import Kept, bad, problem
from bot.hub.api.batch_telling import DIAGNOSTICS, diagnosed, listed, shown
from bot.hub.api.incoming import parsed_object, whole
from bot.hub.api.services import HubServices
from bot.hub.database import imports
from bot.hub.database.imports import Import, Status
from bot.hub.ingestion.batches import BATCH, SUFFIXES, Folder
from bot.hub.ingestion.rejecting import SUFFIX
from bot.hub.malformed import Malformed

_BATCHES = "/foundation/import/batches"
_BATCH = f"{_BATCHES}/{{batch_id}}"
_FILE = f"{_BATCH}/datasets/{{dataset_id}}/files/{{name:path}}"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def routes(hub: HubServices) -> list[Route]:
    """Those below `/data`."""
    batches, files = Batches(hub), Files(hub)
    return [
        Route(_BATCHES, batches.create, methods=["POST"]),
        Route(_BATCH, batches.signal, methods=["POST"]),
        Route(_FILE, files.upload, methods=["PUT"]),
        Route(_FILE, files.upload_part, methods=["PATCH"]),
        Route(_FILE, files.signal_file, methods=["POST"]),
        Route(_FILE, files.size, methods=["HEAD"]),
        Route("/foundation/catalog/batches", batches.listed),
        Route("/foundation/catalog/batches/{batch_id}", batches.get),
        Route("/foundation/export/batches/{batch_id}/meta", batches.diagnostics),
    ]


def new_id(now: int) -> str:
    """A batch's id: 26 characters that grow with time (a ULID, as Adobe's are). `now` in milliseconds."""
    number = now << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


@dataclass(frozen=True)
class Batches:
    """Keeps what is uploaded beside the hub's file, and has it imported once it is complete."""

    hub: HubServices

    @property
    def kept(self) -> Kept:
        """Those there are."""
        return Kept(self.hub)

    async def create(self, request: Request) -> Json:
        """`POST /batches`: 201. Raises `Refused` (400)."""
        try:
            body = await parsed_object(request)
        except Malformed as malformed:
            raise bad(str(malformed)) from None
        dataset = self.hub.organisation.dataset(str(body.get("datasetId")))
        if dataset is None:
            raise bad("datasetId names no dataset of the catalogue")
        described = body.get("inputFormat")
        asked = str(described.get("format", "") if isinstance(described, dict) else "").lower()
        if asked not in SUFFIXES:
            raise bad(f"inputFormat.format must be one of {', '.join(SUFFIXES)}")
        if isinstance(described, dict) and described.get("isMultiLineJson"):
            raise bad("inputFormat.isMultiLineJson isn't served here: send one JSON object a line")
        now = self.hub.now
        details = {"format": asked, "files": {}, "request": body, "client": self.hub.credentials.client_id}
        batch = Import(new_id(now), dataset.number, BATCH, Status.LOADING, started=now, updated=now, details=details)
        await self.hub.change(lambda connection: imports.save(connection, batch))
        return Json(shown(batch, self.hub.credentials.org_id), 201)

    async def signal(self, request: Request) -> Response:
        """`POST /batches/{id}?action=COMPLETE`, `ABORT` or `FAIL`: 200. Raises `Refused` (400, 404)."""
        match request.query_params.get("action", "").upper():
            case "COMPLETE":
                await self.kept.change(request, _completed, again=Status.RUNNING)
            case "ABORT" | "FAIL" as action:
                status = Status.ABORTED if action == "ABORT" else Status.FAILED
                batch = await self.kept.change(request, lambda batch: replace(batch, status=status), again=status)
                await asyncio.to_thread(Folder.of(self.hub.database, batch).remove)
            case "REVERT":
                raise bad("REVERT isn't served here: what went into profiles can't be told from what else says the same")
            case _:
                raise bad("action must be COMPLETE, ABORT or FAIL")
        return Response(status_code=200)

    async def listed(self, request: Request) -> Json:
        """`GET /catalog/batches?limit=&start=`: the newest first, by id. Raises `Refused` (400)."""
        try:
            limit, start = whole(request, "limit", least=1, most=100) or 20, whole(request, "start") or 0
        except Malformed as malformed:
            raise bad(str(malformed)) from None
        batches = imports.of_kind(self.hub.connection, BATCH)[::-1][start : start + limit]
        return Json({batch.id: shown(batch, self.hub.credentials.org_id) for batch in batches})

    async def get(self, request: Request) -> Json:
        """`GET /catalog/batches/{id}`. Raises `Refused` (404)."""
        batch = self.kept.batch(self.hub.connection, request)
        return Json({batch.id: shown(batch, self.hub.credentials.org_id)})

    async def diagnostics(self, request: Request) -> Response:
        """`GET /export/batches/{id}/meta?path=row_errors`, and one of the files that it lists. Raises `Refused` (400, 404)."""
        batch = self.kept.batch(self.hub.connection, request)
        folder = Folder.of(self.hub.database, batch)
        kept = {f"parsing_errors_{number}.json": path for number, path in enumerate(sorted(folder.path.glob(f"*{SUFFIX}")))}
        asked = request.query_params.get("path", "")
        if asked == DIAGNOSTICS:
            base = str(request.url.replace(query=""))
            data = [listed(name, path.stat().st_size, base) for name, path in kept.items()]
            return Json({"data": data, "_page": {"limit": 100, "count": len(data)}})
        directory, _, name = asked.partition("/")
        if directory != DIAGNOSTICS:
            raise bad("path must be row_errors, or one of the files that this lists")
        if name not in kept:
            raise problem(404, "Not Found", "there is no such file")
        lines = await asyncio.to_thread(kept[name].read_bytes)
        return Response(b"".join(diagnosed(line, name) for line in lines.splitlines()), media_type="application/json")


def _completed(batch: Import) -> Import:
    files = batch.details["files"]
    if not files:
        raise bad("no file was uploaded to the batch")
    if any("parts" in file for file in files.values()):
        raise bad("a file of the batch was initialized, and isn't complete")
    return replace(batch, status=Status.RUNNING, details=batch.details | {"started": batch.updated})
