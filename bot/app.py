"""The composition root: settings → a running service. Every dependency is made here or in `bot.core`, and handed over."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import aiohttp
import httpx
import structlog
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.types import ASGIApp

from bot.admin import create_admin
from bot.core import Clock, Config, open_core
from bot.errors import SlackRefused
from bot.memory import BoundedMemory
from bot.metrics import Metrics
from bot.network import create_client, create_session
from bot.seal import Seal
from bot.serving import Posts
from bot.settings import Settings, secret
from bot.slack.directory import TOKEN_PROBLEMS, Directory
from bot.slack.doors import Doors
from bot.slack.ingress import Dispatch, Ingress
from bot.slack.installation import Installation
from bot.slack.respond import Forms, Responder
from bot.slack.routes import create_dispatch
from bot.slack.socket import connected
from bot.status import Status
from bot.tasks import TaskSet
from bot.telling import Telling
from bot.tracing import Trace, untraced
from bot.upstream import network_of

log = structlog.get_logger()

MOST_MEMBERS = 20_000
DRAIN_MARGIN = 2.0


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: `asgi` is what Slack calls, `admin` what its admins do, `dispatch` the way in behind both transports."""

    asgi: ASGIApp
    admin: Starlette
    dispatch: Dispatch
    tasks: TaskSet
    status: Status
    drain_for: float

    async def drain(self) -> None:
        """Take no new questions, and deliver the answers under way. What can't be delivered in time is lost, which is logged."""
        self.status.drain()
        if lost := await self.tasks.drain(self.drain_for):
            log.error("answers_lost", count=lost)


@asynccontextmanager
async def open_service(
    settings: Settings,
    config: Config,
    *,
    adobe: httpx.AsyncBaseTransport | None = None,
    clock: Clock = time.time,
    trace: Trace = untraced,
) -> AsyncIterator[Service]:
    """The service, for as long as this is open. At the end the answers under way are delivered, then clients close.

    `adobe` takes the place of the network towards Adobe; `clock` gives seconds since the epoch; `trace` records spans.

    Raises:
        SlackRefused: Slack did not take a token.
    """
    telling = Telling(Status(clock=clock), Metrics(), trace)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(create_session(network_of(settings)))
        web = web_client(settings, session, token=secret(settings.slack_bot_token))
        installation = await Installation.learn(web)
        respond_http = create_client(network_of(settings), session=lambda: session)
        tasks, seal, forms, linked = TaskSet(), Seal(settings.keys), Forms(), asyncio.Event()
        core = await stack.enter_async_context(
            open_core(
                settings,
                config,
                seal=seal,
                home=installation.home,
                tasks=tasks,
                telling=telling,
                connected=linked.is_set if settings.slack_app_token else lambda: None,
                adobe=adobe,
                clock=clock,
            )
        )
        doors = Doors(
            home=installation.home,
            answering=core.answering,
            responder=Responder(
                respond_http,
                forms,
                api_url=settings.slack_api_url,
                timeout=settings.respond_timeout,
                observe=telling.posted,
                trace=trace,
            ),
            forms=forms,
            directory=Directory(
                web,
                BoundedMemory(most=MOST_MEMBERS),
                tasks,
                default=settings.default_reader,
                patience=settings.locale_patience,
                rejected=telling.status.token_rejected,
            ),
            tasks=tasks,
            ack_budget=settings.ack_budget,
        )

        async def uninstalled() -> None:
            """An app may be installed in several workspaces, and tidings may be late: Slack itself says whether it is ours."""
            try:
                await Installation.learn(web)
            except SlackRefused as refused:
                if refused.problem in TOKEN_PROBLEMS:
                    telling.status.token_rejected()
                await core.forget_everything()

        dispatch = create_dispatch(
            doors,
            client=web_client(settings, session, token=None),
            installation=installation,
            seal=seal,
            default_reader=settings.default_reader,
            stopping=lambda: telling.status.draining,
            uninstalled=uninstalled,
        )
        service = Service(
            _asgi(settings, dispatch, telling, clock),
            create_admin(snapshot=core.snapshot, metrics=telling.metrics, forget=core.forget, accepts=seal.accepts_bearer),
            dispatch,
            tasks,
            telling.status,
            settings.deadline + DRAIN_MARGIN,
        )
        # Last in, first out: answers under way are delivered while everything they need is still open.
        if settings.slack_app_token:
            app_token = secret(settings.slack_app_token)
            await stack.enter_async_context(
                connected(
                    dispatch,
                    web,
                    tasks,
                    linked,
                    app_token=app_token,
                    drain=service.drain,
                    post=doors.responder.post,
                    observe=partial(telling.metrics.acked, "socket"),
                )
            )
        else:
            stack.push_async_callback(service.drain)
        yield service


def web_client(settings: Settings, session: aiohttp.ClientSession, *, token: str | None) -> AsyncWebClient:
    """Slack's Web API over `session`, which everything sent to Slack shares.

    Socket Mode's WebSocket has a session of its own, and takes proxy and certificates from here.
    """
    client = AsyncWebClient(
        token=token,
        base_url=settings.slack_api_url,
        session=session,
        ssl=ssl.create_default_context(cafile=settings.ca_bundle) if settings.ca_bundle else None,
        retry_handlers=[AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler(), AsyncServerErrorRetryHandler()],
    )
    # Afterwards: the constructor would put the environment's in the place of None. (So do Bolt's copies, which call nobody.)
    client.proxy = settings.https_proxy
    return client


def _asgi(settings: Settings, dispatch: Dispatch, telling: Telling, clock: Clock) -> ASGIApp:
    if not settings.serves_http:
        return Posts({})
    ingress = Ingress(
        dispatch,
        signing_secret=secret(settings.slack_signing_secret),
        clock=clock,
        observe=partial(telling.metrics.acked, "http"),
    )
    return Posts({"/slack/events": ingress})
