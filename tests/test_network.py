"""What this process sends, it sends once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import httpx
import pytest

from bot.breaker import Breaker
from bot.errors import Unreachable
from bot.network import Network, WholeURL, create_client, create_session
from bot.profiles.client import AdobeClient
from bot.profiles.http import Outgoing, OverClient
from bot.profiles.wire import RawProfile
from bot.retries import Retries
from tests.broken import answer
from tests.profiles.invented import ACCOUNT, ADA, ADA_XID
from tests.turns import FakeTurn

NETWORK = Network(connect=0.5, read=0.5)
GOOD = answer(b'{"%s": {"entity": {"x": 1}}}' % ADA_XID.encode())


@dataclass
class Server:
    """Answers one request a connection, keeps it, and closes it without a word when the next one comes.

    To the client the connection looks alive until it has sent that request.
    """

    url: str = ""
    heads: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(GOOD)
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    async with listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server


class Fixed:
    async def token(self, refused: str | None = None) -> str:
        return "t-0"


@asynccontextmanager
async def client_of(server: Server, attempts: int) -> AsyncIterator[AdobeClient]:
    async with create_client(NETWORK) as http:
        send, retries = OverClient(http), Retries(attempts, 0.01)
        breaker = Breaker(clock=asyncio.get_running_loop().time, failures=5, pause=2)
        yield AdobeClient(send, server.url, ACCOUNT, Fixed(), breaker=breaker, retries=retries, most_bytes=100_000)


def request_ids(heads: list[bytes]) -> Iterator[bytes]:
    for head in heads:
        yield from (line for line in head.lower().split(b"\r\n") if line.startswith(b"x-request-id:"))


async def test_sent_once(server: Server) -> None:
    """A request on a kept connection that turns out dead is not sent again by any library."""
    turn = FakeTurn()
    async with client_of(server, attempts=1) as client:
        await client.profile(ADA, (), turn)
        with pytest.raises(Unreachable):
            await client.profile(ADA, (), turn)

    assert (len(server.heads), turn.permits) == (2, 2)


async def test_our_own_retry_mends_it(server: Server) -> None:
    """Our own retry sends it again, with a permit and an id of its own."""
    turn = FakeTurn()
    async with client_of(server, attempts=2) as client:
        profiles: list[RawProfile] = [await client.profile(ADA, (), turn) for _ in range(2)]

    assert [profile.xid for profile in profiles] == [ADA_XID] * 2
    assert len(set(request_ids(server.heads))) == len(server.heads) == turn.permits == 3


async def test_many_at_once() -> None:
    """Those who ask for dozens of customers at once don't wait for each other's connections."""
    many = 200
    under_way = asyncio.Barrier(many)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await under_way.wait()
        writer.write(GOOD)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=many)
    async with listening, create_client(Network(connect=5, read=5)) as http:
        request = Outgoing("GET", f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", {})
        send = OverClient(http)
        answers = await asyncio.gather(*(send(request, most_bytes=1_000) for _ in range(many)))

    assert [each.status for each in answers] == [200] * many


async def test_slack_s_session(server: Server) -> None:
    """Nor is anything sent twice over the session that everything towards Slack shares."""
    async with create_session(NETWORK) as session:
        async with session.get(server.url) as response:
            await response.read()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.get(server.url)

    assert len(server.heads) == 2


def redirected(request: httpx.Request) -> httpx.Response:
    there = request.url.path == "/there"
    return httpx.Response(200 if there else 302, headers={"location": "/there"}, json=request.extensions["timeout"])


async def test_straight_to_the_transport() -> None:
    """A request has the network's patience, its answer is whole, and a redirect is followed only for who asks for that."""
    async with create_client(NETWORK, base_url="http://example.com", transport=httpx.MockTransport(redirected)) as http:
        plain = await http.get("/")
        bare = await http.send(httpx.Request("GET", "http://example.com/"))
        followed = await http.get("/", follow_redirects=True)

    patience = {"connect": 0.5, "read": 0.5, "write": 0.5, "pool": None}
    assert (plain.status_code, plain.json()) == (bare.status_code, bare.json()) == (302, patience)
    assert (followed.status_code, followed.url.path) == (200, "/there")
    assert plain.is_closed
    assert str(plain.request.url) == "http://example.com/"


class Cut(httpx.AsyncByteStream):
    """A body that breaks off."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{"
        raise httpx.ReadError("")


async def test_cut_on_the_straight_way() -> None:
    """An answer whose body breaks off is closed all the same."""
    answers = [httpx.Response(200, stream=Cut())]
    async with create_client(NETWORK, transport=httpx.MockTransport(lambda _request: answers[0])) as http:
        with pytest.raises(httpx.ReadError):
            await http.get("http://example.com/")

    assert answers[0].is_closed


@pytest.mark.parametrize("text", ["http://a.example:81/b%20c?d=e%40f&g=h,i#j", "https://example.com", "http://[::1]/x?y"])
def test_whole_url(text: str) -> None:
    """An address that is kept whole tells the same of itself as one that is taken apart."""
    whole, apart = WholeURL(text), httpx.URL(text)

    assert str(whole) == text
    assert (whole.host, whole.port, whole.raw_path, whole.params) == (apart.host, apart.port, apart.raw_path, apart.params)
    assert whole == apart
    assert whole.join("/z") == apart.join("/z")
