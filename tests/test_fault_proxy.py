"""The fault proxy of `make chaos`: each weather is what it says, for open connections and for new ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest

from tests.chaos.proxy import FAIR, HOST, FaultProxy, Weather, fault_proxy

PATIENCE = 5.0
SHORT = 0.05

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    """A proxy before a server that says every piece again."""
    async with echoing() as target, fault_proxy(target) as proxy:
        yield proxy


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[str, int]]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while piece := await reader.read(65_536):
                writer.write(piece)

    server = await asyncio.start_server(echo, HOST, 0)
    async with server:
        yield HOST, server.sockets[0].getsockname()[1]


@asynccontextmanager
async def connected(proxy: FaultProxy) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said_again(streams: Streams, words: bytes = b"hello") -> bytes:
    """What comes back until as much has come as was sent, or the connection ends."""
    reader, writer = streams
    writer.write(words)
    async with asyncio.timeout(PATIENCE):
        try:
            return await reader.readexactly(len(words))
        except asyncio.IncompleteReadError as ended:
            return ended.partial


async def test_fair_weather_changes_nothing(proxy: FaultProxy) -> None:
    """In fair weather what is sent comes back, in pieces of any size."""
    async with connected(proxy) as streams:
        assert await said_again(streams) == b"hello"

        large = bytes(300_000)

        assert large == await said_again(streams, large)


async def test_the_end_is_passed_on(proxy: FaultProxy) -> None:
    """When one side has said all, the other is told, and the rest still arrives."""
    async with connected(proxy) as (reader, writer):
        writer.write(b"bye")
        writer.write_eof()

        assert await reader.read() == b"bye"


async def test_latency_is_added_each_way(proxy: FaultProxy) -> None:
    """Latency is felt twice by whoever waits for an answer."""
    loop = asyncio.get_running_loop()
    await proxy.turn(Weather(latency=SHORT))
    async with connected(proxy) as streams:
        began = loop.time()
        await said_again(streams)

        assert loop.time() - began >= 2 * SHORT * 0.9


async def test_bandwidth_is_a_limit_on_what_comes_back(proxy: FaultProxy) -> None:
    """With 1,000 bytes a second, 300 bytes take about 0.3 s."""
    loop = asyncio.get_running_loop()
    await proxy.turn(Weather(bandwidth=1_000))
    async with connected(proxy) as streams:
        began = loop.time()
        await said_again(streams, bytes(300))

        assert loop.time() - began >= 0.2


async def test_an_answer_is_cut_to_the_byte(proxy: FaultProxy) -> None:
    """The connection ends after so many bytes, without an error."""
    await proxy.turn(Weather(cut_after=3))
    async with connected(proxy) as streams:
        assert await said_again(streams) == b"hel"


async def test_bytes_are_counted_since_the_weather_turned(proxy: FaultProxy) -> None:
    """What passed in fair weather does not count."""
    async with connected(proxy) as streams:
        await said_again(streams)
        await proxy.turn(Weather(cut_after=3))

        assert await said_again(streams) == b"hel"


async def test_noise_comes_in_place_of_an_answer(proxy: FaultProxy) -> None:
    """Noise is all that is heard, and then the connection ends."""
    await proxy.turn(Weather(noise=b"\x00\xff"))
    async with connected(proxy) as (reader, writer):
        writer.write(b"hello")

        assert await reader.read() == b"\x00\xff"


async def test_frozen_bytes_arrive_after_the_thaw(proxy: FaultProxy) -> None:
    """A frozen network loses nothing."""
    async with connected(proxy) as streams:
        await said_again(streams)
        await proxy.turn(Weather(frozen=True))
        waiting = asyncio.create_task(said_again(streams))
        done, _ = await asyncio.wait({waiting}, timeout=SHORT)

        assert not done

        await proxy.turn(FAIR)

        assert await waiting == b"hello"


@pytest.mark.parametrize("weather", [Weather(reset=True), Weather(refused=True)], ids=["reset", "refused"])
async def test_open_connections_are_reset(proxy: FaultProxy, weather: Weather) -> None:
    """An open connection ends with RST, which is an error and no end of file."""
    async with connected(proxy) as streams:
        await said_again(streams)
        await proxy.turn(weather)

        with pytest.raises(ConnectionResetError):
            await streams[0].read()


async def test_new_connections_are_reset_at_their_first_byte(proxy: FaultProxy) -> None:
    """Connecting works, asking doesn't."""
    await proxy.turn(Weather(reset=True))
    async with connected(proxy) as (reader, writer):
        writer.write(b"hello")

        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_nobody_listens_where_connections_are_refused(proxy: FaultProxy) -> None:
    """A refused connection is none; afterwards the port is the same."""
    port = proxy.port
    await proxy.turn(Weather(refused=True))
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, port)
    await proxy.turn(FAIR)
    async with connected(proxy) as streams:
        assert (port, b"hello") == (proxy.port, await said_again(streams))


async def test_a_target_that_is_not_there_is_a_reset() -> None:
    """If nobody listens behind the proxy, whoever asks is reset."""
    async with echoing() as target:
        pass
    async with fault_proxy(target) as proxy, connected(proxy) as (reader, writer):
        writer.write(b"hello")

        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_the_target_may_move(proxy: FaultProxy) -> None:
    """New connections lead to where the target is now."""
    async with echoing() as elsewhere:
        proxy.target = elsewhere
        async with connected(proxy) as streams:
            assert await said_again(streams) == b"hello"
