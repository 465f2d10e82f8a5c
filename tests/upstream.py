"""Adobe's side, for tests: the hub's good answers, unless the script says otherwise, and a count of the calls of each kind.

It is an ASGI application, so it can stand behind `httpx.ASGITransport` as well as on a port.
"""

from __future__ import annotations

import asyncio
import atexit
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.hub.api.app import Credentials, create_hub
from bot.hub.database.connection import Database
from bot.hub.ingestion.inlet import Here
from bot.hub.sampling import sample_database

CREDENTIALS = Credentials("key-1", "invented-client-secret", "ORG@AdobeOrg", "prod")
URL = "https://platform.example.com"


@cache
def database() -> Database:
    """The sample, made once for all the tests of this process."""
    folder = Path(mkdtemp(prefix="hub-"))
    atexit.register(rmtree, folder)
    return sample_database(folder, now=datetime.now(UTC))


def hub(database: Database, credentials: Credentials) -> Starlette:
    """The hub over `database`, at the present."""
    inlet = Here(database, lambda: time.time_ns() // 1_000_000)
    return create_hub(database=database, credentials=credentials, clock=lambda: datetime.now(UTC), inlet=inlet)


@dataclass(frozen=True)
class Turn:
    """How a call is answered: after `latency` seconds and once `gate` is set, with `status`, or by the hub if there is none."""

    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    latency: float = 0.0
    gate: asyncio.Event | None = None


class Upstream:
    """`always` holds for every call of a kind (profile, events, audiences, token), `script` for the next ones."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.always: dict[str, Turn] = {}
        self.script: dict[str, deque[Turn]] = defaultdict(deque)
        self.asked = asyncio.Event()
        self._hub = hub(database(), CREDENTIALS)

    def transport(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(app=self, raise_app_exceptions=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = kind_of(scope)
        self.calls[kind] += 1
        if kind == "profile":
            self.asked.set()
        turn = self.script[kind].popleft() if self.script[kind] else self.always.get(kind, Turn())
        if turn.gate:
            await turn.gate.wait()
        await asyncio.sleep(turn.latency)
        if turn.status is None:
            await self._hub(scope, receive, send)
            return
        body = turn.body if isinstance(turn.body, bytes) else orjson.dumps(turn.body)
        await Response(body, turn.status, turn.headers, "application/json")(scope, receive, send)


def kind_of(scope: Scope) -> str:
    path: str = scope["path"]
    query = parse_qs(scope["query_string"].decode())
    if path.endswith("/entities"):
        return "events" if "experienceevent" in query["schema.name"][0] else "profile"
    return {"/ims/token/v3": "token", "/data/core/ups/audiences/bulk-get": "audiences"}.get(path, path)
