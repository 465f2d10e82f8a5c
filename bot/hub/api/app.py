"""The hub as an ASGI application: Adobe's endpoints over a hub's file, for any client of Adobe's API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bot.hub.answers import Json, refused, unrouted
from bot.hub.api import (
    audiences,
    batches,
    catalogue,
    computed,
    datastreams,
    definitions,
    entities,
    graph,
    jobs,
    namespaces,
    policies,
    registry,
)
from bot.hub.api.edge import edge
from bot.hub.api.edge_problems import Problem, told
from bot.hub.api.services import HubServices
from bot.hub.api.streaming import collection
from bot.hub.database.connection import Database
from bot.hub.errors import Refused
from bot.hub.gateway import Gateway
from bot.hub.ims import Credentials, TokenEndpoint, Tokens
from bot.hub.ingestion.inlet import Inlet

__all__ = ["Credentials", "create_hub"]

_SERVICES = (
    entities,
    policies,
    audiences,
    definitions,
    jobs,
    computed,
    graph,
    namespaces,
    registry,
    catalogue,
    datastreams,
    batches,
)
"""Modules of endpoints below `/data`; look-ups first, since paths are tried in this order."""


def create_hub(*, database: Database, credentials: Credentials, clock: Callable[[], datetime], inlet: Inlet) -> Starlette:
    """The application. `clock` gives the present as an aware datetime: tokens expire by it, and arrivals are stamped with it."""
    hub = HubServices(database, credentials, clock, inlet)
    tokens = Tokens(clock)
    services = [route for module in _SERVICES for route in module.routes(hub)]
    return Starlette(
        routes=[
            Route("/ims/token/v3", TokenEndpoint(credentials, tokens).post, methods=["POST"]),
            Mount("/data", routes=services, middleware=[Middleware(Gateway, credentials=credentials, tokens=tokens)]),
            collection(hub, tokens),
            edge(hub, tokens),
        ],
        exception_handlers={Refused: refused, Problem: told, HTTPException: unrouted, Exception: _broken},
    )


async def _broken(_request: Request, _error: Exception) -> Response:
    """What nobody foresaw, in the words of `ResponseInternalErrorContext` (Adobe's `profile.yaml`); the server logs it, too."""
    return Json({"message": "Internal server error", "statusCode": "500"}, 500)
