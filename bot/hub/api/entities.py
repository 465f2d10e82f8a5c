"""`/data/core/ups/access/entities`: profiles and their events, by identity (Adobe's "Entities endpoint")."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.api import bodies, parameters
from bot.hub.api.events import Link, no_events, page
from bot.hub.api.incoming import parsed_object
from bot.hub.api.lookup import Lookup
from bot.hub.api.profiles import nobody, profile
from bot.hub.api.query import Asked, Query, bad
from bot.hub.api.services import HubServices
from bot.hub.database.connection import snapshot
from bot.hub.database.reading import Reading
from bot.hub.errors import Refused
from bot.hub.ingestion.leaving import erase
from bot.hub.model import MergePolicy, Xdm

_NOT_FOUND = 404


def routes(hub: HubServices) -> list[Route]:
    """Those below `/data`."""
    entities = Entities(hub)
    path = "/core/ups/access/entities"
    return [
        Route(path, entities.get, methods=["GET"]),
        Route(path, entities.post, methods=["POST"]),
        Route(path, entities.delete, methods=["DELETE"]),
    ]


@dataclass(frozen=True)
class Entities:
    """Look-ups in the hub's file."""

    hub: HubServices

    async def get(self, request: Request) -> Response:
        """The profile keyed by its XID, or a page of its events. Raises `Refused`: 400, 404, 422."""
        query = parameters.read(request.query_params)
        [asked] = query.asked
        lookup = self._lookup()
        xid, found = self._found(lookup, asked, query, lookup.policy(query.merge_policy), _href(request.query_params))
        return Json(found if query.window else {xid: found})

    async def post(self, request: Request) -> Response:
        """Profiles, or pages of events, keyed by XID. Raises `Refused`: 400, 422 without a merge policy.

        Whom nobody knows has an entry without attributes or events. Where a graph is too large, 207: a list, as Adobe documents
        it, of what failed; what didn't is in that list, too, so that nobody has to ask for it again.
        """
        body = await _body(request)
        query = bodies.read(body)
        lookup = self._lookup()
        policy = lookup.policy(query.merge_policy)
        found: dict[str, Xdm] = {}
        failed: dict[str, Xdm] = {}
        for asked in query.asked:
            xid = lookup.xid(asked)
            try:
                found.setdefault(*self._found(lookup, asked, query, policy, _payload(body, xid)))
            except Refused as refusal:
                if refusal.status == _NOT_FOUND:
                    found.setdefault(xid, no_events(query.window) if query.window else nobody(xid, asked))
                else:
                    failed[xid] = refusal.body
            await asyncio.sleep(0)  # others' look-ups needn't wait for all of these
        return Json(_partly(found, failed), 207) if failed else Json(found)

    async def delete(self, request: Request) -> Response:
        """Delete the person who has this identity, everywhere, reject files included (202). Raises `Refused`: 400, 404."""
        asked = parameters.to_delete(request.query_params)
        await self.hub.change(lambda connection: self._remove(asked, connection))
        await asyncio.to_thread(self.hub.database.sweep)
        return Response(status_code=202)

    def _remove(self, asked: Asked, connection: sqlite3.Connection) -> None:
        person = Lookup(self.hub.organisation, Reading(connection, self.hub.database)).person(asked)
        if person is None:
            raise errors.not_found()
        erase(connection, self.hub.database, person)

    def _lookup(self) -> Lookup:
        return Lookup(self.hub.organisation, self.hub.reading)

    def _found(self, lookup: Lookup, asked: Asked, query: Query, policy: MergePolicy, link: Link) -> tuple[str, Xdm]:
        with snapshot(self.hub.connection):
            view = lookup.view(asked, policy)
            if query.window is None:
                return view.xid, profile(view, asked, query, lookup)
            return view.xid, page(view, asked.after, query.window, query.keep, link, lookup)


async def _body(request: Request) -> Xdm:
    try:
        return await parsed_object(request)
    except ValueError as error:
        bad(str(error))


def _partly(found: dict[str, Xdm], failed: dict[str, Xdm]) -> list[Xdm]:
    failures = [{"xid": xid, "error": error} for xid, error in failed.items()]
    return failures + [{"xid": xid, **entry} for xid, entry in found.items()]


def _href(params: QueryParams) -> Link:
    """Says again everything that was asked; relative to `/data/core/ups/access`."""
    asked = [(name, value) for name, value in params.multi_items() if name not in {"start", "offsets"}]
    # The guide documents `start`; a widely used client (aepp) follows `offsets`.
    return lambda cursor: {"href": "/entities?" + urlencode([("start", cursor), ("offsets", cursor), *asked])}


def _payload(body: Xdm, xid: str) -> Link:
    """What to POST for the next page of one of those who were asked for."""
    return lambda cursor: {
        "href": "/entities",
        "payload": body | {"identities": [{"relatedEntityId": xid, "start": cursor}]},
    }
