"""Outgoing HTTP on real sockets, since its errors are a library's and an operating system's."""

from __future__ import annotations

import asyncio
import ssl
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import httpx
import pytest

from bot.errors import LookupFailed, SourceFailed, Unreachable
from bot.network import Network, create_client, create_session
from bot.profiles.http import FOREIGN, send, translate
from bot.profiles.wire import Answer, read_json
from tests.broken import KINDS, broken_server

IMPATIENT = Network(connect=0.5, read=0.05, keepalive=0)
"""No connection is used twice: the broken server closes each, which a client may notice too late (`tests/test_network.py`)."""
MOST = 100_000
READABLE = {"HTML", "not UTF-8", "cut JSON", "cut gzip", "empty"}
STATUSES = {"redirect": 302, "503": 503}
UNREACHABLE = {"close at once", "reset", "cut head", "hang before head", "hang in body", "short body"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with create_client(IMPATIENT) as client:
        yield client


async def get(client: httpx.AsyncClient, url: str) -> Answer:
    request = client.build_request("GET", f"{url}/customers", params={"who": "ada@example.com"})
    return await send(client, request, most_bytes=MOST)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - READABLE - set(STATUSES)))
async def test_broken_server(client: httpx.AsyncClient, kind: str) -> None:
    """Whatever is broken ends as an error of ours, and the same client then gets a good answer."""
    expected = Unreachable if kind in UNREACHABLE else SourceFailed
    async with broken_server(kind, times=1) as url:
        with pytest.raises(expected) as caught:
            await get(client, url)

        assert (await get(client, url)).body == b"{}"
    assert caught.value.__context__ is None
    assert "ada" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("kind", sorted(READABLE))
async def test_unreadable_body(client: httpx.AsyncClient, kind: str) -> None:
    """A body that is no JSON is HTTP all the same, and fails where it is read."""
    async with broken_server(kind) as url:
        answer = await get(client, url)

    with pytest.raises(SourceFailed) as caught:
        read_json(answer)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
async def test_redirects_are_not_followed(client: httpx.AsyncClient, kind: str, status: int) -> None:
    """A status is the wire layer's business; nobody follows a redirect with a token in hand."""
    async with broken_server(kind) as url:
        assert (await get(client, url)).status == status


async def test_nobody_listens(client: httpx.AsyncClient) -> None:
    """A refused connection is Unreachable."""
    with pytest.raises(Unreachable):
        await get(client, "http://127.0.0.1:1")


@pytest.mark.parametrize("url", ["ftp://example.com", "http://:80", "mailto:ada@example.com"])
async def test_odd_address(client: httpx.AsyncClient, url: str) -> None:
    """An address that isn't one of the web's is Unreachable too."""
    with pytest.raises(Unreachable):
        await send(client, httpx.Request("GET", url), most_bytes=MOST)


async def test_cancellation_passes(client: httpx.AsyncClient) -> None:
    """A deadline isn't mistaken for an error of the network, and the client survives a storm of them."""
    async with broken_server("hang before head") as url:
        patient = httpx.Timeout(60)
        for _ in range(20):
            request = client.build_request("GET", url, timeout=patient)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.005):
                    await send(client, request, most_bytes=MOST)
    async with broken_server("reset", times=0) as url:
        assert (await get(client, url)).status == 200


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

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as client:
        with pytest.raises(LookupFailed):
            await get(client, "http://example.com")
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
    ],
)
def test_translation(error: Exception, expected: type[LookupFailed]) -> None:
    """No answer is Unreachable; an answer that isn't HTTP is SourceFailed without a status."""
    assert type(translate(error)) is expected


async def test_no_cookies() -> None:
    """A cookie of one answer isn't sent with the next request, by either library."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    network = replace(IMPATIENT, keepalive=30)
    async with server, create_client(network, base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
        for _ in range(2):
            await send(client, client.build_request("GET", "/"), most_bytes=MOST)

    assert len(heads) == 2
    assert not any(b"cookie" in head.lower() for head in heads)
    assert all(b"accept-encoding: gzip\r\n" in head.lower() for head in heads)


async def test_proxy() -> None:
    """Every client goes through the proxy of the settings."""
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    network = replace(IMPATIENT, proxy=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server, create_client(network) as client:
        await get(client, "http://platform.example.com")

    assert heads[0].startswith(b"GET http://platform.example.com/customers")


async def test_shared_session() -> None:
    """Two clients may share one session, and with it the connections."""
    async with create_session(IMPATIENT) as session:
        one, other = (create_client(IMPATIENT, session=lambda: session) for _ in range(2))
        async with broken_server("reset", times=0) as url:
            assert [(await get(client, url)).status for client in (one, other)] == [200, 200]
        await one.aclose()
        await other.aclose()
        assert session.closed


async def test_certificates_are_read_at_the_start(tmp_path: Path) -> None:
    """A CA bundle that can't be read stops the start, instead of the first look-up."""
    with pytest.raises(FileNotFoundError):
        create_client(replace(IMPATIENT, ca_bundle=str(tmp_path / "missing.pem")))
