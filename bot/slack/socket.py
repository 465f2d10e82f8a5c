"""Socket Mode: the same payloads over a WebSocket that we open. (Slack: "Using Socket Mode".)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import orjson
import structlog
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackRefused
from bot.slack.ingress import Dispatch, well_formed
from bot.slack.installation import asked
from bot.tasks import TaskSet
from bot.telemetry import unobserved

log = structlog.get_logger()

TRIES = 4
"""To connect at start."""

HANDSHAKE = 10.0
LONGEST_PAUSE = 30.0
CHANGE_OVER = 1.0
"""Seconds that an ack waits for a new connection: with the ack's own budget that stays below Slack's three."""

Post = Callable[[str, str], Awaitable[bool]]
"""A response_url and a finished message → whether it was delivered."""


class Acks(Protocol):
    """Where acknowledgements go; see slack_sdk's `SocketModeClient`."""

    async def send_socket_mode_response(self, response: SocketModeResponse, /) -> None:
        """Send one."""
        ...


@asynccontextmanager
async def connected(
    dispatch: Dispatch,
    client: AsyncWebClient,
    tasks: TaskSet,
    linked: asyncio.Event,
    *,
    app_token: str,
    drain: Callable[[], Awaitable[None]],
    post: Post,
    observe: Callable[[float], None] = unobserved,
    pause: float = 0.5,
) -> AsyncIterator[None]:
    """Slack's envelopes go to `dispatch` while this is open.

    At the end envelopes are answered until `drain` says that none is under way; what comes then is for other connections.

    Args:
        dispatch: answers payloads.
        client: of Slack's Web API.
        tasks: hold what is being answered.
        linked: set while there is a connection.
        app_token: xapp-…
        drain: waits for what is under way.
        post: sends what no acknowledgement could carry.
        observe: told of each acknowledgement, how many seconds after the envelope came.
        pause: seconds after the first try to connect; doubles with each.

    Raises:
        SlackRefused: Slack did not take the app-level token, or can't be connected to. (The client itself would try for ever.)
    """
    socket = Client(app_token, client, linked, pause=pause)

    async def on_message(_client: AsyncBaseSocketModeClient, message: dict[str, object], _raw: str | None) -> None:
        if isinstance(envelope := message.get("envelope_id"), str):
            tasks.start(answer(socket, envelope, message.get("payload"), dispatch, post, observe))

    socket.message_listeners.append(on_message)
    try:
        await socket.connect_first()
        try:
            yield
        finally:
            await drain()
    finally:
        await socket.close()  # type: ignore[no-untyped-call]  # slack_sdk's, without annotations


class Client(SocketModeClient):
    """slack_sdk's client, which would try one address for ever: here each try has its own, since Slack's are good for once."""

    def __init__(self, app_token: str, client: AsyncWebClient, linked: asyncio.Event, *, pause: float) -> None:
        super().__init__(app_token=app_token, web_client=client)
        self.proxy = client.proxy  # the constructor takes what the environment says
        self._pause = pause
        self._linked = linked

    async def connect_first(self) -> None:
        """Connect, with a few tries.

        Raises:
            SlackRefused: Slack said no, or all tries failed.
        """
        for count in range(1, TRIES + 1):
            told = await asked(self.web_client.apps_connections_open(app_token=self.app_token), "apps.connections.open")
            self.wss_uri = told["url"]
            try:
                return await self._connect_once()
            except Exception as error:  # noqa: BLE001 - aiohttp lets out more than its own errors; the URL in the text is a secret
                kind = type(error).__name__
            log.warning("socket_not_connected", exception=kind, count=count)
            if count < TRIES:
                await asyncio.sleep(self._wait(count))
        raise SlackRefused(f"nothing ({kind})", "WebSocket", answered=False)

    async def connect(self) -> None:
        """Connect again, for as long as it takes. (slack_sdk calls this, with a fresh address in `wss_uri`.)"""
        count = 0
        while not self.closed:
            try:
                await self._connect_once()
                break
            except Exception as error:  # noqa: BLE001 - as above, and refusals, which may have been a moment's
                count += 1
                log.warning("socket_not_connected", exception=type(error).__name__, count=count)
            await asyncio.sleep(self._wait(count))

    async def send_message(self, message: str) -> None:
        """Send over this connection, or over the next one if it comes at once.

        Raises:
            ConnectionError, TimeoutError: it doesn't. (slack_sdk would wait for as long as the reconnection takes.)
        """
        try:
            await self._send(message)
        except ConnectionError:
            async with asyncio.timeout(CHANGE_OVER):
                await self._linked.wait()
            await self._send(message)

    async def _send(self, message: str) -> None:
        if self.current_session is None:
            raise ConnectionError
        await self.current_session.send_str(message)

    def _wait(self, count: int) -> float:
        return float(min(LONGEST_PAUSE, self._pause * 2 ** min(count - 1, 10)))

    async def _connect_once(self) -> None:
        self._linked.clear()
        url, self.wss_uri = self.wss_uri or await self.issue_new_wss_url(), None
        # The client's own checks would reconnect at the same time.
        self.auto_reconnect_enabled = False
        if self.current_session is not None:
            with suppress(Exception):  # it is broken, which is why there is to be another
                await self.current_session.close()
        async with asyncio.timeout(HANDSHAKE):
            self.current_session = await self.aiohttp_client_session.ws_connect(
                url, autoping=False, heartbeat=self.ping_interval, proxy=self.proxy, ssl=self.web_client.ssl or True
            )
        self.auto_reconnect_enabled = self.default_auto_reconnect_enabled
        self.stale, self.last_ping_pong_time = False, None
        for old in (self.current_session_monitor, self.message_receiver):
            if old is not None:
                old.cancel()
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        self.message_receiver = asyncio.ensure_future(self.receive_messages())
        self._linked.set()


async def answer(
    socket: Acks,
    envelope: str,
    payload: object,
    dispatch: Dispatch,
    post: Post,
    observe: Callable[[float], None] = unobserved,
) -> None:
    """Answer one envelope; whatever its payload is, it is acknowledged, since Slack would send an event again.

    A command is not sent again: if its ack can't be sent, what was in it goes to the response_url through `post`.
    """
    received = asyncio.get_running_loop().time()
    response = BoltResponse(status=200)
    if isinstance(payload, dict) and well_formed(payload):
        response = await dispatch(payload, received)
    body = orjson.loads(response.body) if response.body else None
    try:
        await socket.send_socket_mode_response(SocketModeResponse(envelope_id=envelope, payload=body))
    except Exception as error:  # noqa: BLE001 - whatever the connection died of
        log.error("ack_not_sent", transport="socket", exception=type(error).__name__)
        if body and isinstance(payload, dict) and "command" in payload:
            await post(payload["response_url"], response.body)
    else:
        observe(asyncio.get_running_loop().time() - received)
