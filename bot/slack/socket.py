"""Socket Mode: the same payloads over a WebSocket that we open. (Slack: "Using Socket Mode".)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
import structlog
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.ingress import Dispatch, well_formed
from bot.slack.installation import asked
from bot.tasks import TaskSet

log = structlog.get_logger()


@asynccontextmanager
async def connected(
    dispatch: Dispatch, client: AsyncWebClient, tasks: TaskSet, *, app_token: str, drain: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Slack's envelopes go to `dispatch` while this is open. `tasks` hold what is being answered.

    At the end no new ones are taken, and the connection stays until `drain` says that those under way are answered.

    Raises:
        SlackRefused: Slack did not take the app-level token. (The client itself would try for ever.)
    """
    told = await asked(client.apps_connections_open(app_token=app_token), "apps.connections.open")
    socket = SocketModeClient(app_token=app_token, web_client=client, proxy=client.proxy)
    socket.wss_uri = told["url"]

    async def on_message(_client: AsyncBaseSocketModeClient, message: dict[str, object], _raw: str | None) -> None:
        if isinstance(envelope := message.get("envelope_id"), str):
            tasks.start(answer(socket, envelope, message.get("payload"), dispatch))

    socket.message_listeners.append(on_message)
    await socket.connect()
    try:
        yield
    finally:
        socket.message_listeners.remove(on_message)
        await drain()
        await socket.close()


async def answer(socket: AsyncBaseSocketModeClient, envelope: str, payload: object, dispatch: Dispatch) -> None:
    """Answer one envelope; whatever its payload is, it is acknowledged, since Slack would send it again."""
    received = asyncio.get_running_loop().time()
    response = BoltResponse(status=200)
    if isinstance(payload, dict) and well_formed(payload):
        response = await dispatch(payload, received)
    body = orjson.loads(response.body) if response.body else None
    try:
        await socket.send_socket_mode_response(SocketModeResponse(envelope_id=envelope, payload=body))
    except Exception as error:  # noqa: BLE001 - whatever the connection died of, Slack sends the envelope again
        log.error("ack_not_sent", transport="socket", exception=type(error).__name__)
