"""Catalog: `/data/foundation/catalog/dataSets` ("Catalog Service API guide"; Adobe's `catalog.yaml`)."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api.incoming import parsed, parsed_object, telling, whole
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.errors import Refused
from bot.hub.gateway import tenant
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.organising import dataset_of
from bot.hub.patching import patched

_PATH = "/foundation/catalog/dataSets"

MOST, USUAL = 100, 20
"""Datasets in one answer ("Filter Catalog data using query parameters")."""

CONTENT_TYPE = "application/vnd.adobe.xed+json;version=1"

_OURS = frozenset({"id", "number", "imsOrg", "created", "updated", "version", "sandboxId", "files"})


def routes(hub: HubServices) -> list[Route]:
    """The catalogue's paths, below `/data`."""
    datasets = Datasets(hub)
    one = f"{_PATH}/{{dataset_id}}"
    return telling(
        _bad,
        [
            Route(_PATH, datasets.listed),
            Route(_PATH, datasets.post, methods=["POST"]),
            Route(one, datasets.get),
            Route(one, datasets.put, methods=["PUT"]),
            Route(one, datasets.patch, methods=["PATCH"]),
        ],
    )


@dataclass(frozen=True)
class Datasets:
    """Those of the organisation. None can be deleted: the records of profiles name the dataset they are from.

    When one is enabled or disabled for Profile, everybody is evaluated again: what it holds comes into profiles or leaves them.
    """

    hub: HubServices

    async def listed(self, request: Request) -> Json:
        """Some of them by id: filtered by `name` and `tags`, ordered by `orderBy`, `limit` of them from `start` on."""
        params = request.query_params
        start, limit = whole(request, "start") or 0, whole(request, "limit", least=1, most=MOST) or USUAL
        kept = _ordered(documents.all(self.hub.connection, Kind.DATASET).values(), params.get("orderBy", ""))
        found = [each for each in kept if _wanted(each, params)]
        return Json({each["id"]: self._shown(each, params) for each in found[start : start + limit]})

    async def get(self, request: Request) -> Json:
        """One, in an object by its id."""
        document = _found(self.hub.connection, request)
        return Json({document["id"]: self._shown(document, request.query_params)})

    async def post(self, request: Request) -> Json:
        """A new one: 201, and where it is. With the tags for Profile and Identity its records become part of profiles."""
        body = await parsed_object(request)

        def create(connection: sqlite3.Connection) -> str:
            _check(connection, body)
            number = documents.next_number(connection, Kind.DATASET)
            newest = max(documents.all(connection, Kind.DATASET), default="")
            dataset_id = new_id(self.hub.organisation.tenant, number, self.hub.now, newest)
            kept = {key: value for key, value in body.items() if key not in _OURS}
            document = {"id": dataset_id, "number": number, "version": "1.0.0", "tags": {}, **kept, "created": self.hub.now}
            return self._kept(connection, document)

        dataset_id = await self.hub.change(create)
        answer = Json([f"@/dataSets/{dataset_id}"], 201)
        answer.headers["location"] = f"{request.url.path}/{dataset_id}"
        return answer

    async def put(self, request: Request) -> Json:
        """The whole of it anew, on the same schema."""
        body = await parsed_object(request)
        return await self._replaced(request, lambda _before: body)

    async def patch(self, request: Request) -> Json:
        """Parts of it: those that an object names, or what a JSON Patch says."""
        body = await parsed(request)

        return await self._replaced(request, lambda before: before | body if isinstance(body, dict) else patched(before, body))

    async def _replaced(self, request: Request, change: Callable[[Xdm], Any]) -> Json:
        def replace(connection: sqlite3.Connection) -> str:
            before = _found(connection, request)
            changed = change(before)
            if not isinstance(changed, dict):
                raise Malformed("nothing would be left of it")
            after = {key: value for key, value in changed.items() if key not in _OURS}
            _check(connection, after)
            if after["schemaRef"]["id"] != before["schemaRef"]["id"]:
                raise Malformed("schemaRef can't change: what the dataset holds is of its schema")
            kept = {key: before[key] for key in ("id", "number", "version", "created")} | {"tags": {}} | after
            if dataset_of(before).enabled != dataset_of(kept).enabled:
                self.hub.evaluate_again(connection)
            return self._kept(connection, kept)

        return Json([f"@/dataSets/{await self.hub.change(replace)}"])

    def _kept(self, connection: sqlite3.Connection, document: Xdm) -> str:
        reference = {"contentType": CONTENT_TYPE, **document["schemaRef"]}
        kept = document | {"updated": self.hub.now, "schemaRef": reference}
        documents.put(connection, Kind.DATASET, document["id"], kept, now=self.hub.now)
        return str(document["id"])

    def _shown(self, document: Xdm, params: QueryParams) -> Xdm:
        whole = {key: value for key, value in document.items() if key not in {"id", "number"}} | {
            "imsOrg": self.hub.credentials.org_id,
            "sandboxId": tenant(self.hub.credentials)["sandbox"]["sandboxId"],
            "files": f"@/dataSetFiles?dataSetId={document['id']}",
        }
        wanted = [name.strip() for name in params.get("properties", "").split(",") if name.strip()]
        return {key: value for key, value in whole.items() if not wanted or key in wanted}


def new_id(tenant_name: str, number: int, now: int, newest: str) -> str:
    """The id of the tenant's dataset `number`: 24 hex digits of which the first 8 are the time, so that they grow with each.

    `newest` is the greatest id there is ("" if none): a clock that was set back doesn't make ids shrink. `now` in milliseconds.
    """
    moment = max(f"{now // 1000:08x}", newest[:8])
    return f"{moment}{hashlib.sha256(tenant_name.encode()).hexdigest()[:10]}{number:06x}"


def _check(connection: sqlite3.Connection, body: Xdm) -> None:
    """Raise Malformed if `body` is no dataset, saying what would be right."""
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        raise Malformed("name is required, and a text")
    reference = body.get("schemaRef")
    if not isinstance(reference, dict) or not isinstance(reference.get("id"), str):
        raise Malformed('schemaRef is required: {"id": the $id of a schema, "contentType": …}')
    schema = documents.get(connection, Kind.SCHEMA, reference["id"])
    if schema is None or schema.get("meta:resourceType") != "schemas":
        raise Malformed("schemaRef names no schema of this organisation")
    tags = body.get("tags", {})
    if not isinstance(tags, dict) or not all(_texts(values) for values in tags.values()):
        raise Malformed('tags is an object of arrays of texts, such as {"unifiedProfile": ["enabled:true"]}')


def _texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(each, str) for each in values)


def _wanted(document: Xdm, params: QueryParams) -> bool:
    if "name" in params and document["name"] != params["name"]:
        return False
    return all(_tagged(document, tag) for tag in params.get("tags", "").split(",") if tag)


def _tagged(document: Xdm, tag: str) -> bool:
    """`tag` is `name:value`, or `name:*` for any value."""
    name, _, value = tag.partition(":")
    values = document["tags"].get(name, [])
    return bool(values) if value in {"", "*"} else value in values


def _ordered(kept: Any, orderby: str) -> list[Xdm]:
    """`asc:created,updated` or `desc:name`; by itself a property ascends."""
    ordered = sorted(kept, key=lambda each: each["number"])
    if not orderby:
        return ordered
    direction, _, names = orderby.rpartition(":")
    if direction not in {"", "asc", "desc"}:
        raise Malformed("orderBy must look like asc:created or desc:name")
    for name in reversed(names.split(",")):
        ordered.sort(key=partial(_rank, name), reverse=direction == "desc")
    return ordered


def _rank(name: str, document: Xdm) -> tuple[float, str]:
    """Orders by a property that may be a number, a text, or missing."""
    value = document.get(name, "")
    return (value, "") if isinstance(value, int | float) else (math.inf, str(value))


def _found(connection: sqlite3.Connection, request: Request) -> Xdm:
    asked = request.path_params["dataset_id"]
    document = documents.get(connection, Kind.DATASET, asked)
    if document is None:
        raise _problem(404, "NotFoundError", f"No object found for DataSet {asked}")
    return document


def _bad(detail: str) -> Refused:
    return _problem(400, "BadRequestError", detail)


def _problem(status: int, title: str, detail: str) -> Refused:
    """Inferred: Adobe documents the statuses, and no body."""
    return Refused(status, {"type": "about:blank", "status": status, "title": title, "detail": detail})
