"""The embedded real-time customer profile: Adobe's endpoints over a store, for any client of Adobe's API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from bot.hub.answers import refused, unrouted
from bot.hub.audiences import Audiences
from bot.hub.configuration import Configuration
from bot.hub.entities import Entities
from bot.hub.errors import Refused
from bot.hub.gateway import Gateway
from bot.hub.ims import Credentials, TokenEndpoint, Tokens
from bot.hub.store import Store

__all__ = ["Credentials", "create_hub"]


def create_hub(*, store: Store, credentials: Credentials, clock: Callable[[], datetime]) -> Starlette:
    """The hub as an ASGI application. `clock` gives the present as an aware datetime: tokens expire by it."""
    tokens = Tokens(clock)
    entities = Entities(store)
    configuration = Configuration(store, credentials)
    services = [
        Route("/core/ups/access/entities", entities.get),
        Route("/core/ups/config/mergePolicies", configuration.merge_policies),
        Route("/core/ups/config/mergePolicies/{policy_id}", configuration.merge_policy),
        Route("/core/ups/audiences/bulk-get", Audiences(store, credentials).bulk_get, methods=["POST"]),
        Route("/core/idnamespace/identities", configuration.namespaces),
        Route("/foundation/schemaregistry/tenant/unions/_xdm.context.profile__union", configuration.union),
    ]
    return Starlette(
        routes=[
            Route("/ims/token/v3", TokenEndpoint(credentials, tokens).post, methods=["POST"]),
            Mount("/data", routes=services, middleware=[Middleware(Gateway, credentials=credentials, tokens=tokens)]),
        ],
        exception_handlers={Refused: refused, HTTPException: unrouted},
    )
