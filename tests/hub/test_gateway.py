from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.hub.conftest import CREDENTIALS, ENTITIES, Clock, authorise, profile_of

FORM = {"grant_type": "client_credentials", "client_id": "key-1", "client_secret": "s3cret"}


async def test_token(stranger: httpx.AsyncClient) -> None:
    """Right credentials get a bearer token whose lifetime is in seconds, and each call a new one."""
    first = (await stranger.post("/ims/token/v3", data=FORM)).json()
    second = (await stranger.post("/ims/token/v3", data=FORM)).json()

    assert (first["token_type"], first["expires_in"]) == ("bearer", 86399)
    assert first["access_token"] != second["access_token"]


@pytest.mark.parametrize(
    ("change", "error", "description"),
    [
        ({"client_secret": "wrong"}, "invalid_client", "invalid client_secret parameter"),
        ({"client_secret": "wröng"}, "invalid_client", "invalid client_secret parameter"),
        ({"client_id": "other"}, "invalid_client", "invalid client_id parameter"),
        ({"grant_type": "password"}, "unsupported_grant_type", "unsupported grant_type parameter"),
    ],
)
async def test_no_token(stranger: httpx.AsyncClient, change: dict[str, str], error: str, description: str) -> None:
    """Wrong credentials are a 400 that says which parameter is wrong."""
    answer = await stranger.post("/ims/token/v3", data=FORM | change)

    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("Authorization", None, 403, "403010"),
        ("Authorization", "Bearer", 403, "403010"),
        ("Authorization", "Bearer stale", 401, "401013"),
        ("Authorization", "Basic stale", 401, "401013"),
        ("x-api-key", None, 403, "403000"),
        ("x-api-key", "other", 403, "403003"),
        ("x-gw-ims-org-id", None, 400, "400003"),
        ("x-gw-ims-org-id", "OTHER@AdobeOrg", 403, "403025"),
        ("x-sandbox-name", None, 400, "400003"),
    ],
)
@pytest.mark.parametrize("path", [ENTITIES, "/data/core/idnamespace/identities", "/data/nowhere"])
async def test_headers(hub: httpx.AsyncClient, path: str, header: str, value: str | None, status: int, code: str) -> None:
    """Each of the four headers is checked before any service is reached, with the gateway's own error code."""
    del hub.headers[header]
    answer = await hub.get(path, params=profile_of("ada@example.com"), headers={header: value} if value else {})

    assert answer.status_code == status
    assert answer.json()["error_code"] == code
    assert answer.json()["message"]


async def test_sandbox(hub: httpx.AsyncClient) -> None:
    """Another sandbox isn't provisioned."""
    answer = await hub.get(ENTITIES, params=profile_of("ada@example.com"), headers={"x-sandbox-name": "dev"})

    assert answer.status_code == 403
    assert answer.json() == {"message": "UPS-ACC-1000004: IMS Org is not provisioned.", "statusCode": "403"}


async def test_expiry(hub: httpx.AsyncClient, clock: Clock) -> None:
    """A token is good until it expires, and not a second longer; a new one takes its place."""
    clock.now += timedelta(seconds=86_398)
    good = await hub.get(ENTITIES, params=profile_of("ada@example.com"))
    clock.now += timedelta(seconds=1)
    expired = await hub.get(ENTITIES, params=profile_of("ada@example.com"))
    await authorise(hub)
    renewed = await hub.get(ENTITIES, params=profile_of("ada@example.com"))

    assert [good.status_code, expired.status_code, renewed.status_code] == [200, 401, 200]


async def test_nowhere(hub: httpx.AsyncClient) -> None:
    """A path or method that isn't served is refused as JSON."""
    path, method = await hub.get("/data/nowhere"), await hub.put(ENTITIES)

    assert (path.status_code, path.json()) == (404, {"title": "Not Found", "status": 404})
    assert (method.status_code, method.json()) == (405, {"title": "Method Not Allowed", "status": 405})


def test_secret_stays_secret() -> None:
    """Credentials don't show their secret when they are printed."""
    assert "s3cret" not in repr(CREDENTIALS)
