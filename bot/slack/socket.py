"""Socket Mode: the same payloads over a WebSocket that we open. (Slack: "Using Socket Mode".)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import structlog
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.ingress import Dispatch, well_formed
from bot.tasks import TaskSet

log = structlog.get_logger()


@asynccontextmanager
async def connected(dispatch: Dispatch, client: AsyncWebClient, tasks: TaskSet, *, app_token: str) -> AsyncIterator[None]:
    """Slack's envelopes go to `dispatch` while this is open. `tasks` hold what is being answered."""
    socket = SocketModeClient(app_token=app_token, web_client=client, proxy=client.proxy)

    async def on_envelope(_client: AsyncBaseSocketModeClient, envelope: SocketModeRequest) -> None:
        tasks.start(answer(socket, envelope, dispatch))

    socket.socket_mode_request_listeners.append(on_envelope)
    await socket.connect()
    try:
        yield
    finally:
        await socket.close()


async def answer(socket: AsyncBaseSocketModeClient, envelope: SocketModeRequest, dispatch: Dispatch) -> None:
    """Answer one envelope; whatever its payload is, it is acknowledged, since Slack would send it again."""
    received = asyncio.get_running_loop().time()
    response = BoltResponse(status=200)
    if well_formed(envelope.payload):
        response = await dispatch(envelope.payload, received)
    body = orjson.loads(response.body) if response.body else None
    try:
        await socket.send_socket_mode_response(SocketModeResponse(envelope_id=envelope.envelope_id, payload=body))
    except Exception as error:  # noqa: BLE001 - whatever the connection died of, Slack sends the envelope again
        log.error("ack_not_sent", transport="socket", exception=type(error).__name__)
