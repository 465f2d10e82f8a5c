"""Schema Registry: `/data/foundation/schemaregistry` ("Schema Registry API guide"; Adobe's `schema-registry.yaml`)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api import changing, descriptors, unions
from bot.hub.api.accepting import lookup_form, not_found, wants_summaries, wrong
from bot.hub.api.incoming import parsed, parsed_object, telling
from bot.hub.api.listed import listed
from bot.hub.api.owner import owner
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.malformed import Malformed
from bot.hub.model import Xdm
from bot.hub.patching import patched
from bot.hub.schemas.composition import CLASSES, Composition
from bot.hub.schemas.registry import (
    DATA_TYPES,
    FIELD_GROUPS,
    SCHEMAS,
    Container,
    alt_id,
    new_id,
    registered,
    revised,
    shown,
    summary,
)
from bot.hub.schemas.standard import CONTAINERS, standard_resources

_PATH = "/foundation/schemaregistry"


def routes(hub: HubServices) -> list[Route]:
    """The registry's paths, below `/data`."""
    return telling(
        wrong,
        [
            Route(f"{_PATH}/stats", Stats(hub).get),
            *(route for container in CONTAINERS for route in _global(hub, container)),
            *_tenant(hub, SCHEMAS),
            *_tenant(hub, FIELD_GROUPS),
            *_tenant(hub, DATA_TYPES),
            *descriptors.routes(hub),
            *unions.routes(hub),
        ],
    )


def _global(hub: HubServices, container: str) -> list[Route]:
    standard = Standard(hub, container)
    path = f"{_PATH}/global/{container}"
    return [Route(path, standard.listed), Route(f"{path}/{{resource_id:path}}", standard.get)]


def _tenant(hub: HubServices, container: Container) -> list[Route]:
    own = Own(hub, container)
    path = f"{_PATH}/tenant/{container.name}"
    one = f"{path}/{{resource_id:path}}"
    return [
        Route(path, own.listed),
        Route(path, own.post, methods=["POST"]),
        Route(one, own.get),
        Route(one, own.put, methods=["PUT"]),
        Route(one, own.patch, methods=["PATCH"]),
        Route(one, own.delete, methods=["DELETE"]),
    ]


@dataclass(frozen=True)
class Standard:
    """Adobe's own resources of one kind: the container `global`."""

    hub: HubServices
    container: str

    async def listed(self, request: Request) -> Response:
        """All of them."""
        each_as = summary if wants_summaries(request) else dict
        return listed(request, (shown(each, {}) for each in self._all().values()), each_as, "title")

    async def get(self, request: Request) -> Response:
        """One, by its `$id` or `meta:altId`."""
        form = lookup_form(request)
        resource = _found(request, self._all())
        return Json(form.of(_full(shown(resource, {}), resource, Composition(())) if form.full else shown(resource, {})))

    def _all(self) -> dict[str, Xdm]:
        return {key: each for key, each in standard_resources().items() if each["meta:resourceType"] == self.container}


@dataclass(frozen=True)
class Own:
    """The tenant's resources of one kind: the container `tenant`."""

    hub: HubServices
    container: Container

    async def listed(self, request: Request) -> Response:
        """All of them."""
        each_as = summary if wants_summaries(request) else dict
        return listed(request, map(self._shown, self._all(self.hub.connection).values()), each_as, "title")

    async def get(self, request: Request) -> Response:
        """One, by its `$id` or `meta:altId`."""
        form = lookup_form(request)
        resource = _found(request, self._all(self.hub.connection))
        whole = self._shown(resource)
        if form.full:
            whole = _full(whole, resource, Composition(documents.all(self.hub.connection, Kind.SCHEMA).values()))
        return Json(form.of(whole))

    async def post(self, request: Request) -> Response:
        """A new one: 201 and all of it."""
        body = await parsed_object(request)

        def create(connection: sqlite3.Connection) -> Xdm:
            number = documents.next_number(connection, self.container.name)
            resource_id = new_id(self.container, self.hub.organisation.tenant, number)
            return self._kept(connection, registered(body, self.container, resource_id, self.hub.now), None)

        return Json(self._shown(await self.hub.change(create)), 201)

    async def put(self, request: Request) -> Response:
        """The whole of it anew."""
        body = await parsed_object(request)
        return await self._replaced(request, lambda _before: body)

    async def patch(self, request: Request) -> Response:
        """Parts of it, by JSON Patch."""
        operations = await parsed(request)
        return await self._replaced(request, lambda before: patched(before, operations))

    async def delete(self, request: Request) -> Response:
        """Nothing of it: 204. What others use stays."""

        def remove(connection: sqlite3.Connection) -> None:
            resource = _found(request, self._all(connection))
            changing.check_unused(connection, resource)
            documents.remove(connection, Kind.SCHEMA, resource["$id"])

        await self.hub.change(remove)
        return Response(status_code=204)

    async def _replaced(self, request: Request, change: Callable[[Xdm], Any]) -> Response:
        def replace(connection: sqlite3.Connection) -> Xdm:
            before = _found(request, self._all(connection))
            after = change(before)
            if not isinstance(after, dict):
                raise Malformed("nothing would be left of it")
            return self._kept(connection, revised(before, after, self.hub.now), before)

        return Json(self._shown(await self.hub.change(replace)))

    def _kept(self, connection: sqlite3.Connection, resource: Xdm, before: Xdm | None) -> Xdm:
        changing.check(connection, resource, before, self.hub.organisation.tenant)
        documents.put(connection, Kind.SCHEMA, resource["$id"], resource, now=self.hub.now)
        return resource

    def _all(self, connection: sqlite3.Connection) -> dict[str, Xdm]:
        kept = documents.all(connection, Kind.SCHEMA)
        return {key: each for key, each in kept.items() if each["meta:resourceType"] == self.container.name}

    def _shown(self, resource: Xdm) -> Xdm:
        class_id = Composition(()).class_of(resource) if self.container is SCHEMAS else None
        return shown(resource, owner(self.hub), class_id)


@dataclass(frozen=True)
class Stats:
    """`GET …/stats`: the tenant's name, and how much of what it has."""

    hub: HubServices

    async def get(self, _request: Request) -> Json:
        """Counts and classes ("Stats endpoint")."""
        kept = documents.all(self.hub.connection, Kind.SCHEMA).values()
        organisation = self.hub.organisation
        counts = Counter(each["meta:resourceType"] for each in kept)
        newest = sorted(kept, key=lambda each: -each["meta:registryMetadata"]["repo:createdDate"])
        changed = sorted(kept, key=lambda each: -each["meta:registryMetadata"]["repo:lastModifiedDate"])
        return Json(
            {
                "imsOrg": self.hub.credentials.org_id,
                "tenantId": organisation.tenant,
                "counts": {
                    "schemas": counts[SCHEMAS.name],
                    "mixins": counts[FIELD_GROUPS.name],
                    "datatypes": counts[DATA_TYPES.name],
                    "classes": 0,
                    "unions": len(CLASSES),
                },
                "recentlyCreatedResources": [summary(each) for each in newest[:10]],
                "recentlyUpdatedResources": [summary(each) for each in changed[:10]],
            }
        )


def _full(shown_basic: Xdm, resource: Xdm, composition: Composition) -> Xdm:
    """As shown, but with all fields in the place of what refers to them."""
    fields = composition.resolved(resource).get("properties", {})
    return {key: value for key, value in shown_basic.items() if key not in {"allOf", "definitions"}} | {"properties": fields}


def _found(request: Request, resources: dict[str, Xdm]) -> Xdm:
    asked = request.path_params["resource_id"]
    resource = next((each for key, each in resources.items() if asked in {key, alt_id(key)}), None)
    if resource is None:
        raise not_found(asked)
    return resource
