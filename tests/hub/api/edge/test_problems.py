from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.hub.api.app import create_hub
from bot.hub.ims import LIFETIME
from bot.hub.ingestion.inlet import Here
from bot.hub.model import Identity, Xdm
from tests.hub.api.edge.stage import DATASTREAM, INTERACT, Edge, event_of
from tests.hub.api.lookup.stage import ADA, CREDENTIALS, MILLISECONDS, NOW, PAPERS, configured

EMAIL = [{"id": ADA.value, "primary": True}]


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and Adobe's code, of an answer that is a whole problem."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body.keys() == {"type", "status", "title", "detail", "report"}
    assert body["status"] == answer.status_code
    assert body["report"]["requestId"]
    return answer.status_code, body["type"].removeprefix("https://ns.adobe.com/aep/errors/")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Authorization": ""}, "EXEG-0500-401"),
        ({"Authorization": "Bearer "}, "EXEG-0500-401"),
        ({"Authorization": "Basic eDp5"}, "EXEG-0500-401"),
        ({"Authorization": "Bearer nobodys"}, "EXEG-0503-401"),
        ({"x-api-key": ""}, "EXEG-0500-401"),
        ({"x-gw-ims-org-id": ""}, "EXEG-0500-401"),
        ({"x-api-key": "key-2"}, "EXEG-0504-401"),
        ({"x-gw-ims-org-id": "OTHER@AdobeOrg"}, "EXEG-0504-401"),
    ],
)
async def test_papers(edge: Edge, headers: dict[str, str], code: str) -> None:
    """Who may ask is checked by the three headers of an authenticated event."""
    edge.client.headers.update(headers)

    assert problem(await edge.interact(event_of(ADA))) == (401, code)


async def test_expired(tmp_path: Path) -> None:
    """A token that has expired is EXEG-0503-401; a new one is let in."""
    database, now = configured(tmp_path / "hub.db"), [NOW]

    def clock() -> datetime:
        return now[0]

    app = create_hub(database=database, credentials=CREDENTIALS, clock=clock, inlet=Here(database, lambda: MILLISECONDS))
    form = {"grant_type": "client_credentials", "client_id": "key-1", "client_secret": "s3cret"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub", headers=PAPERS) as client:
        token = (await client.post("/ims/token/v3", data=form)).json()["access_token"]
        now[0] += LIFETIME + timedelta(seconds=1)
        late = await client.post(INTERACT, headers={"Authorization": f"Bearer {token}"})
        token = (await client.post("/ims/token/v3", data=form)).json()["access_token"]
        again = await client.post(INTERACT, headers={"Authorization": f"Bearer {token}"})
    database.close()

    assert problem(late) == (401, "EXEG-0503-401")
    assert problem(again) == (400, "EXEG-0003-400")


async def test_no_sandbox(edge: Edge) -> None:
    """The sandbox isn't asked for: it is the datastream's."""
    del edge.client.headers["x-sandbox-name"]

    assert (await edge.interact(event_of(ADA))).status_code == 200


@pytest.mark.parametrize("params", [{}, {"dataStreamId": ""}, {"dataStreamId": "stream-2"}, {"datastreamId": "stream-2"}])
async def test_unknown_datastream(edge: Edge, params: dict[str, str]) -> None:
    """A datastream that isn't there, or isn't named, is EXEG-0003-400."""
    answer = await edge.client.post(INTERACT, params=params, json=event_of(ADA))

    assert problem(answer) == (400, "EXEG-0003-400")


async def test_unknown_namespace(edge: Edge) -> None:
    """A namespace that isn't there is EXEG-0013-422, which tells the namespace and no value; so is one beside a good one."""
    alone = await edge.interact(event_of(Identity("Emial", ADA.value)))
    beside = await edge.interact({"event": {"xdm": {"identityMap": {"Email": EMAIL, "Emial": [{"id": "x"}]}}}})

    assert problem(alone) == problem(beside) == (422, "EXEG-0013-422")
    assert "Emial" in alone.json()["detail"]
    assert ADA.value not in alone.text


@pytest.mark.parametrize(
    "identity_map", [{}, {"Email": []}, {"Email": [{"id": "x"}]}, {"Email": [{"id": "x", "primary": False}]}]
)
async def test_no_primary(edge: Edge, identity_map: Xdm) -> None:
    """An event without a primary identity is EXEG-0306-400."""
    answer = await edge.interact({"event": {"xdm": {"identityMap": identity_map}}})

    assert problem(answer) == (400, "EXEG-0306-400")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"{", "the body isn't JSON"),
        (b"[]", "the body must be a JSON object"),
        (b"{}", "event.xdm.identityMap is required"),
        (b'{"event": {"xdm": []}}', "event.xdm.identityMap is required"),
        (b'{"event": {"xdm": {"identityMap": {"Email": {}}}}}', "event.xdm.identityMap is required"),
        (b'{"event": {"xdm": {"identityMap": {"Email": ["x"]}}}}', "event.xdm.identityMap must hold identities"),
        (b'{"event": {"xdm": {"identityMap": {"Email": [{"id": 1}]}}}}', "event.xdm.identityMap must hold identities"),
        (b'{"event": {"xdm": {"identityMap": {"Email": [{"id": ""}]}}}}', "event.xdm.identityMap must hold identities"),
        (
            b'{"event": {"xdm": {"identityMap": {"Email": [{"id": "x", "primary": true}, {"id": "y", "primary": true}]}}}}',
            "event.xdm.identityMap must have one primary identity",
        ),
    ],
)
async def test_body(edge: Edge, body: bytes, wrong: str) -> None:
    """A body that can't be understood is EXEG-0104-422, whose report says what is wrong and what would be right."""
    answer = await edge.client.post(INTERACT, params={"dataStreamId": DATASTREAM}, content=body)
    errors: list[Any] = answer.json()["report"]["errors"]

    assert problem(answer) == (422, "EXEG-0104-422")
    assert [each for each in errors if each.startswith(wrong)] == errors != []


async def test_report(edge: Edge) -> None:
    """A report says which call it is about: its id, which datastream, whose."""
    answer = await edge.interact({}, requestId="r1")
    report = answer.json()["report"]

    assert report.pop("requestId").startswith("r1-")
    assert report.keys() == {"configId", "orgId", "errors"}
    assert (report["configId"], report["orgId"]) == (DATASTREAM, "ORG@AdobeOrg")


async def test_other_ways(edge: Edge) -> None:
    """What the edge doesn't serve is a 404, a method that it doesn't know a 405."""
    answers = [await edge.client.post("/ee/v1/interact"), await edge.client.get(INTERACT)]

    assert [answer.status_code for answer in answers] == [404, 405]
