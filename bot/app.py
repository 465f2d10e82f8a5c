"""The composition root: settings → a running service. Every dependency is made here, and handed over as an argument."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
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
from starlette.routing import Route

from bot import verdict
from bot.access import Home
from bot.answering import Answering
from bot.config import CustomerConfig
from bot.memory import BoundedMemory
from bot.network import create_client, create_session
from bot.present import Source
from bot.profiles.cache import Entry, Lifetimes, ProfileCache
from bot.profiles.lookup import Lookup
from bot.profiles.model import Profile
from bot.profiles.source import AdobeSource, Patience
from bot.profiles.wire import Account
from bot.question import Identity
from bot.seal import Seal
from bot.settings import Settings, secret
from bot.slack.directory import Directory
from bot.slack.doors import Doors
from bot.slack.ingress import Dispatch, Ingress
from bot.slack.installation import Installation
from bot.slack.respond import Forms, Responder, finished
from bot.slack.routes import create_dispatch
from bot.slack.socket import connected
from bot.tasks import TaskSet
from bot.upstream import network_of, open_adobe, upstream_of

log = structlog.get_logger()

MOST_MEMBERS = 20_000
DRAIN_MARGIN = 2.0

Config = Callable[[], CustomerConfig]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: `asgi` is what Slack calls, `dispatch` the way in behind both transports."""

    asgi: Starlette
    dispatch: Dispatch
    tasks: TaskSet


@asynccontextmanager
async def open_service(
    settings: Settings, config: Config, *, adobe: httpx.AsyncBaseTransport | None = None, clock: Clock = time.time
) -> AsyncIterator[Service]:
    """The service, for as long as this is open. At the end the answers under way are delivered, then clients close.

    `adobe` takes the place of the network towards Adobe; `clock` gives seconds since the epoch.

    Raises:
        SlackRefused: Slack did not take a token.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(create_session(network_of(settings)))
        web = web_client(settings, session, token=secret(settings.slack_bot_token))
        installation = await Installation.learn(web)
        respond_http = create_client(network_of(settings), session=lambda: session)
        tasks = TaskSet()
        seal = Seal(settings.keys)
        answering = await stack.enter_async_context(
            open_answering(settings, config, seal=seal, home=installation.home, tasks=tasks, adobe=adobe, clock=clock)
        )
        forms = Forms()
        doors = Doors(
            home=installation.home,
            answering=answering,
            responder=Responder(respond_http, forms, api_url=settings.slack_api_url, timeout=settings.respond_timeout),
            forms=forms,
            directory=Directory(
                web,
                BoundedMemory(most=MOST_MEMBERS),
                tasks,
                default=settings.default_reader,
                patience=settings.locale_patience,
            ),
            tasks=tasks,
            ack_budget=settings.ack_budget,
        )
        dispatch = create_dispatch(
            doors,
            client=web_client(settings, session, token=None),
            installation=installation,
            seal=seal,
            default_reader=settings.default_reader,
        )
        # Last in, first out: answers under way are delivered while everything they need is still open.
        drain = partial(_drain, tasks, settings.deadline + DRAIN_MARGIN)
        if settings.slack_app_token:
            app_token = secret(settings.slack_app_token)
            await stack.enter_async_context(
                connected(dispatch, web, tasks, app_token=app_token, drain=drain, post=doors.responder.post)
            )
        else:
            stack.push_async_callback(drain)
        yield Service(_asgi(settings, dispatch, clock), dispatch, tasks)


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


@asynccontextmanager
async def open_answering(
    settings: Settings,
    config: Config,
    *,
    seal: Seal,
    home: Home,
    tasks: TaskSet,
    adobe: httpx.AsyncBaseTransport | None = None,
    clock: Clock = time.time,
) -> AsyncIterator[Answering]:
    """The use case over cache, look-up and source: everything behind the doors."""
    async with open_adobe(settings, adobe=adobe) as client:
        account = upstream_of(settings).account
        cache = ProfileCache(
            BoundedMemory(most=settings.cache_bytes, weigh=_entry_size),
            lifetimes=Lifetimes(settings.fresh, settings.stale, settings.kept, settings.not_found_kept),
            clock=clock,
        )
        patience = Patience(events_limit=settings.events_limit, events_grace=settings.events_grace)
        lookup = Lookup(
            AdobeSource(client, config, clock=time.monotonic, patience=patience),
            cache,
            tasks,
            key_of=lambda identity: _cache_key(seal, account, identity, config()),
            clock=clock,
            deadline=settings.deadline,
            linger=settings.failure_shared,
            valid_until=lambda profile, after: _valid_until(profile, config(), after),
        )
        yield Answering(
            lookup,
            config=config,
            home=home,
            seal=seal,
            render=finished,
            reweigh=cache.reweigh,
            clock=clock,
            source=Source(account.sandbox, account.merge_policy, sample=settings.uses_hub),
            deadline=settings.deadline,
            consents_for=settings.consents_known,
        )


def _asgi(settings: Settings, dispatch: Dispatch, clock: Clock) -> Starlette:
    if not settings.serves_http:
        return Starlette()
    ingress = Ingress(dispatch, signing_secret=secret(settings.slack_signing_secret), clock=clock)
    return Starlette(routes=[Route("/slack/events", ingress, methods=["POST"])])


def _cache_key(seal: Seal, account: Account, identity: Identity, config: CustomerConfig) -> str:
    return seal.cache_key(
        account.org_id, account.sandbox, account.merge_policy or "", identity.namespace, identity.value, config.version
    )


def _valid_until(profile: Profile, config: CustomerConfig, after: float) -> float | None:
    until = verdict.valid_until(profile, config, datetime.fromtimestamp(after, UTC))
    return until.timestamp() if until else None


def _entry_size(value: object) -> int:
    return value.size if isinstance(value, Entry) else 0


async def _drain(tasks: TaskSet, within: float) -> None:
    if lost := await tasks.drain(within):
        log.error("answers_lost", count=lost)
