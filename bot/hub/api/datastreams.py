"""Datastreams: `/data/hub/datastreams`, what the edge answers to whoever names one.

A path of the hub's own. With Adobe a datastream and the "Custom Personalization With Attributes" destination behind it, with its
mapped attributes and activated audiences, are made in the user interface; no API of them is published. Here both are one object:

    {"name": "Call centre", "alias": "call-centre", "attributes": {"firstName": "person.name.firstName"}, "audiences": ["…"]}
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.api.incoming import parsed_object, telling
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.gateway import tenant
from bot.hub.malformed import Malformed
from bot.hub.model import Organisation, Xdm
from bot.hub.projecting import evaluated_on_edge
from bot.hub.schemas.union import union_properties

_PATH = "/hub/datastreams"
_PROFILES = "https://ns.adobe.com/xdm/context/profile"

_THEIRS = frozenset({"name", "alias", "attributes", "audiences"})
_OURS = frozenset({"id", "destinationId", "version", "createEpoch", "updateEpoch", "imsOrgId", "sandbox"})


def routes(hub: HubServices) -> list[Route]:
    """Datastreams' paths, below `/data`."""
    datastreams = Datastreams(hub)
    one = f"{_PATH}/{{datastream_id}}"
    return telling(
        partial(errors.profile, 400),
        [
            Route(_PATH, datastreams.listed),
            Route(_PATH, datastreams.post, methods=["POST"]),
            Route(one, datastreams.get),
            Route(one, datastreams.put, methods=["PUT"]),
            Route(one, datastreams.delete, methods=["DELETE"]),
        ],
    )


@dataclass(frozen=True)
class Datastreams:
    """Those of the organisation."""

    hub: HubServices

    async def listed(self, _request: Request) -> Json:
        """All of them, in the order in which they were made."""
        children = [self._shown(each) for each in documents.all(self.hub.connection, Kind.DATASTREAM).values()]
        return Json({"_page": {"totalCount": len(children), "pageSize": len(children)}, "children": children})

    async def get(self, request: Request) -> Json:
        """One, by its id. Raises `Refused` (404)."""
        return Json(self._shown(_found(self.hub.connection, request)))

    async def post(self, request: Request) -> Json:
        """A new one: 201. Its id is the `dataStreamId` of look-ups. Raises `Refused` (400)."""

        def create(connection: sqlite3.Connection) -> Xdm:
            number = documents.next_number(connection, Kind.DATASTREAM)
            name = f"{self.hub.organisation.tenant}/{{}}/{number}"
            ids = {"id": _made(name.format("datastreams")), "destinationId": _made(name.format("destinations"))}
            return ids | {"version": 1, "createEpoch": self.hub.now // 1000}

        return Json(await self._kept(request, create), 201)

    async def put(self, request: Request) -> Json:
        """The whole of it anew: the version grows, its ids stay. Raises `Refused`: 400, 404."""

        def replace(connection: sqlite3.Connection) -> Xdm:
            before = _found(connection, request)
            return {key: before[key] for key in ("id", "destinationId", "createEpoch")} | {"version": before["version"] + 1}

        return Json(await self._kept(request, replace))

    async def delete(self, request: Request) -> Response:
        """Nothing of it: 204. Look-ups that name it are refused. Raises `Refused` (404)."""

        def remove(connection: sqlite3.Connection) -> None:
            documents.remove(connection, Kind.DATASTREAM, _found(connection, request)["id"])

        await self.hub.change(remove)
        return Response(status_code=204)

    async def _kept(self, request: Request, given_by_hub: Callable[[sqlite3.Connection], Xdm]) -> Xdm:
        """What was sent, checked and stored with what the hub gives it. Raises Malformed, and what `given_by_hub` does."""

        def keep(connection: sqlite3.Connection) -> Xdm:
            known = documents.all(connection, Kind.AUDIENCE).values()
            audiences = {each["audienceId"]: each["id"] for each in known} | {each["id"]: each["id"] for each in known}
            theirs = _read(body, self.hub.organisation, audiences)
            document = given_by_hub(connection) | theirs | {"updateEpoch": self.hub.now // 1000}
            documents.put(connection, Kind.DATASTREAM, document["id"], document, now=self.hub.now)
            return document

        body = await parsed_object(request)
        return self._shown(await self.hub.change(keep))

    def _shown(self, document: Xdm) -> Xdm:
        return document | tenant(self.hub.credentials)


def _read(body: Xdm, organisation: Organisation, audiences: dict[str, str]) -> Xdm:
    """What `body` says of a datastream. `audiences` are the hub's ids by all ids of theirs. Raises Malformed."""
    if strange := sorted(body.keys() - _THEIRS - _OURS):
        raise Malformed(f"{strange[0]} is no property of a datastream: it has {', '.join(sorted(_THEIRS))}")
    name = _text(body.get("name"), "name")
    return {
        "name": name,
        "alias": _text(body.get("alias", name), "alias"),
        "attributes": _attributes(body.get("attributes", {}), organisation),
        "audiences": _audiences(body.get("audiences", []), organisation, audiences),
    }


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"{name} is required, and a text")
    return value


def _attributes(mapped: Any, organisation: Organisation) -> Xdm:
    if not isinstance(mapped, dict):
        raise Malformed('attributes must be an object of dotted paths by name, such as {"firstName": "person.name.firstName"}')
    union = {"properties": union_properties(organisation, _PROFILES)}
    for name, path in mapped.items():
        if not isinstance(path, str) or not _is_field(path, union):
            raise Malformed(f"attributes.{name} must be the dotted path of a field of the profile union, through objects alone")
    return dict(mapped)


def _is_field(path: str, union: Any) -> bool:
    field = union
    for key in path.split("."):
        field = field.get("properties", {}).get(key, field.get("additionalProperties"))  # a map has any key
        if not key or not isinstance(field, dict):
            return False
    return True


def _audiences(asked: Any, organisation: Organisation, known: dict[str, str]) -> list[str]:
    if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
        raise Malformed("audiences must be a list of audience ids")
    for each in asked:
        audience = organisation.audience(known.get(each, ""))
        if audience is None:
            raise Malformed(f"audiences names one that there isn't: {each}")
        if not evaluated_on_edge(audience, organisation):
            raise Malformed(f"audiences: {each} isn't evaluated by a merge policy that is active on the edge (isActiveOnEdge)")
    return list(dict.fromkeys(known[each] for each in asked))


def _made(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _found(connection: sqlite3.Connection, request: Request) -> Xdm:
    document = documents.get(connection, Kind.DATASTREAM, request.path_params["datastream_id"])
    if document is None:
        raise errors.not_found()
    return document
