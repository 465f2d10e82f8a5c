"""Identity Service: who is linked to whom (Adobe's `identity-service.yaml`).

Somebody unknown has no members. Identities of namespaces that aren't there come back as unprocessed, as do those whose graph is
larger than a profile's may be.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.api.incoming import parsed_object
from bot.hub.api.services import HubServices
from bot.hub.api.wording import CLUSTERS, GRAPHS, Said, Wording, said_in
from bot.hub.database.connection import snapshot
from bot.hub.errors import Refused
from bot.hub.model import MOST_IDENTITIES, Xdm

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
            body = await parsed_object(request)
            name, said = said_in(body, ("xids", "composite_xids"))
            _check_projection(body)
            groups, unprocessed = await self._linked(said, GRAPHS)
        except ValueError as unclear:
            reason = f"Validation error Request id: {errors.request_id()}."
            raise Refused(400, {"reason": reason, "message": f"Graph Request Invalid - {unclear}"}) from None
        return Json({"version": "2.0", "graphs": groups, f"unprocessed_{name}": unprocessed, "algo_type": _ALGORITHM})

    async def clusters(self, request: Request) -> Response:
        """`POST /identity/clusters/members`, which Adobe keeps for older clients. Raises `Refused` (400)."""
        try:
            lists = ("xids", "compositeXids", "compositeXidsWithNamespace")
            _, said = said_in(await parsed_object(request), lists)
            groups, unprocessed = await self._linked(said, CLUSTERS)
        except ValueError as unclear:
            raise _invalid(unclear) from None
        return Json({"version": "1.1.0", "clusters": groups, "unprocessedRecords": unprocessed, "algo_type": _ALGORITHM})

    async def identity(self, request: Request) -> Response:
        """`GET /identity/identity`: the XID of a value, whoever has it. Raises `Refused` (400)."""
        try:
            identity = CLUSTERS.identity(dict(request.query_params), self.hub.organisation)
        except ValueError as unclear:
            raise _invalid(unclear) from None
        if identity is None:
            raise _invalid("The provided namespace is invalid. Please provide a valid namespace and id in your request.")
        return Json({"xid": identity.xid})

    async def _linked(self, asked: list[Said], wording: Wording) -> tuple[list[Xdm], list[Said]]:
        """The groups that are known, and what couldn't be processed. Raises ValueError."""
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
        organisation = self.hub.organisation
        with snapshot(self.hub.connection):
            if isinstance(said, str):
                person = self.hub.reading.find_xid(said)
            elif identity := wording.identity(said, organisation):
                person = self.hub.reading.find(identity)
            else:
                return None
        if person and person.size > MOST_IDENTITIES:
            return None
        return wording.group(said, [member.identity for member in person.members] if person else [], organisation)


def _check_projection(body: Xdm) -> None:
    # Which record drew an edge isn't kept, so there are none to show.
    if body.get("projection_type", "set") != "set":
        raise ValueError("projection types available are [set].")


def _invalid(detail: object) -> Refused:
    return Refused(400, {"title": "InvalidInput", "status": 400, "detail": str(detail)})
