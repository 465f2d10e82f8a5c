"""Batch ingestion: `/data/foundation/import/batches`, and what Catalog and Data Access tell of batches.

Adobe's `batch-ingestion.yaml`, "Batch ingestion developer guide" and "Partial batch ingestion". Unlike with Adobe, where a batch
with more errors than `partialIngestionPercentage` fails as a whole, good records always go in.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api.batch_telling import DIAGNOSTICS, STATUS, diagnosed, listed, shown
from bot.hub.api.incoming import parsed_object, whole
from bot.hub.api.services import HubServices
from bot.hub.api.uploads import check_whole, part_of
from bot.hub.database import imports
from bot.hub.database.imports import Import, Status
from bot.hub.errors import Refused
from bot.hub.ingestion.batches import BATCH, SUFFIXES, Folder
from bot.hub.ingestion.rejecting import SUFFIX
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm

LARGEST = 256_000_000
"""Bytes of a file that is uploaded at once ("there is currently a size threshold of 256MB")."""

LARGEST_PART = 512_000_000
"""Bytes of a part of one ("0-512000000 bytes are accepted")."""

MOST_FILES = 1_500
"""In a batch ("Ingestion constraints")."""

_BATCHES = "/foundation/import/batches"
_BATCH = f"{_BATCHES}/{{batch_id}}"
_FILE = f"{_BATCH}/datasets/{{dataset_id}}/files/{{name:path}}"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def routes(hub: HubServices) -> list[Route]:
    """Those below `/data`."""
    batches = Batches(hub)
    return [
        Route(_BATCHES, batches.create, methods=["POST"]),
        Route(_BATCH, batches.signal, methods=["POST"]),
        Route(_FILE, batches.upload, methods=["PUT"]),
        Route(_FILE, batches.upload_part, methods=["PATCH"]),
        Route(_FILE, batches.signal_file, methods=["POST"]),
        Route(_FILE, batches.size, methods=["HEAD"]),
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

    async def create(self, request: Request) -> Json:
        """`POST /batches`: 201. Raises `Refused` (400)."""
        try:
            body = await parsed_object(request)
        except Malformed as malformed:
            raise _bad(str(malformed)) from None
        dataset = self.hub.organisation.dataset(str(body.get("datasetId")))
        if dataset is None:
            raise _bad("datasetId names no dataset of the catalogue")
        described = body.get("inputFormat")
        asked = str(described.get("format", "") if isinstance(described, dict) else "").lower()
        if asked not in SUFFIXES:
            raise _bad(f"inputFormat.format must be one of {', '.join(SUFFIXES)}")
        if isinstance(described, dict) and described.get("isMultiLineJson"):
            raise _bad("inputFormat.isMultiLineJson isn't served here: send one JSON object a line")
        now = self.hub.now
        details = {"format": asked, "files": {}, "request": body, "client": self.hub.credentials.client_id}
        batch = Import(new_id(now), dataset.number, BATCH, Status.LOADING, started=now, updated=now, details=details)
        await self.hub.change(lambda connection: imports.save(connection, batch))
        return Json(shown(batch, self.hub.credentials.org_id), 201)

    async def upload(self, request: Request) -> Response:
        """`PUT …/files/{name}`: the whole file, in the place of one that has that name. Raises `Refused` (400, 404, 413, 415)."""
        path, name = self._target(request)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            size = await _written(request.stream(), partial, 0, LARGEST)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        await self._changed(request, lambda batch: _with_file(batch, name, {"size": size}))
        return Response(status_code=200)

    async def upload_part(self, request: Request) -> Response:
        """`PATCH …/files/{name}`: a part of a file that was initialized. Raises `Refused` (400, 404, 413, 415)."""
        path, name = self._target(request)
        try:
            first, last = part_of(request.headers.get("content-range", ""))
        except ValueError as error:
            raise _bad(str(error)) from None
        if not isinstance(self._file(request, name).get("parts"), list):
            raise _bad("the file wasn't initialized: POST it with action=INITIALIZE before")
        size = await _written(request.stream(), path, first, LARGEST_PART)
        if size != last - first + 1:
            raise _bad("the body hasn't as many bytes as Content-Range says")

        def grown(batch: Import) -> Import:
            file = batch.details["files"][name]
            return _with_file(batch, name, file | {"parts": [*file["parts"], [first, last]]})

        await self._changed(request, grown)
        return Response(status_code=200)

    async def signal_file(self, request: Request) -> Response:
        """`POST …/files/{name}?action=INITIALIZE` (201) or `COMPLETE` (200). Raises `Refused` (400, 404)."""
        path, name = self._target(request, stream=False)
        match request.query_params.get("action", "").upper():
            case "INITIALIZE":
                path.unlink(missing_ok=True)
                await self._changed(request, lambda batch: _with_file(batch, name, {"size": 0, "parts": []}))
                return Response(status_code=201)
            case "COMPLETE":
                try:
                    check_whole(self._file(request, name).get("parts") or ())
                except ValueError as error:
                    raise _bad(str(error)) from None
                size = path.stat().st_size
                await self._changed(request, lambda batch: _with_file(batch, name, {"size": size}))
                return Response(status_code=200)
        raise _bad("action must be INITIALIZE or COMPLETE")

    async def size(self, request: Request) -> Response:
        """`HEAD …/files/{name}`: how much of it is there. Raises `Refused` (404)."""
        path, name = self._target(request, stream=False)
        self._file(request, name)
        size = path.stat().st_size if path.exists() else 0
        return Response(status_code=200, headers={"Content-Length": str(size)})

    async def signal(self, request: Request) -> Response:
        """`POST /batches/{id}?action=COMPLETE`, `ABORT` or `FAIL`: 200. Raises `Refused` (400, 404)."""
        match request.query_params.get("action", "").upper():
            case "COMPLETE":
                await self._changed(request, _completed, again=Status.RUNNING)
            case "ABORT" | "FAIL" as action:
                status = Status.ABORTED if action == "ABORT" else Status.FAILED
                batch = await self._changed(request, lambda batch: replace(batch, status=status), again=status)
                await asyncio.to_thread(Folder.of(self.hub.database, batch).remove)
            case "REVERT":
                raise _bad("REVERT isn't served here: what went into profiles can't be told from what else says the same")
            case _:
                raise _bad("action must be COMPLETE, ABORT or FAIL")
        return Response(status_code=200)

    async def listed(self, request: Request) -> Json:
        """`GET /catalog/batches?limit=&start=`: the newest first, by id. Raises `Refused` (400)."""
        try:
            limit, start = whole(request, "limit", least=1, most=100) or 20, whole(request, "start") or 0
        except Malformed as malformed:
            raise _bad(str(malformed)) from None
        batches = imports.of_kind(self.hub.connection, BATCH)[::-1][start : start + limit]
        return Json({batch.id: shown(batch, self.hub.credentials.org_id) for batch in batches})

    async def get(self, request: Request) -> Json:
        """`GET /catalog/batches/{id}`. Raises `Refused` (404)."""
        batch = self._batch(self.hub.connection, request)
        return Json({batch.id: shown(batch, self.hub.credentials.org_id)})

    async def diagnostics(self, request: Request) -> Response:
        """`GET /export/batches/{id}/meta?path=row_errors`, and one of the files that it lists. Raises `Refused` (400, 404)."""
        batch = self._batch(self.hub.connection, request)
        folder = Folder.of(self.hub.database, batch)
        kept = {f"parsing_errors_{number}.json": path for number, path in enumerate(sorted(folder.path.glob(f"*{SUFFIX}")))}
        asked = request.query_params.get("path", "")
        if asked == DIAGNOSTICS:
            base = str(request.url.replace(query=""))
            data = [listed(name, path.stat().st_size, base) for name, path in kept.items()]
            return Json({"data": data, "_page": {"limit": 100, "count": len(data)}})
        directory, _, name = asked.partition("/")
        if directory != DIAGNOSTICS:
            raise _bad("path must be row_errors, or one of the files that this lists")
        if name not in kept:
            raise _problem(404, "Not Found", "there is no such file")
        lines = await asyncio.to_thread(kept[name].read_bytes)
        return Response(b"".join(diagnosed(line, name) for line in lines.splitlines()), media_type="application/json")

    def _batch(self, connection: Connection, request: Request) -> Import:
        asked = request.path_params["batch_id"]
        batch = imports.get(connection, asked)
        if batch is None or batch.kind != BATCH:
            raise _problem(404, "Not Found", f"there is no batch {asked}")
        return batch

    def _file(self, request: Request, name: str) -> Xdm:
        file: Xdm | None = self._batch(self.hub.connection, request).details["files"].get(name)
        if file is None:
            raise _problem(404, "Not Found", "no file of that name was uploaded to the batch")
        return file

    def _target(self, request: Request, *, stream: bool = True) -> tuple[Path, str]:
        """Where the file of the request lies, and its sender's name for it."""
        batch, name = self._batch(self.hub.connection, request), request.path_params["name"]
        _check_loading(batch)
        if request.path_params["dataset_id"] != batch.details["request"]["datasetId"]:
            raise _problem(404, "Not Found", "the batch is for another dataset")
        if stream and request.headers.get("content-type", "").partition(";")[0] != "application/octet-stream":
            raise _problem(415, "Unsupported Media Type", "Content-Type must be application/octet-stream")
        if len(batch.details["files"].keys() | {name}) > MOST_FILES:
            raise _bad(f"a batch has at most {MOST_FILES} files")
        folder = Folder.of(self.hub.database, batch)
        folder.make()
        return folder.file(name, SUFFIXES[batch.details["format"]]), name

    async def _changed(self, request: Request, change: Callable[[Import], Import], *, again: Status | None = None) -> Import:
        """The batch, changed as long as it is loading; one that is `again` already stays as it is."""

        def work(connection: Connection) -> Import:
            batch = self._batch(connection, request)
            if batch.status == again:
                return batch
            _check_loading(batch)
            changed = replace(change(batch), updated=self.hub.now)
            imports.save(connection, changed)
            return changed

        return await self.hub.change(work)


def _with_file(batch: Import, name: str, file: Xdm) -> Import:
    return replace(batch, details=batch.details | {"files": batch.details["files"] | {name: file}})


def _completed(batch: Import) -> Import:
    files = batch.details["files"]
    if not files:
        raise _bad("no file was uploaded to the batch")
    if any("parts" in file for file in files.values()):
        raise _bad("a file of the batch was initialized, and isn't complete")
    return replace(batch, status=Status.RUNNING, details=batch.details | {"started": batch.updated})


def _check_loading(batch: Import) -> None:
    if batch.status != Status.LOADING:
        raise _bad(f"the batch isn't loading any more: it is {STATUS[batch.status]}")


async def _written(stream: AsyncIterator[bytes], path: Path, offset: int, most: int) -> int:
    """Write what comes to that place of the file, durably, and say how much it was. Raises `Refused` (413)."""
    size = 0
    with _opened(path) as file:
        file.seek(offset)
        async for part in stream:
            size += len(part)
            if size > most:
                raise _problem(413, "Payload Too Large", f"at most {most} bytes may be uploaded at once")
            file.write(part)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return size


def _opened(path: Path) -> BinaryIO:
    """For writing anywhere in it; customers' data is its owner's alone."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb")


def _bad(detail: str) -> Refused:
    return _problem(400, "Bad Request", detail)


def _problem(status: int, title: str, detail: str) -> Refused:
    """Inferred: Adobe documents the statuses, and no body."""
    return Refused(status, {"type": "about:blank", "status": status, "title": title, "detail": detail})
