"""Descriptors: what a schema's fields mean, identities and labels above all ("Descriptors endpoint")."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api import describing
from bot.hub.api.accepting import descriptors_form, not_found
from bot.hub.api.incoming import parsed_object
from bot.hub.api.listed import listed
from bot.hub.api.owner import owner
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm

_PATH = "/foundation/schemaregistry/tenant/descriptors"


def routes(hub: HubServices) -> list[Route]:
    """Descriptors' paths, below `/data`."""
    descriptors = Descriptors(hub)
    one = f"{_PATH}/{{descriptor_id}}"
    return [
        Route(_PATH, descriptors.listed),
        Route(_PATH, descriptors.post, methods=["POST"]),
        Route(one, descriptors.get),
        Route(one, descriptors.put, methods=["PUT"]),
        Route(one, descriptors.delete, methods=["DELETE"]),
    ]


@dataclass(frozen=True)
class Descriptors:
    """Those of the tenant."""

    hub: HubServices

    async def listed(self, request: Request) -> Json:
        """All of them by `@type`, or for `xdm-v2` a page of them: their ids, their paths, or the whole of each."""
        form = descriptors_form(request)
        kept = documents.all(self.hub.connection, Kind.DESCRIPTOR).values()
        each_as = partial(self._listed, form.of_each)
        if form.paged:
            return listed(request, kept, each_as, "@id")
        by_type: dict[str, list[Any]] = {}
        for descriptor in kept:
            by_type.setdefault(descriptor["@type"], []).append(each_as(descriptor))
        return Json(by_type)

    async def get(self, request: Request) -> Json:
        """One of them. An Accept header isn't needed."""
        return Json(self._shown(_found(self.hub.connection, request)))

    async def post(self, request: Request) -> Json:
        """A new one: 201."""
        body = await _body(request)

        def create(connection: sqlite3.Connection) -> Xdm:
            descriptor = {"@id": _id(body), **body, "version": "1"}
            if documents.get(connection, Kind.DESCRIPTOR, descriptor["@id"]) is not None:
                raise Malformed("there is such a descriptor already")
            return self._kept(connection, descriptor)

        return Json(self._shown(await self.hub.change(create)), 201)

    async def put(self, request: Request) -> Json:
        """The whole of it anew."""
        body = await _body(request)

        def replace(connection: sqlite3.Connection) -> Xdm:
            return self._kept(connection, {"@id": _found(connection, request)["@id"], **body, "version": "1"})

        return Json(self._shown(await self.hub.change(replace)))

    async def delete(self, request: Request) -> Response:
        """Nothing of it: 204. Records that were taken in stay linked by the identities that they were read to have."""
        await self.hub.change(
            lambda connection: documents.remove(connection, Kind.DESCRIPTOR, _found(connection, request)["@id"]),
        )
        return Response(status_code=204)

    def _kept(self, connection: sqlite3.Connection, descriptor: Xdm) -> Xdm:
        describing.check(connection, descriptor)
        documents.put(connection, Kind.DESCRIPTOR, descriptor["@id"], descriptor, now=self.hub.now)
        return descriptor

    def _listed(self, form: str, descriptor: Xdm) -> str | Xdm:
        if form == "id":
            return str(descriptor["@id"])
        return f"/tenant/descriptors/{descriptor['@id']}" if form == "link" else self._shown(descriptor)

    def _shown(self, descriptor: Xdm) -> Xdm:
        return descriptor | owner(self.hub)


async def _body(request: Request) -> Xdm:
    return {key: value for key, value in (await parsed_object(request)).items() if key != "@id"}


def _id(body: Xdm) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:40]


def _found(connection: sqlite3.Connection, request: Request) -> Xdm:
    asked = request.path_params["descriptor_id"]
    descriptor = documents.get(connection, Kind.DESCRIPTOR, asked)
    if descriptor is None:
        raise not_found(asked)
    return descriptor
