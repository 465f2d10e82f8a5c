from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from bot.hub.api.app import create_hub
from bot.hub.ingestion.inlet import Here
from tests.hub.api.lookup.stage import ADA, CREDENTIALS, CRM, MILLISECONDS, NOW, PROFILE, Stage, configured, record


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    database = configured(tmp_path / "hub.db")
    return create_hub(database=database, credentials=CREDENTIALS, clock=lambda: NOW, inlet=Here(database, lambda: MILLISECONDS))


def endpoints(app: Starlette) -> list[tuple[str, str]]:
    """Method and path of each, parameters filled in."""
    return [
        (method, mount.path + route.path.replace("{", "").replace("}", ""))
        for mount in app.routes
        if isinstance(mount, Mount)
        for route in mount.routes
        if isinstance(route, Route)
        for method in route.methods or ()
    ]


def test_endpoints(app: Starlette) -> None:
    """Each path and method is served by one module alone, and look-ups come first."""
    found = endpoints(app)

    assert len(found) > 60
    assert [each for each, times in Counter(found).items() if times > 1] == []
    assert found[0][1] == "/data/core/ups/access/entities"


async def test_gateway(app: Starlette) -> None:
    """Without a token nobody gets past the gateways, whatever is asked for."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub") as stranger:
        answers = [await stranger.request(method, path) for method, path in endpoints(app)]

    assert {answer.status_code for answer in answers} <= {401, 403}


@pytest.mark.parametrize("path", ["/", "/data/core/ups/access/entity", "/collections/x"])
async def test_elsewhere(app: Starlette, path: str) -> None:
    """What the hub doesn't serve is a 404, of which JSON tells."""
    papers = {"x-api-key": "key-1", "x-gw-ims-org-id": "ORG@AdobeOrg", "x-sandbox-name": "prod"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub", headers=papers) as client:
        form = {"grant_type": "client_credentials", "client_id": "key-1", "client_secret": "s3cret"}
        token = (await client.post("/ims/token/v3", data=form)).json()["access_token"]
        answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_broken(stage: Stage) -> None:
    """A failure that nobody foresaw is a 500 in Adobe's words, without a word of what failed."""
    stage.take(record(CRM, {}, ADA))
    with closing(stage.database.writer()) as writer:
        writer.execute("DROP TABLE fragment")
    answer = await stage.get(schema=PROFILE, entityId=ADA.xid)

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error", "statusCode": "500"})
    assert (await stage.get(schema=PROFILE, entityId="nobody@example.com", entityIdNS="Email")).status_code == 404
