"""An ASGI application on a port."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import ConfigurationError

BACKLOG = 2048
KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than proxies keep theirs, so that it is they who close."""


YOUNG = (50_000, 20, 20)
"""Python's collector looks at all that is new each time it has become so many objects more. Of what dozens of look-ups hold
while Adobe is asked, its 700 would let everything grow old, and then look through the whole memory again and again.
"""


def settle() -> None:
    """Once a service has started: what is there by now stays, and isn't looked through for garbage any more.

    That takes a seventh off the time of an uncached card.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG)


class Posts:
    """An ASGI application of a few paths, to which one may post.

    A framework's routes and error pages would take a sixth of the time that a kept card takes.
    """

    def __init__(self, endpoints: Mapping[str, ASGIApp]) -> None:
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over to the path's endpoint; 404 where there is none, 405 for other methods."""
        endpoint = self._endpoints.get(scope["path"])
        if endpoint is None:
            await _refuse(send, 404)
        elif scope["method"] != "POST":
            await _refuse(send, 405, (b"allow", b"POST"))
        else:
            await endpoint(scope, receive, send)


async def _refuse(send: Send, status: int, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), *headers]})
    await send({"type": "http.response.body"})


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise a captured SIGTERM again once it has stopped, before the answers under way have been delivered.
        yield


@asynccontextmanager
async def served(asgi: ASGIApp, host: str, port: int, *, grace: float = 10.0) -> AsyncIterator[str]:
    """Serve `asgi` while this is open, and give its URL. Port 0 takes a free one.

    At the end no new connections are taken, and requests under way have `grace` seconds.

    Raises:
        ConfigurationError: the address can't be listened on.
    """
    listening = _listen(host, port)
    config = uvicorn.Config(
        asgi,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who forwards a request doesn't matter: what is in it is signed
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=round(grace),
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's algorithm off only then; with it every answer takes 40 ms more.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise ConfigurationError((f"HOST and PORT: {host}:{port} can't be listened on ({error.strerror}).",)) from None
    return listening
