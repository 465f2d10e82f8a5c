"""Audiences: `/data/core/ups/audiences` ("Audiences API endpoint"; Adobe's `segmentation.yaml`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.api.incoming import parsed, telling
from bot.hub.api.segmentation import asked_ids, audience_not_found, following, invalid, missing, page
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.gateway import tenant
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.patching import patched
from bot.hub.segments import keeping

_PATH = "/core/ups/audiences"
_USUAL = 20


def routes(hub: HubServices) -> list[Route]:
    """Audiences' paths, below `/data`."""
    audiences = Audiences(hub)
    one = f"{_PATH}/{{audience_id}}"
    return telling(
        invalid,
        [
            Route(_PATH, audiences.listed),
            Route(_PATH, audiences.post, methods=["POST"]),
            Route(f"{_PATH}/bulk-get", audiences.bulk_get, methods=["POST"]),
            Route(one, audiences.get),
            Route(one, audiences.put, methods=["PUT"]),
            Route(one, audiences.patch, methods=["PATCH"]),
            Route(one, audiences.delete, methods=["DELETE"]),
        ],
    )


@dataclass(frozen=True)
class Audiences:
    """Those that the hub evaluates and those whose members come from outside. Each is found by its `id` and its `audienceId`."""

    hub: HubServices

    async def listed(self, request: Request) -> Json:
        """Some of them: by `name`, `description`, `entityType` and `property`, sorted, `limit` of them from `start` on."""
        found = [each for each in documents.all(self.hub.connection, Kind.AUDIENCE).values() if _wanted(each, request)]
        part = page(request, found, sort="updateTime:desc", limit=_USUAL)
        more = part.following
        link = following(request, "/audiences", more | {"totalCount": part.total}) if more else ""
        return Json(
            {
                "children": [self._shown(each) for each in part.items],
                "_page": part.figures | {"start": part.start} | ({"next": part.end} if more else {}),
                "_links": {"next": {"href": link}},
            }
        )

    async def get(self, request: Request) -> Json:
        """One of them."""
        return Json(self._shown(_found(self.hub.connection, request)))

    async def bulk_get(self, request: Request) -> Json:
        """207 with `results` by id, an error in the place of each that there isn't; 404 if there is none of them."""
        ids = await asked_ids(request)
        found = _by_ids(self.hub.connection, ids)
        if not found:
            raise errors.audiences(404, "UPAPI-113000-404", f"The entity {','.join(ids)} is not found.")
        return Json({"results": {each: self._shown(found[each]) if each in found else missing() for each in ids}}, 207)

    async def post(self, request: Request) -> Json:
        """A new one: 201. Whoever is in it shows as people's data arrives, or with a segment job for everybody."""
        body = await parsed(request)
        organisation, now = self.hub.organisation, self.hub.now
        document = await self.hub.change(lambda connection: keeping.create(connection, organisation, body, now=now))
        return Json(self._shown(document), 201)

    async def put(self, request: Request) -> Json:
        """The whole of it anew."""
        body = await parsed(request)

        return await self._replaced(request, lambda _before: body)

    async def patch(self, request: Request) -> Json:
        """Parts of it, by JSON Patch."""
        operations = await parsed(request)
        return await self._replaced(request, lambda before: patched(before, operations))

    async def delete(self, request: Request) -> Response:
        """Nothing of it: 204. It leaves each profile with that person's next evaluation."""

        def remove(connection: sqlite3.Connection) -> None:
            documents.remove(connection, Kind.AUDIENCE, _found(connection, request)["id"])

        await self.hub.change(remove)
        return Response(status_code=204)

    async def _replaced(self, request: Request, change: Callable[[Xdm], Any]) -> Json:
        def replace(connection: sqlite3.Connection) -> Xdm:
            before = _found(connection, request)
            return keeping.replace(connection, self.hub.organisation, before, change(before), now=self.hub.now)

        return Json(self._shown(await self.hub.change(replace)), 201)

    def _shown(self, document: Xdm) -> Xdm:
        return {name: value for name, value in document.items() if name != "number"} | tenant(self.hub.credentials)


def _found(connection: sqlite3.Connection, request: Request) -> Xdm:
    wanted = request.path_params["audience_id"]
    document = _by_ids(connection, [wanted]).get(wanted)
    if document is None:
        raise audience_not_found(wanted)
    return document


def _by_ids(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Xdm]:
    """Those of the audiences that there are: by `id`, else by the `audienceId` that one from outside has there."""
    found = {each: document for each in ids if (document := documents.get(connection, Kind.AUDIENCE, each))}
    if len(found) < len(set(ids)):
        every = documents.all(connection, Kind.AUDIENCE).values()
        return {each["audienceId"]: each for each in every if each["audienceId"] in ids} | found
    return found


def _wanted(audience: Xdm, request: Request) -> bool:
    params = request.query_params
    return (
        all(params.get(name, "").casefold() in audience[name].casefold() for name in ("name", "description"))
        and params.get("entityType") in {None, audience.get("schema", {}).get("name")}
        and all(_has(audience, each) for each in params.getlist("property"))
    )


def _has(audience: Xdm, wanted: str) -> bool:
    path, equals, value = wanted.partition("==")
    if not equals:
        raise Malformed("property is written as attribute==value")
    found: Any = audience
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found).lower() == value.lower() if isinstance(found, bool) else str(found) == value
