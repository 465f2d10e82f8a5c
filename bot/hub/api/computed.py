"""Computed attributes: `/data/core/ca/attributes` ("Computed attributes API endpoint")."""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.routing import Route

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.api.incoming import parsed_object, telling, whole
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.gateway import tenant
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.segments import jobs
from bot.hub.segments.attributes import changed, created
from bot.hub.times import rfc3339

_PATH = "/core/ca/attributes"
MOST, USUAL = 40, 20
_SORTED = ("name", "status", "updateEpoch", "createEpoch")


def routes(hub: HubServices) -> list[Route]:
    """Computed attributes' paths, below `/data`."""
    attributes = ComputedAttributes(hub)
    one = f"{_PATH}/{{attribute_id}}"
    return telling(
        partial(errors.profile, 400),
        [
            Route(_PATH, attributes.listed),
            Route(_PATH, attributes.post, methods=["POST"]),
            Route(one, attributes.get),
            Route(one, attributes.patch, methods=["PATCH"]),
            Route(one, attributes.delete, methods=["DELETE"]),
        ],
    )


@dataclass(frozen=True)
class ComputedAttributes:
    """Those of the organisation. One that is NEW is PROCESSED once everybody has been evaluated."""

    hub: HubServices

    async def listed(self, request: Request) -> Json:
        """Some of them: by `status` and `property`, in the order of `sortBy`, `limit` of them from `offset` on."""
        limit, offset = whole(request, "limit", least=1, most=MOST) or USUAL, whole(request, "offset") or 0
        evaluated = jobs.last_success(self.hub.connection)
        kept = documents.all(self.hub.connection, Kind.COMPUTED_ATTRIBUTE).values()
        every = [self._of(each, evaluated) for each in kept]
        found = _ordered((each for each in every if _wanted(each, request)), request.query_params.get("sortBy", "-updateEpoch"))
        shown = found[offset : offset + limit]
        return Json(
            {
                "_links": _links(request, offset, limit, len(found)),
                "computedAttributes": shown,
                "_page": {"offset": offset, "limit": limit, "count": len(shown), "totalCount": len(found)},
            }
        )

    async def get(self, request: Request) -> Json:
        """One of them."""
        return Json(self._shown(_found(self.hub.connection, request)))

    async def post(self, request: Request) -> Json:
        """A new one. People have it as data of them arrives, or with a segment job for everybody."""
        body = await parsed_object(request)
        organisation, now = self.hub.organisation, self.hub.now

        def create(connection: sqlite3.Connection) -> Xdm:
            return self._kept(connection, created(body, organisation.tenant, id=str(uuid.uuid4()), now=now))

        return Json(self._shown(await self.hub.change(create)))

    async def patch(self, request: Request) -> Json:
        """What the body names of it, as far as its status allows that."""
        body = await parsed_object(request)

        def change(connection: sqlite3.Connection) -> Xdm:
            before = _found(connection, request)
            return self._kept(connection, changed(before, body, status=self._shown(before)["status"], now=self.hub.now))

        return Json(self._shown(await self.hub.change(change)))

    async def delete(self, request: Request) -> Json:
        """Nothing of it: 202 with what it was. Only a draft can be deleted."""

        def remove(connection: sqlite3.Connection) -> Xdm:
            document = _found(connection, request)
            if document["status"] != "DRAFT":
                raise Malformed("only a computed attribute with the status DRAFT can be deleted; change its status to DISABLED")
            documents.remove(connection, Kind.COMPUTED_ATTRIBUTE, document["id"])
            return document

        return Json(self._shown(await self.hub.change(remove)), 202)

    def _kept(self, connection: sqlite3.Connection, document: Xdm) -> Xdm:
        for other in documents.all(connection, Kind.COMPUTED_ATTRIBUTE).values():
            if other["name"] == document["name"] and other["id"] != document["id"]:
                raise Malformed(f"name is unique, and there is a computed attribute {document['name']}")
        documents.put(connection, Kind.COMPUTED_ATTRIBUTE, document["id"], document, now=self.hub.now)
        return document

    def _shown(self, document: Xdm) -> Xdm:
        return self._of(document, jobs.last_success(self.hub.connection))

    def _of(self, document: Xdm, evaluated: int | None) -> Xdm:
        """The document as it is shown, where everybody was last evaluated from that moment on."""
        state: Xdm = {"lastEvaluationTs": ""}
        if document["status"] == "NEW" and evaluated is not None and evaluated >= document["updateEpoch"]:
            state = {"status": "PROCESSED", "lastEvaluationTs": rfc3339(evaluated)}
        return document | state | {"createdBy": self.hub.credentials.client_id} | tenant(self.hub.credentials)


def _links(request: Request, offset: int, limit: int, total: int) -> Xdm:
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in {"offset", "limit"}]

    def link(start: int) -> Xdm:
        return {"href": f"/attributes?{urlencode([('offset', start), ('limit', limit), *asked])}"}

    links = {"self": link(offset), "last": link(max(total - 1, 0) // limit * limit)}
    if offset + limit < total:
        links["next"] = link(offset + limit)
    if offset:
        links["prev"] = link(max(offset - limit, 0))
    return links


def _ordered(attributes: Iterable[Xdm], sort: str) -> list[Xdm]:
    field = sort.removeprefix("-")
    if field not in _SORTED:
        raise Malformed(f"sortBy is one of {', '.join(_SORTED)}, with a - before it for descending order")
    return sorted(attributes, key=lambda each: (each[field], each["id"]), reverse=sort.startswith("-"))


_PROPERTY = re.compile(r"(?P<path>name|createEpoch|updateEpoch|mergeFunction\.value|status)(?P<operator>>=|<=|!=|=)(?P<value>.*)")
_CONTAINS = re.compile(r"(?P<denied>!?)contains\((?P<values>.*)\)")


def _wanted(attribute: Xdm, request: Request) -> bool:
    status = request.query_params.get("status", attribute["status"])
    return status.upper() == attribute["status"] and all(
        _has(attribute, each) for each in request.query_params.getlist("property")
    )


def _has(attribute: Xdm, wanted: str) -> bool:
    """Whether a filter holds, e.g. `name!=testing`, `updateEpoch>=1683669114845` or `status=contains(new,processing)`."""
    asked = _PROPERTY.fullmatch(wanted)
    if asked is None:
        raise Malformed(f"property {wanted!r} isn't a filter such as name=testing or status=contains(new,processed)")
    path, operator, value = asked.groups()
    found = attribute["mergeFunction"]["value"] if path == "mergeFunction.value" else attribute[path]
    if operator in {">=", "<="}:
        return _bounded(found, operator, value)
    listed = _CONTAINS.fullmatch(value)
    values = listed["values"].split(",") if listed else [value]
    matches = any(_alike(str(found), each.strip(), part=bool(listed) and path == "name") for each in values)
    return matches is not (operator == "!=" or (listed is not None and bool(listed["denied"])))


def _bounded(found: Any, operator: str, value: str) -> bool:
    if not isinstance(found, int) or not value.isdecimal():
        raise Malformed("property with >= or <= compares createEpoch or updateEpoch with a whole number")
    return found >= int(value) if operator == ">=" else found <= int(value)


def _alike(found: str, wanted: str, *, part: bool) -> bool:
    return wanted.casefold() in found.casefold() if part else wanted.casefold() == found.casefold()


def _found(connection: sqlite3.Connection, request: Request) -> Xdm:
    document = documents.get(connection, Kind.COMPUTED_ATTRIBUTE, request.path_params["attribute_id"])
    if document is None:
        raise errors.not_found()
    return document
