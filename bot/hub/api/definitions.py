"""Segment definitions: `/data/core/ups/segment/definitions` ("Segment definitions API endpoint"; Adobe's `segmentation.yaml`).

The older way to the audiences that the hub evaluates.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api.incoming import parsed, telling
from bot.hub.api.segmentation import asked_ids, following, invalid, missing, page, refused
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.gateway import tenant
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.segments import keeping
from bot.hub.segments.describing import OWN, definition, is_external

_PATH = "/core/ups/segment/definitions"
_USUAL = 100


def routes(hub: HubServices) -> list[Route]:
    """Definitions' paths, below `/data`."""
    definitions = Definitions(hub)
    one = f"{_PATH}/{{segment_id}}"
    return telling(
        invalid,
        [
            Route(_PATH, definitions.listed),
            Route(_PATH, definitions.post, methods=["POST"]),
            Route(f"{_PATH}/bulk-get", definitions.bulk_get, methods=["POST"]),
            Route(one, definitions.get),
            Route(one, definitions.patch, methods=["PATCH"]),
            Route(one, definitions.delete, methods=["DELETE"]),
        ],
    )


@dataclass(frozen=True)
class Definitions:
    """Those of the audiences that the hub evaluates."""

    hub: HubServices

    async def listed(self, request: Request) -> Json:
        """Some of them, sorted: `limit` of them on the page numbered `page`, or from `start` on."""
        every = documents.all(self.hub.connection, Kind.AUDIENCE).values()
        part = page(request, [each for each in every if not is_external(each)], sort="creationTime:desc", limit=_USUAL)
        link = {"next": {"href": following(request, "/segment/definitions", part.following)}} if part.following else {}
        return Json({"segments": [self._shown(each) for each in part.items], "page": part.figures, "link": link})

    async def get(self, request: Request) -> Json:
        """One of them."""
        return Json(self._shown(_found(self.hub.connection, request)))

    async def bulk_get(self, request: Request) -> Json:
        """207 with `results` by id, an error in the place of each that there isn't."""
        return Json({"results": {each: self._result(each) for each in await asked_ids(request)}}, 207)

    async def post(self, request: Request) -> Json:
        """A new one. 422 if its name is taken. Whoever is in it shows as people's data arrives, or with a segment job."""
        body = await parsed(request)
        organisation, now = self.hub.organisation, self.hub.now

        def create(connection: sqlite3.Connection) -> Xdm:
            try:
                return keeping.create(connection, organisation, _own(body), now=now)
            except keeping.Taken as error:
                # Adobe gives no code for it. Inferred from its numbering.
                raise refused(422, "UPAPI-113423-422", f"{error}. Use PATCH to change it.") from None

        document = await self.hub.change(create)
        answer = Json(self._shown(document))
        answer.headers["x-location"] = f"{request.url.path}/{document['id']}"
        return answer

    async def patch(self, request: Request) -> Json:
        """What the body names of it, overwritten."""
        body = await parsed(request)

        def replace(connection: sqlite3.Connection) -> Xdm:
            before = _found(connection, request)
            whole_ = before | _own(body)
            return keeping.replace(connection, self.hub.organisation, before, whole_, now=self.hub.now)

        return Json(self._shown(await self.hub.change(replace)))

    async def delete(self, request: Request) -> Json:
        """Nothing of it: 200 with a message. It leaves each profile with that person's next evaluation."""

        def remove(connection: sqlite3.Connection) -> str:
            segment_id = str(_found(connection, request)["id"])
            documents.remove(connection, Kind.AUDIENCE, segment_id)
            return segment_id

        segment_id = await self.hub.change(remove)
        return Json({"status": True, "message": f"Segment definition {segment_id} deleted"})

    def _result(self, segment_id: str) -> Xdm:
        document = documents.get(self.hub.connection, Kind.AUDIENCE, segment_id)
        return missing() if document is None or is_external(document) else self._shown(document)

    def _shown(self, document: Xdm) -> Xdm:
        return definition(document) | tenant(self.hub.credentials)


def _own(body: Any) -> Any:
    """The body of a definition: it is of an audience that the hub evaluates, whatever it says. Raises Malformed."""
    if not isinstance(body, dict):
        raise Malformed("a segment definition is a JSON object")
    return body | {"type": OWN}


def _found(connection: sqlite3.Connection, request: Request) -> Xdm:
    segment_id = request.path_params["segment_id"]
    document = documents.get(connection, Kind.AUDIENCE, segment_id)
    if document is None or is_external(document):
        raise refused(404, "UPAPI-113403-404", f"The segment definition {segment_id} is not found.")
    return document
