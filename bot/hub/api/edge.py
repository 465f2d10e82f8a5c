"""The edge: `POST /ee/v2/interact` ("Look up profile attributes on the edge in real-time"; `edge-network-api-reference.yaml`).

The hub answers from the same file as its other look-ups: whoever has a profile is on the edge as soon as a merge policy is active
there. The event is for looking up alone, and isn't collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.hub.answers import Json
from bot.hub.api.edge_problems import Problem, config_id, request_id, unauthorised, unprocessable
from bot.hub.api.incoming import parsed_object
from bot.hub.api.lookup import Lookup
from bot.hub.api.profiles import profile
from bot.hub.api.query import Asked, Query
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.connection import snapshot
from bot.hub.database.documents import Kind
from bot.hub.errors import Refused
from bot.hub.ims import Credentials, Tokens
from bot.hub.malformed import Malformed
from bot.hub.model import Namespace, Organisation, Xdm
from bot.hub.projecting import Datastream, attributes, datastream_of, edge_policy, evaluated_on_edge, segments


def edge(hub: HubServices, tokens: Tokens) -> Mount:
    """What is below `/ee`: with Adobe it is a host of its own, with errors of its own."""
    return Mount(
        "/ee",
        routes=[Route("/v2/interact", Interact(hub).post, methods=["POST"])],
        middleware=[Middleware(Door, credentials=hub.credentials, tokens=tokens)],
    )


class Door:
    """Middleware that checks the three headers of an authenticated event. Raises `Problem` (401).

    The sandbox isn't among them: it is the datastream's.
    """

    def __init__(self, app: ASGIApp, *, credentials: Credentials, tokens: Tokens) -> None:
        self._app = app
        self._credentials = credentials
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or refuse it."""
        headers = Request(scope).headers
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthorised("EXEG-0500-401", "The Authorization header is missing, or has no Bearer token.")
        if not self._tokens.good(token.strip()):
            # Expired tokens are forgotten, so that one that never was can't be told from them: a new one helps with either.
            raise unauthorised("EXEG-0503-401", "The authorization token is expired. Generate a new token and try again.")
        key, org_id = headers.get("x-api-key"), headers.get("x-gw-ims-org-id")
        if not key or not org_id:
            raise unauthorised("EXEG-0500-401", "The headers x-api-key and x-gw-ims-org-id are required.")
        if (key, org_id) != (self._credentials.client_id, self._credentials.org_id):
            detail = "The account of this x-api-key has no access to Adobe Experience Platform in this x-gw-ims-org-id."
            raise Problem("EXEG-0504-401", "Required product context is missing", detail)
        await self._app(scope, receive, send)


@dataclass(frozen=True)
class Interact:
    """Look-ups of what is on the edge."""

    hub: HubServices

    async def post(self, request: Request) -> Response:
        """What the datastream's destination maps of whom the event is about; nothing of somebody who isn't on the edge.

        Raises:
            Problem: 400 for an unknown datastream and without a primary identity, 422 for a body or a namespace that isn't right.
        """
        datastream = self._datastream(request)
        try:
            body = await parsed_object(request)
        except Malformed as error:
            raise unprocessable(str(error)) from None
        asked = _asked(body, self.hub.organisation)
        payload = list(self._payload(datastream, asked))
        handle = {"payload": payload, "type": "activation:pull", "eventIndex": 0}
        return Json({"requestId": request_id(request), "handle": [handle]})

    def _datastream(self, request: Request) -> Datastream:
        asked = config_id(request)
        if not asked:
            raise Problem("EXEG-0003-400", "Invalid datastream ID", "The parameter dataStreamId is required.")
        body = documents.get(self.hub.connection, Kind.DATASTREAM, asked)
        if body is None:
            detail = f"The referenced datastream '{asked}' doesn't exist. Update the reference and try again."
            raise Problem("EXEG-0003-400", "Invalid datastream ID", detail)
        return datastream_of(body)

    def _payload(self, datastream: Datastream, asked: Asked) -> Iterator[Xdm]:
        organisation = self.hub.organisation
        policy = edge_policy(organisation)
        if policy is None:
            return
        lookup = Lookup(organisation, self.hub.reading)
        with snapshot(self.hub.connection):
            try:
                entity = profile(lookup.view(asked, policy), asked, Query((asked,)), lookup)["entity"]
            except Refused:  # nobody has the identity, or those who are linked are too many for one profile
                return
            mapped = list(self._memberships(datastream, organisation))
        yield {
            "type": "profileLookup",
            "destinationId": datastream.destination,
            "alias": datastream.alias,
            "attributes": attributes(entity, datastream.attributes),
            "segments": segments(entity, mapped),
        }

    def _memberships(self, datastream: Datastream, organisation: Organisation) -> Iterator[tuple[str, str]]:
        """Where a profile has each audience below `segmentMembership`: what is supplied from outside names it `audienceId`."""
        for audience in filter(None, map(organisation.audience, datastream.audiences)):
            if evaluated_on_edge(audience, organisation):
                document = documents.get(self.hub.connection, Kind.AUDIENCE, audience.id) if audience.external else None
                yield audience.source, document["audienceId"] if document else audience.id


def _asked(body: Xdm, organisation: Organisation) -> Asked:
    """The primary identity of the event. Raises `Problem` (400, 422)."""
    identity_map = _identity_map(body)
    namespaces = {key: _namespace(key, organisation) for key in identity_map}
    primary = [(key, each["id"]) for key, items in identity_map.items() for each in items if each.get("primary") is True]
    if not primary:
        detail = "No primary identity found in the input event. Update the request accordingly to your schema and try again."
        raise Problem("EXEG-0306-400", "No primary identity set in request (event)", detail)
    if len(primary) > 1:
        raise unprocessable("event.xdm.identityMap must have one primary identity, and has several")
    [(key, value)] = primary
    return Asked(value, namespaces[key].code)


def _namespace(key: str, organisation: Organisation) -> Namespace:
    """By its code or by its id: Adobe keys an identity map with either (`IdentityMap` in its OpenAPI file)."""
    by_id = (each for each in organisation.namespaces if str(each.id) == key)
    namespace = organisation.namespace(key) or next(by_id, None)
    if namespace is None:
        # Inferred: what this code means is known, its words aren't.
        detail = f"The namespace '{key}' in identityMap doesn't exist. Update the request and try again."
        raise Problem("EXEG-0013-422", "Invalid namespace", detail)
    return namespace


def _identity_map(body: Xdm) -> dict[str, list[Xdm]]:
    found: Any = body
    for key in ("event", "xdm", "identityMap"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not all(isinstance(items, list) for items in found.values()):
        raise unprocessable("event.xdm.identityMap is required: an object with a list of identities for each namespace")
    if not all(_is_identity(each) for items in found.values() for each in items):
        raise unprocessable('event.xdm.identityMap must hold identities such as {"id": "ada@example.com", "primary": true}')
    return found


def _is_identity(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str) and bool(item["id"])
