"""The files of a batch: uploaded whole or in parts, to a folder beside the hub's file (Adobe's `batch-ingestion.yaml`)."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response

from bot.hub.api.batch_keeping import Kept, bad, check_loading, problem
from bot.hub.api.services import HubServices
from bot.hub.api.uploads import check_whole, part_of
from bot.hub.database.imports import Import
from bot.hub.ingestion.batches import SUFFIXES, Folder
from bot.hub.model import Xdm

LARGEST = 256_000_000
"""Bytes of a file that is uploaded at once ("there is currently a size threshold of 256MB")."""

LARGEST_PART = 512_000_000
"""Bytes of a part of one ("0-512000000 bytes are accepted")."""

MOST_FILES = 1_500
"""In a batch ("Ingestion constraints")."""


@dataclass(frozen=True)
class Files:
    """Takes the files in."""

    hub: HubServices

    @property
    def kept(self) -> Kept:
        """The batches that they belong to."""
        return Kept(self.hub)

    async def upload(self, request: Request) -> Response:
        """`PUT …/files/{name}`: the whole file, in the place of one that has that name. Raises `Refused` (400, 404, 413, 415)."""
        path, name = self._target(request)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            size = await _written(request.stream(), partial, 0, LARGEST)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        await self.kept.change(request, lambda batch: _with_file(batch, name, {"size": size}))
        return Response(status_code=200)

    async def upload_part(self, request: Request) -> Response:
        """`PATCH …/files/{name}`: a part of a file that was initialized. Raises `Refused` (400, 404, 413, 415)."""
        path, name = self._target(request)
        try:
            first, last = part_of(request.headers.get("content-range", ""))
        except ValueError as error:
            raise bad(str(error)) from None
        if not isinstance(self._file(request, name).get("parts"), list):
            raise bad("the file wasn't initialized: POST it with action=INITIALIZE before")
        size = await _written(request.stream(), path, first, LARGEST_PART)
        if size != last - first + 1:
            raise bad("the body hasn't as many bytes as Content-Range says")

        def grown(batch: Import) -> Import:
            file = batch.details["files"][name]
            return _with_file(batch, name, file | {"parts": [*file["parts"], [first, last]]})

        await self.kept.change(request, grown)
        return Response(status_code=200)

    async def signal_file(self, request: Request) -> Response:
        """`POST …/files/{name}?action=INITIALIZE` (201) or `COMPLETE` (200). Raises `Refused` (400, 404)."""
        path, name = self._target(request, stream=False)
        match request.query_params.get("action", "").upper():
            case "INITIALIZE":
                path.unlink(missing_ok=True)
                await self.kept.change(request, lambda batch: _with_file(batch, name, {"size": 0, "parts": []}))
                return Response(status_code=201)
            case "COMPLETE":
                try:
                    check_whole(self._file(request, name).get("parts") or ())
                except ValueError as error:
                    raise bad(str(error)) from None
                size = path.stat().st_size
                await self.kept.change(request, lambda batch: _with_file(batch, name, {"size": size}))
                return Response(status_code=200)
        raise bad("action must be INITIALIZE or COMPLETE")

    async def size(self, request: Request) -> Response:
        """`HEAD …/files/{name}`: how much of it is there. Raises `Refused` (404)."""
        path, name = self._target(request, stream=False)
        self._file(request, name)
        size = path.stat().st_size if path.exists() else 0
        return Response(status_code=200, headers={"Content-Length": str(size)})

    def _file(self, request: Request, name: str) -> Xdm:
        file: Xdm | None = self.kept.batch(self.hub.connection, request).details["files"].get(name)
        if file is None:
            raise problem(404, "Not Found", "no file of that name was uploaded to the batch")
        return file

    def _target(self, request: Request, *, stream: bool = True) -> tuple[Path, str]:
        """Where the file of the request lies, and its sender's name for it."""
        batch, name = self.kept.batch(self.hub.connection, request), request.path_params["name"]
        check_loading(batch)
        if request.path_params["dataset_id"] != batch.details["request"]["datasetId"]:
            raise problem(404, "Not Found", "the batch is for another dataset")
        if stream and request.headers.get("content-type", "").partition(";")[0] != "application/octet-stream":
            raise problem(415, "Unsupported Media Type", "Content-Type must be application/octet-stream")
        if len(batch.details["files"].keys() | {name}) > MOST_FILES:
            raise bad(f"a batch has at most {MOST_FILES} files")
        folder = Folder.of(self.hub.database, batch)
        folder.make()
        return folder.file(name, SUFFIXES[batch.details["format"]]), name


def _with_file(batch: Import, name: str, file: Xdm) -> Import:
    return replace(batch, details=batch.details | {"files": batch.details["files"] | {name: file}})


async def _written(stream: AsyncIterator[bytes], path: Path, offset: int, most: int) -> int:
    """Write what comes to that place of the file, durably, and say how much it was. Raises `Refused` (413)."""
    size = 0
    with _opened(path) as file:
        file.seek(offset)
        async for part in stream:
            size += len(part)
            if size > most:
                raise problem(413, "Payload Too Large", f"at most {most} bytes may be uploaded at once")
            file.write(part)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return size


def _opened(path: Path) -> BinaryIO:
    """For writing anywhere in it; customers' data is its owner's alone."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb")
