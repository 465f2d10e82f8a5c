"""A storm of cancelled calls on few connections leaves nothing behind that would keep the next ones from being answered."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from bot.breaker import Breaker, State
from bot.network import Network, create_client
from bot.profiles.client import AdobeClient
from bot.profiles.http import OverClient
from bot.profiles.ims import Credentials, ImsTokens
from bot.profiles.model import Profile
from bot.profiles.source import AdobeSource
from bot.retries import Retries
from tests.factories import PATIENCE, config
from tests.profiles.invented import ACCOUNT, ADA, ADA_XID, entry, event
from tests.turns import FakeTurn

CALLERS, ROUNDS, CONNECTIONS, QUESTIONS = 40, 100, 10, 20
LATENCY, LONGEST = 0.01, 0.04


class Adobe:
    """Takes up to twice `LATENCY` for an answer, and counts answers."""

    def __init__(self) -> None:
        self.chance = random.Random(1)  # noqa: S311 - the same latencies each time
        self.answered: Counter[str] = Counter()

    async def entities(self, request: web.Request) -> web.Response:
        events = "experienceevent" in request.query["schema.name"]
        await asyncio.sleep(self.chance.uniform(0, 2 * LATENCY))
        self.answered["events" if events else "profile"] += 1
        return web.json_response({"children": [event()]} if events else {ADA_XID: entry()})

    async def token(self, request: web.Request) -> web.Response:
        self.answered["token"] += 1
        return web.json_response({"access_token": "t-1", "expires_in": 3600})


@asynccontextmanager
async def served(adobe: Adobe) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.get("/data/core/ups/access/entities", adobe.entities), web.post("/ims/token/v3", adobe.token)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(clock=now, failures=5, pause=2.0)


@pytest.fixture
async def source(breaker: Breaker) -> AsyncIterator[AdobeSource]:
    network = Network(connect=2, read=5, connections=CONNECTIONS)
    async with served(Adobe()) as url, create_client(network) as http:
        send = OverClient(http)
        ims = Breaker(clock=now, failures=5, pause=2.0)
        tokens = ImsTokens(send, Credentials(url, "client-1", "secret-1"), breaker=ims, clock=now)
        client = AdobeClient(send, url, ACCOUNT, tokens, breaker=breaker, retries=Retries(3, 0.2), most_bytes=100_000)
        yield AdobeSource(client, config, clock=now, patience=PATIENCE)
        await tokens.aclose()


async def test_storm(source: AdobeSource, breaker: Breaker) -> None:
    """40 callers with deadlines on 10 connections, 100 rounds; then 20 plain questions are 20 profiles.

    Nor is Adobe taken for broken, which answers all the while, though too late for most.
    """
    chance = random.Random(1)  # noqa: S311 - the same storm each time
    states: set[State] = set()

    async def call(deadline: float) -> None:
        until = now() + deadline
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await source.fetch(ADA, FakeTurn(until))

    await source.fetch(ADA, FakeTurn())
    for _ in range(ROUNDS):
        await asyncio.gather(*(call(chance.uniform(0, LONGEST)) for _ in range(CALLERS)))
        states.add(breaker.state)
    profiles: list[Profile] = await asyncio.gather(*(source.fetch(ADA, FakeTurn(now() + 8)) for _ in range(QUESTIONS)))

    assert states == {State.CLOSED}
    assert [(profile.xid, profile.missing) for profile in profiles] == [(ADA_XID, ())] * QUESTIONS
