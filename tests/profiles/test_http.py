"""Outgoing HTTP on real sockets, since its errors are a library's and an operating system's."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import traceback
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import httpx
import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.errors import LookupFailed, SourceFailed, Unreachable
from bot.network import Network, create_client, create_session
from bot.profiles.http import FOREIGN, Outgoing, OverClient, Send, translate
from bot.profiles.wire import Answer, read_json
from tests.broken import KINDS, broken_server

IMPATIENT = Network(connect=0.5, read=0.05, keepalive=0)
"""No connection is used twice: the broken server closes each, which a client may notice too late (`tests/test_network.py`)."""
MOST = 100_000
PATH = "/customers?who=ada%40example.com"
READABLE = {"HTML", "not UTF-8", "cut JSON", "cut gzip", "empty"}
STATUSES = {"redirect": 302, "503": 503}
UNREACHABLE = {"close at once", "reset", "cut head", "hang before head", "hang in body", "short body"}


@asynccontextmanager
async def sender(network: Network) -> AsyncIterator[Send]:
    async with create_client(network) as client:
        yield OverClient(client)


@pytest.fixture
async def send() -> AsyncIterator[Send]:
    async with sender(IMPATIENT) as send:
        yield send


async def get(send: Send, url: str) -> Answer:
    return await send(Outgoing("GET", f"{url}{PATH}", {"x-one": "1"}), most_bytes=MOST)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - READABLE - set(STATUSES)))
async def test_broken_server(send: Send, kind: str) -> None:
    """Whatever is broken ends as an error of ours, and the same client then gets a good answer."""
    expected = Unreachable if kind in UNREACHABLE else SourceFailed
    async with broken_server(kind, times=1) as url:
        with pytest.raises(expected) as caught:
            await get(send, url)

        assert (await get(send, url)).body == b"{}"
    assert caught.value.__context__ is None
    assert "ada" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("kind", sorted(READABLE))
async def test_unreadable_body(send: Send, kind: str) -> None:
    """A body that is no JSON is HTTP all the same, and fails where it is read."""
    async with broken_server(kind) as url:
        answer = await get(send, url)

    with pytest.raises(SourceFailed) as caught:
        read_json(answer)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
async def test_redirects_are_not_followed(send: Send, kind: str, status: int) -> None:
    """A status is the wire layer's business; nobody follows a redirect with a token in hand."""
    async with broken_server(kind) as url:
        assert (await get(send, url)).status == status


async def test_nobody_listens(send: Send) -> None:
    """A refused connection is Unreachable."""
    with pytest.raises(Unreachable):
        await get(send, "http://127.0.0.1:1")


@pytest.mark.parametrize("url", ["ftp://example.com", "http://:80", "mailto:ada@example.com"])
async def test_odd_address(send: Send, url: str) -> None:
    """An address that isn't one of the web's is Unreachable too."""
    with pytest.raises(Unreachable):
        await send(Outgoing("GET", url, {}), most_bytes=MOST)


async def test_cancellation_passes() -> None:
    """A deadline isn't mistaken for an error of the network, and the session survives a storm of them."""
    async with sender(replace(IMPATIENT, read=60)) as send:
        async with broken_server("hang before head") as url:
            for _ in range(20):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.005):
                        await get(send, url)
        async with broken_server("reset", times=0) as url:
            assert (await get(send, url)).status == 200


_URL = URL("http://127.0.0.1")
_REQUESTED = aiohttp.RequestInfo(_URL, "GET", CIMultiDictProxy(CIMultiDict()), _URL)


def subclasses(*roots: type[Exception]) -> Iterator[type[Exception]]:
    for root in roots:
        yield root
        yield from subclasses(*root.__subclasses__())


@pytest.mark.parametrize("kind", sorted(set(subclasses(httpx.RequestError, aiohttp.ClientError)), key=str))
async def test_every_foreign_error_is_translated(kind: type[Exception]) -> None:
    """No error of httpx or aiohttp gets past the border."""
    error = kind.__new__(kind)

    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(LookupFailed):
        await get(OverClient(httpx.AsyncClient(transport=httpx.MockTransport(fail))), "http://example.com")
    assert isinstance(error, FOREIGN)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ssl.SSLError("ada@example.com"), Unreachable),
        (ssl.SSLCertVerificationError("ada@example.com"), Unreachable),
        (TimeoutError(), Unreachable),
        (ConnectionResetError(), Unreachable),
        (UnicodeDecodeError("utf-8", b"", 0, 1, ""), SourceFailed),
        (ValueError(), SourceFailed),
        (httpx.RemoteProtocolError(""), SourceFailed),
        (aiohttp.ServerDisconnectedError(), Unreachable),
        (aiohttp.ClientPayloadError(), Unreachable),
        (aiohttp.InvalidURL(""), Unreachable),
        (aiohttp.ClientHttpProxyError(_REQUESTED, (), status=407), Unreachable),
        (aiohttp.ClientResponseError(_REQUESTED, ()), SourceFailed),
        (zlib.error(), SourceFailed),
    ],
)
def test_translation(error: Exception, expected: type[LookupFailed]) -> None:
    """No answer is Unreachable; an answer that isn't HTTP is SourceFailed without a status."""
    assert type(translate(error)) is expected


async def test_no_cookies() -> None:
    """A cookie of one answer isn't sent with the next request."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    network = replace(IMPATIENT, keepalive=30)
    async with server, sender(network) as send:
        for _ in range(2):
            await get(send, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert len(heads) == 2
    assert not any(b"cookie" in head.lower() for head in heads)
    assert all(b"accept-encoding: gzip\r\n" in head.lower() for head in heads)


async def test_proxy() -> None:
    """Everything goes through the proxy of the settings."""
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    network = replace(IMPATIENT, proxy=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server, sender(network) as send:
        await get(send, "http://platform.example.com")

    assert heads[0].startswith(b"GET http://platform.example.com/customers")


async def test_shared_session() -> None:
    """Two clients may share one session, and with it the connections."""
    async with create_session(IMPATIENT) as session:
        one, other = (create_client(IMPATIENT, session=lambda: session) for _ in range(2))
        async with broken_server("reset", times=0) as url:
            assert [(await client.get(url)).status_code for client in (one, other)] == [200, 200]
        await one.aclose()
        await other.aclose()
        assert session.closed


async def test_certificates_are_read_at_the_start(tmp_path: Path) -> None:
    """A CA bundle that can't be read stops the start, instead of the first look-up."""
    with pytest.raises(FileNotFoundError):
        create_client(replace(IMPATIENT, ca_bundle=str(tmp_path / "missing.pem")))


async def chunked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve 1,000 letters, gzipped and in pieces."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 429 -\r\nContent-Encoding: GZIP\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n")
    for byte in gzip.compress(b"a" * 1_000):
        writer.write(b"1\r\n%c\r\n" % byte)
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    writer.close()


async def test_pieces(send: Send) -> None:
    """An answer that comes in pieces is whole and decoded, and its headers are found by their names in lower case."""
    server = await asyncio.start_server(chunked, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        answer = await get(send, url)

        with pytest.raises(SourceFailed):
            await send(Outgoing("GET", url, {}), most_bytes=999)
    assert (answer.status, answer.headers.get("retry-after"), answer.body) == (429, "7", b"a" * 1_000)


async def test_what_a_request_tells() -> None:
    """A request may be in an error's text; whom it is about, and its token, are not."""
    assert repr(Outgoing("GET", "http://example.com?ada", {"authorization": "t-0"}, b"ada")) == "Outgoing(method='GET')"


async def test_on_the_wire() -> None:
    """A request tells its host, and how long its body is, or nothing of a body if it has none; each header once."""
    heads: list[list[str]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(sorted(line.lower() for line in head.decode().split("\r\n")[1:] if line))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, sender(Network(connect=1, read=5)) as send:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await send(Outgoing("GET", f"http://{host}/", {"accept": "a/b"}), most_bytes=MOST)
        await send(Outgoing("POST", f"http://{host}/", {"accept": "a/b"}, b"ada"), most_bytes=MOST)

    common = ["accept-encoding: gzip", "accept: a/b", "connection: keep-alive", f"host: {host}"]
    agent = f"user-agent: python-httpx/{httpx.__version__}"
    length = "content-length: 3"
    assert heads[0] == sorted([*common, agent])
    assert [line for line in heads[1] if not line.startswith("content-type")] == sorted([*common, agent, length])


async def test_over_a_transport() -> None:
    """What takes the network's place is sent the same, and its answers are cut off at the same size."""

    def mirror(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=request.headers, content=str(request.url).encode())

    send = OverClient(httpx.AsyncClient(transport=httpx.MockTransport(mirror)))
    answer = await get(send, "http://example.com")

    assert (answer.headers.get("x-one"), answer.body) == ("1", b"http://example.com/customers?who=ada%40example.com")
    with pytest.raises(SourceFailed):
        await send(Outgoing("GET", "http://example.com", {}), most_bytes=5)
