"""Identity Service: who is linked to whom (Adobe's `identity-service.yaml`).

Somebody unknown has no members. Identities of namespaces that aren't there come back as unprocessed, as do those whose graph is
larger than a profile's may be.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.api.services import HubServices
from bot.hub.api.wording import CLUSTERS, GRAPHS, Said, Unclear, Wording, said_in
from bot.hub.errors import Refused
from bot.hub.model import MOST_IDENTITIES, Person, Xdm

_ALGORITHM = "STITCH_ALL"


def routes(hub: HubServices) -> list[Route]:
    """Those below `/data`."""
    graph = Graph(hub)
    return [
        Route("/core/identity/v2/graph", graph.graphs, methods=["POST"]),
        Route("/core/identity/clusters/members", graph.clusters, methods=["POST"]),
        Route("/core/identity/identity", graph.identity, methods=["GET"]),
    ]


@dataclass(frozen=True)
class Graph:
    """Looks into the graphs of the hub's file."""

    hub: HubServices

    async def graphs(self, request: Request) -> Response:
        """`POST /identity/v2/graph`. Raises `Refused` (400)."""
        try:
            body = _parsed(await request.body())
            name, said = said_in(body, ("xids", "composite_xids"))
            _check_projection(body)
            groups, unprocessed = await self._linked(said, GRAPHS)
        except Unclear as unclear:
            reason = f"Validation error Request id: {errors.request_id()}."
            raise Refused(400, {"reason": reason, "message": f"Graph Request Invalid - {unclear}"}) from None
        return Json({"version": "2.0", "graphs": groups, f"unprocessed_{name}": unprocessed, "algo_type": _ALGORITHM})

    async def clusters(self, request: Request) -> Response:
        """`POST /identity/clusters/members`, which Adobe keeps for older clients. Raises `Refused` (400)."""
        try:
            lists = ("xids", "compositeXids", "compositeXidsWithNamespace")
            _, said = said_in(_parsed(await request.body()), lists)
            groups, unprocessed = await self._linked(said, CLUSTERS)
        except Unclear as unclear:
            raise _invalid(unclear) from None
        return Json({"version": "1.1.0", "clusters": groups, "unprocessedRecords": unprocessed, "algo_type": _ALGORITHM})

    async def identity(self, request: Request) -> Response:
        """`GET /identity/identity`: the XID of a value, whoever has it. Raises `Refused` (400)."""
        try:
            identity = CLUSTERS.identity(dict(request.query_params), self.hub.organisation)
        except Unclear as unclear:
            raise _invalid(unclear) from None
        if identity is None:
            raise _invalid("The provided namespace is invalid. Please provide a valid namespace and id in your request.")
        return Json({"xid": identity.xid})

    async def _linked(self, asked: list[Said], wording: Wording) -> tuple[list[Xdm], list[Said]]:
        """The groups that are known, and what couldn't be processed. Raises Unclear."""
        groups, unprocessed = [], []
        for said in asked:
            group = self._group(said, wording)
            if group is None:
                unprocessed.append(said)
            else:
                groups.append(group)
            await asyncio.sleep(0)  # others' look-ups needn't wait for all of these
        return groups, unprocessed

    def _group(self, said: Said, wording: Wording) -> Xdm | None:
        organisation, reading = self.hub.organisation, self.hub.reading
        person: Person | None
        if isinstance(said, str):
            person = reading.find_xid(said)
        else:
            identity = wording.identity(said, organisation)
            if identity is None:
                return None
            person = reading.find(identity)
        if person is None:
            return wording.group(said, (), organisation)
        if person.size > MOST_IDENTITIES:
            return None
        return wording.group(said, (member.identity for member in person.members), organisation)


def _parsed(raw: bytes) -> Xdm:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Unclear("the body must be a JSON object")
    return body


def _check_projection(body: Xdm) -> None:
    # Which record drew an edge isn't kept, so there are none to show.
    if body.get("projection_type", "set") != "set":
        raise Unclear("projection types available are [set].")


def _invalid(detail: object) -> Refused:
    return Refused(400, {"title": "InvalidInput", "status": 400, "detail": str(detail)})
