"""The admin address: probes, metrics, forgetting, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from bot.admin import MOST_BYTES, create_admin
from bot.breaker import State
from bot.errors import NotAnIdentity
from bot.forgetting import Forgotten, Reach
from bot.metrics import Metrics
from bot.serving import served
from bot.status import CacheState, SlackState, Snapshot, SourceState, Trouble

SINCE = datetime(2030, 1, 1, tzinfo=UTC)
WELL = Snapshot(
    started=SINCE,
    version="v1",
    draining=False,
    tasks=1,
    source=SourceState(
        refuses=False, breaker=State.OPEN, pace=0.5, wait=0.0, spent=7, budget=None, troubles=(Trouble("throttled", 2, SINCE),)
    ),
    cache=CacheState(entries=3, bytes=4_000, redis=State.OPEN),
    slack=SlackState(transport="http", connected=None, token_rejected=False),
)
RIGHT = {"authorization": "Bearer right"}


class Service:
    """What stands behind the admin address."""

    def __init__(self) -> None:
        self.told = WELL
        self.forgotten: list[str] = []
        self.reach = Reach.ALL
        self.refuse: Exception | None = None

    async def snapshot(self) -> Snapshot:
        return self.told

    async def forget(self, typed: str) -> Forgotten:
        if self.refuse:
            raise self.refuse
        self.forgotten.append(typed)
        return Forgotten(2, self.reach)

    def app(self, patience: float = 1.0) -> Starlette:
        return create_admin(
            snapshot=self.snapshot,
            metrics=Metrics(),
            forget=self.forget,
            accepts=lambda token: token == "right",
            patience=patience,
        )


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=service.app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://admin.example.com") as client:
        yield client


async def test_health(client: httpx.AsyncClient, service: Service) -> None:
    """Health says that the loop turns, whatever else is."""
    service.told = replace(WELL, draining=True)
    answer = await client.get("/health")

    assert (answer.status_code, answer.json()) == (200, {"alive": True})


async def test_ready(client: httpx.AsyncClient) -> None:
    """Ready tells how everything is, and is 200 though the source is down and Redis is gone."""
    answer = await client.get("/ready")

    expected = {
        "started": "2030-01-01T00:00:00+00:00",
        "version": "v1",
        "draining": False,
        "tasks": 1,
        "source": {
            "refuses": False,
            "breaker": "open",
            "pace": 0.5,
            "wait": 0.0,
            "spent": 7,
            "budget": None,
            "troubles": [{"kind": "throttled", "count": 2, "last": "2030-01-01T00:00:00+00:00"}],
        },
        "cache": {"entries": 3, "bytes": 4000, "redis": "open"},
        "slack": {"transport": "http", "connected": None, "token_rejected": False, "troubles": []},
    }

    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": [], "status": expected})
    assert answer.headers["cache-control"] == "no-store"


async def test_not_ready(client: httpx.AsyncClient, service: Service) -> None:
    """What a restart or an admin must mend is 503, with the reasons."""
    service.told = replace(WELL, draining=True, source=replace(WELL.source, refuses=True))
    answer = await client.get("/ready")

    assert (answer.status_code, answer.json()["reasons"]) == (503, ["source_refuses", "draining"])


async def test_probes_by_head(service: Service) -> None:
    """HEAD tells what GET does, without a body."""
    service.told = replace(WELL, draining=True)
    async with served(service.app(), "127.0.0.1", 0) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answers = [await client.head(path) for path in ("/health", "/ready", "/metrics")]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (503, b""), (200, b"")]


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", b"\n"),
        ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8", b"# EOF\n"),
    ],
)
async def test_metrics(client: httpx.AsyncClient, accept: str, content_type: str, end: bytes) -> None:
    """Metrics come in the format that the scraper asks for, with gauges of this moment."""
    answer = await client.get("/metrics", headers={"accept": accept})

    assert answer.headers["content-type"].startswith(content_type)
    assert b"customer_context_cache_entries 3.0" in answer.content
    assert answer.content.endswith(end)


@pytest.mark.parametrize("reach", Reach)
async def test_forget(client: httpx.AsyncClient, service: Service, reach: Reach) -> None:
    """Whoever has the token lets somebody be forgotten, and is told how many copies there were and which replicas know."""
    service.reach = reach
    answer = await client.post("/forget", json={"identity": "crm:C-1"}, headers=RIGHT)

    assert (answer.status_code, answer.json()) == (200, {"copies": 2, "shared": reach.value})
    assert service.forgotten == ["crm:C-1"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "Bearer wrong")],
        [("authorization", "Basic right")],
        [("authorization", "right")],
        [("authorization", "Bearer")],
        [("authorization", "Bearer right"), ("authorization", "Bearer right")],
    ],
)
async def test_without_the_token(client: httpx.AsyncClient, service: Service, headers: list[tuple[str, str]]) -> None:
    """Nobody else does, and the body isn't even looked at."""
    answer = await client.post("/forget", content=b"{", headers=headers)

    assert (answer.status_code, answer.headers["www-authenticate"], answer.content) == (401, "Bearer", b"")
    assert service.forgotten == []


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_the_scheme_in_any_case(client: httpx.AsyncClient, scheme: str) -> None:
    """The scheme's name is read in any case, as HTTP has it."""
    answer = await client.post("/forget", json={"identity": "crm:C-1"}, headers={"authorization": f"{scheme} right"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "unreadable"),
        (b"{", "unreadable"),
        (b"\xff", "unreadable"),
        (b'"ada@example.com"', "no_identity"),
        (b"[]", "no_identity"),
        (b"{}", "no_identity"),
        (b'{"identity": 1}', "no_identity"),
        (b'{"identity": "ada@example.com", "all": true}', "no_identity"),
    ],
)
async def test_odd_bodies(client: httpx.AsyncClient, service: Service, body: bytes, problem: str) -> None:
    """A body that isn't {"identity": "…"} is 400, and nothing of it comes back."""
    answer = await client.post("/forget", content=body, headers=RIGHT)

    assert (answer.status_code, answer.json()) == (400, {"problem": problem})
    assert service.forgotten == []


async def test_what_is_no_identity(client: httpx.AsyncClient, service: Service) -> None:
    """What cannot be understood is 400, with the kind of the error and not a word of what was typed."""
    service.refuse = NotAnIdentity("ada at example")
    answer = await client.post("/forget", json={"identity": "ada at example"}, headers=RIGHT)

    assert (answer.status_code, answer.json()) == (400, {"problem": "not_an_identity"})


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)])
async def test_long_bodies(client: httpx.AsyncClient, more: int, status: int) -> None:
    """A body beyond 4 KB is 413."""
    answer = await client.post("/forget", content=b"x" * (MOST_BYTES + more), headers=RIGHT)

    assert answer.status_code == status


@pytest.mark.looptime
@pytest.mark.parametrize("last", [None, {"type": "http.disconnect"}])
async def test_bodies_that_never_end(service: Service, last: Message | None) -> None:
    """A body that doesn't arrive in time, or whose sender leaves, is 400."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/forget",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer right")],
    }

    async def receive() -> Message:
        if last is None:
            await asyncio.sleep(60)
        return last or {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await service.app(patience=3.0)(scope, receive, send)

    assert sent[0]["status"] == 400
    assert asyncio.get_running_loop().time() <= 3.0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/health/", 404),
        ("GET", "/docs", 404),
        ("POST", "/health", 405),
        ("POST", "/metrics", 405),
        ("DELETE", "/ready", 405),
        ("GET", "/forget", 405),
        ("PUT", "/forget", 405),
    ],
)
async def test_anything_else(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    """Anything else isn't there, and nothing leads elsewhere."""
    answer = await client.request(method, path, headers={"host": "evil.example.com"})

    assert answer.status_code == status
    assert "location" not in answer.headers
    assert b"evil" not in answer.content


async def test_our_own_mistakes(client: httpx.AsyncClient, service: Service) -> None:
    """A mistake of ours is 500, without a word about it."""
    service.refuse = ValueError("ada@example.com")
    answer = await client.post("/forget", json={"identity": "ada@example.com"}, headers=RIGHT)

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
