"""An ASGI application on a port: a free one if wanted, an error in a sentence if taken, and a calm end."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from bot.errors import ConfigurationError
from bot.serving import YOUNG, Posts, served, settle


class Greeter:
    """Says hello once `gate` is set; `asked` is set when somebody waits for it."""

    def __init__(self) -> None:
        self.asked, self.gate = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.set()
        await self.gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})


def open_greeter() -> Greeter:
    greeter = Greeter()
    greeter.gate.set()
    return greeter


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_free_port(host: str) -> None:
    """Port 0 takes a free one, on IPv4 as on IPv6, and the URL leads there."""
    try:
        async with served(open_greeter(), host, 0) as url:
            answer = await get(url)
    except ConfigurationError:
        pytest.skip(f"this machine has no {host}")

    assert answer.text == "hello"
    assert "server" not in answer.headers


async def test_taken_port() -> None:
    """A port that is taken is said in a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port} can't be listened on"):
            async with served(open_greeter(), "127.0.0.1", port):
                pass


async def test_end() -> None:
    """A request under way is answered before the end; afterwards nobody listens."""
    greeter = Greeter()
    async with served(greeter, "127.0.0.1", 0) as url:
        asking = asyncio.create_task(get(url))
        await asyncio.wait_for(greeter.asked.wait(), 5)
        asyncio.get_running_loop().call_later(0.05, greeter.gate.set)
    answer = await asking

    assert answer.text == "hello"
    with pytest.raises(httpx.ConnectError):
        await get(url)


async def test_grace() -> None:
    """A request that doesn't come to an end is given up after the grace."""
    greeter = Greeter()
    async with served(greeter, "127.0.0.1", 0, grace=0.4) as url:
        asking = asyncio.create_task(get(url))
        await asyncio.wait_for(greeter.asked.wait(), 5)

    assert (await asking).status_code == 500


async def test_signals() -> None:
    """Signals are left to whoever serves: the server takes none for itself."""
    before = signal.getsignal(signal.SIGTERM)
    async with served(open_greeter(), "127.0.0.1", 0) as url:
        await get(url)
        during = signal.getsignal(signal.SIGTERM)

    assert during == before


async def test_paths() -> None:
    """What is posted to a path reaches its endpoint, and nothing else does."""
    posts = Posts({"/here": open_greeter()})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=posts), base_url="http://service.example") as client:
        answers = [await client.post("/here"), await client.get("/here"), await client.post("/there")]

    assert [answer.status_code for answer in answers] == [200, 405, 404]
    assert [answer.text for answer in answers] == ["hello", "", ""]
    assert answers[1].headers["allow"] == "POST"


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's collector, afterwards as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_settled() -> None:
    """What a started service consists of isn't looked through any more, and what is new is looked through less often."""
    settle()

    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == YOUNG
