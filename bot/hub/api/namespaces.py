"""Identity namespaces: `/data/core/idnamespace/identities` ("Identity Namespace"; Adobe's `identity-service.yaml`)."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api.incoming import parsed_object
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.errors import Refused
from bot.hub.malformed import Malformed
from bot.hub.model import Namespace, Xdm
from bot.hub.organising import namespace_document, namespace_of
from bot.hub.times import rfc3339

_PATH = "/core/idnamespace/identities"

ID_TYPES = ("COOKIE", "CROSS_DEVICE", "DEVICE", "EMAIL", "MOBILE", "NON_PEOPLE", "PHONE")

_FIRST_CUSTOM = 10_000_000
"""Adobe's samples of custom ids have eight digits; all standard ones have fewer."""

_CODE = re.compile(r"[A-Za-z0-9_]{1,64}")


def routes(hub: HubServices) -> list[Route]:
    """Namespaces' paths, below `/data`."""
    namespaces = Namespaces(hub)
    one = f"{_PATH}/{{namespace_id}}"
    return [
        Route(_PATH, namespaces.listed),
        Route(_PATH, namespaces.post, methods=["POST"]),
        Route(one, namespaces.get),
        Route(one, namespaces.put, methods=["PUT"]),
    ]


@dataclass(frozen=True)
class Namespaces:
    """The standard ones and those of the organisation."""

    hub: HubServices

    async def listed(self, _request: Request) -> Json:
        """All of them, as an array by id."""
        kept = documents.all(self.hub.connection, Kind.NAMESPACE).values()
        return Json(sorted(kept, key=lambda each: int(each["id"])))

    async def get(self, request: Request) -> Json:
        """One, by its id."""
        return Json(self._found(self.hub.connection, request))

    async def post(self, request: Request) -> Json:
        """A new one. 409 if its code is taken, whatever its case."""
        body = await self._read(request)

        def create(connection: sqlite3.Connection) -> Xdm:
            kept = documents.all(connection, Kind.NAMESPACE).values()
            if any(each["code"].lower() == body["code"].lower() for each in kept):
                raise self._refused(409, "Namespace code already exists. Please use a different code", "INTEGRATION_CODE_EXISTS")
            number = max(_FIRST_CUSTOM, *(each["id"] for each in kept)) + 1
            namespace = Namespace(number, body["code"], body["idType"], body["name"], True, body.get("description", ""))
            return self._kept(connection, namespace)

        return Json(await self.hub.change(create))

    async def put(self, request: Request) -> Json:
        """Another name or description for a custom one. Adobe answers an array."""
        body = await self._read(request)

        def replace(connection: sqlite3.Connection) -> Xdm:
            before = namespace_of(self._found(connection, request))
            if not before.custom:
                raise self._bad("a standard namespace can't be changed")
            if (body["code"], body["idType"]) != (before.code, before.id_type):
                raise self._bad("code and idType are non editable fields")
            after = Namespace(
                before.id, before.code, before.id_type, body["name"], True, body.get("description", ""), before.created
            )
            return self._kept(connection, after)

        return Json([await self.hub.change(replace)])

    async def _read(self, request: Request) -> Xdm:
        try:
            body = await parsed_object(request)
        except Malformed as error:
            raise self._bad(str(error)) from None
        for name in ("name", "code", "idType"):
            if not isinstance(body.get(name), str) or not body[name].strip():
                raise self._bad(f"Please provide a valid value of {name}: it is required, and a text")
        if not _CODE.fullmatch(body["code"]):
            raise self._bad("Please provide a valid value of code: letters, digits and underscores, 64 at most")
        if body["idType"].upper() not in ID_TYPES:
            raise self._bad(f"Please provide a valid value of idType. Valid values are: [{', '.join(ID_TYPES)}]")
        if not isinstance(body.get("description", ""), str):
            raise self._bad("Please provide a valid value of description: it is a text")
        return body | {"idType": body["idType"].upper()}

    def _kept(self, connection: sqlite3.Connection, namespace: Namespace) -> Xdm:
        document = namespace_document(namespace, self.hub.now)
        documents.put(connection, Kind.NAMESPACE, str(namespace.id), document, now=self.hub.now)
        return document

    def _found(self, connection: sqlite3.Connection, request: Request) -> Xdm:
        document = documents.get(connection, Kind.NAMESPACE, request.path_params["namespace_id"])
        if document is None:
            description = f"Namespace id not found for given IMS Org {self.hub.credentials.org_id}"
            raise self._refused(404, description, "NAMESPACE_NOT_FOUND")
        return document

    def _bad(self, description: str) -> Refused:
        return self._refused(400, description, "INVALID_REQUEST_PARAMS")

    def _refused(self, status: int, description: str, code: str) -> Refused:
        return Refused(
            status,
            {
                "timestamp": rfc3339(self.hub.now),
                "type": "http://ns.adobe.com/adobecloud/problem/namespacevalidation",
                "status": status,
                "error": code,
                "title": "NAMESPACE_CODE_CONFLICT" if status == 409 else "Namespace validation",  # noqa: PLR2004 - HTTP's own
                "description": description,
                "report": {"code": code},
            },
        )
