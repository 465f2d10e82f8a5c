"""The batches that the hub keeps, as the endpoints of batch ingestion find and change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from sqlite3 import Connection

from starlette.requests import Request

from bot.hub.api.batch_telling import STATUS
from bot.hub.api.services import HubServices
from bot.hub.database import imports
from bot.hub.database.imports import Import, Status
from bot.hub.errors import Refused
from bot.hub.ingestion.batches import BATCH


@dataclass(frozen=True)
class Kept:
    """The batches in the hub's file."""

    hub: HubServices

    def batch(self, connection: Connection, request: Request) -> Import:
        """The batch that the path names. Raises `Refused` (404)."""
        asked = request.path_params["batch_id"]
        batch = imports.get(connection, asked)
        if batch is None or batch.kind != BATCH:
            raise problem(404, "Not Found", f"there is no batch {asked}")
        return batch

    async def change(self, request: Request, alter: Callable[[Import], Import], *, again: Status | None = None) -> Import:
        """The batch, altered if it is still loading; one that is `again` already stays as it is. Raises `Refused` (400, 404)."""

        def work(connection: Connection) -> Import:
            batch = self.batch(connection, request)
            if batch.status == again:
                return batch
            check_loading(batch)
            changed = replace(alter(batch), updated=self.hub.now)
            imports.save(connection, changed)
            return changed

        return await self.hub.change(work)


def check_loading(batch: Import) -> None:
    """Pass if files may still be added. Raises `Refused` (400)."""
    if batch.status != Status.LOADING:
        raise bad(f"the batch isn't loading any more: it is {STATUS[batch.status]}")


def bad(detail: str) -> Refused:
    """The request can't be done; `detail` says what would be right."""
    return problem(400, "Bad Request", detail)


def problem(status: int, title: str, detail: str) -> Refused:
    """Inferred: Adobe documents the statuses, and no body."""
    return Refused(status, {"type": "about:blank", "status": status, "title": title, "detail": detail})
