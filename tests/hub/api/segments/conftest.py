from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from bot.hub.answers import refused, unrouted
from bot.hub.api import audiences, computed, definitions, jobs
from bot.hub.api.services import HubServices
from bot.hub.errors import Refused
from bot.hub.ims import Credentials
from bot.hub.ingestion.inlet import Here
from tests.hub.segments.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.at(tmp_path / "hub.db") as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The endpoints under test, without the gateway before them."""
    inlet = Here(world.database, lambda: world.milliseconds)
    hub = HubServices(world.database, Credentials("key-1", "s3cret", "ORG@AdobeOrg", "prod"), lambda: world.now, inlet)
    routes = [route for module in (audiences, definitions, jobs, computed) for route in module.routes(hub)]
    app = Starlette(routes=[Mount("/data", routes=routes)], exception_handlers={Refused: refused, HTTPException: unrouted})
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub/data/core") as client:
        yield client
    hub.connection.close()
