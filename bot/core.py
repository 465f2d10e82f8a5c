"""Everything behind the doors, put together: settings → the use case, and what is to be known and done about it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import chain

import httpx
import structlog

from bot import notices, verdict
from bot.access import Home
from bot.admission import Admission
from bot.answering import ANSWERED_BY, Answered, Answering
from bot.config import CustomerConfig
from bot.errors import LookupFailed
from bot.flights import Flights
from bot.limits import Rate
from bot.memory import BoundedMemory
from bot.metrics import Metrics
from bot.present import Source
from bot.profiles.cache import Entry, Forgotten, Lifetimes, ProfileCache
from bot.profiles.client import Exchange
from bot.profiles.lookup import Lookup
from bot.profiles.model import Profile
from bot.profiles.ports import Names
from bot.profiles.quota import Turns
from bot.profiles.source import AdobeSource, Patience
from bot.profiles.tombstones import Tombstones
from bot.profiles.wire import Account
from bot.question import Identity
from bot.reading import parse
from bot.replicas import open_replicas
from bot.retries import Retry
from bot.seal import Seal
from bot.settings import Settings
from bot.slack.respond import Delivery, finished
from bot.status import Instruments, Snapshot, Status
from bot.tasks import TaskSet
from bot.tracing import Trace, untraced
from bot.upstream import Breakers, breaker, log_exchange, log_retry, open_adobe, upstream_of
from formatters.card import Notice

log = structlog.get_logger()

LEAD_TIME = 0.3
"""Seconds that a flight is thought to need once it has its permits."""

RESERVED_SHARE = 0.05
"""Part of the daily budget that is kept for people with the reserved lane, if there are any."""

REACHABLE = frozenset({"email", "phone"})
"""Kinds of contacts that are identities as well, whatever their namespaces are called."""

Config = Callable[[], CustomerConfig]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told how it goes. `clock` gives seconds since the epoch."""

    status: Status
    metrics: Metrics = field(default_factory=Metrics)
    trace: Trace = untraced

    def exchanged(self, exchange: Exchange) -> None:
        """A call was sent to the source."""
        self.metrics.exchanged(exchange)
        log_exchange(exchange)

    def retried(self, retry: Retry) -> None:
        """A call to the source was sent again."""
        self.metrics.retried(retry.error.kind)
        log_retry(retry)

    def flew(self, outcome: str, error: LookupFailed | None) -> None:
        """A flight ended."""
        self.metrics.flew(outcome, error.kind if error else "")
        if outcome != "shared":
            self.status.asked(error)

    def posted(self, delivery: Delivery) -> None:
        """A message was sent to Slack."""
        self.metrics.posted(delivery)
        self.status.posted(delivery)

    def answered(self, answered: Answered) -> None:
        """A question was answered."""
        self.metrics.answered(answered.outcome, answered.door, answered.seconds, answered.kind or "")


@dataclass(frozen=True, slots=True)
class Core:
    """What is behind the doors, running: the use case, how it is, and what an admin may have forgotten."""

    answering: Answering
    cache: ProfileCache
    snapshot: Callable[[], Awaitable[Snapshot]]
    forget: Callable[[str], Awaitable[Forgotten]]


@asynccontextmanager
async def open_core(
    settings: Settings,
    config: Config,
    *,
    seal: Seal,
    home: Home,
    tasks: TaskSet,
    telling: Telling,
    connected: Callable[[], bool | None] = lambda: None,
    adobe: httpx.AsyncBaseTransport | None = None,
    clock: Clock = time.time,
) -> AsyncIterator[Core]:
    """Cache, look-up and source, and the use case over them.

    `connected` tells of Socket Mode's connection; `adobe` takes the place of the network towards Adobe; `clock` gives seconds
    since the epoch.
    """
    account, breakers, patience = upstream_of(settings).account, Breakers.of(settings), _patience(settings)
    names_of = partial(_names, seal, account)
    memory = BoundedMemory(most=settings.cache_bytes, weigh=_entry_size)
    async with (
        open_replicas(settings, seal, breaker(settings, "redis"), clock=clock) as replicas,
        open_adobe(
            settings, breakers, observe=telling.exchanged, retried=telling.retried, trace=telling.trace, adobe=adobe
        ) as client,
    ):
        cache = ProfileCache(
            memory,
            replicas.copies,
            Tombstones(replicas.tidings, everything=names_of("everything"), clock=clock, kept=settings.kept),
            reads=Flights(tasks),
            lifetimes=Lifetimes(settings.fresh, settings.stale, settings.kept, settings.not_found_kept),
            clock=clock,
            marks_of=lambda profile: _marks(names_of, profile, config()),
            observe=telling.metrics.looked_up,
        )
        deadline = settings.deadline * ANSWERED_BY
        turns = Turns(
            replicas.pace,
            replicas.quota,
            tasks,
            lead_time=min(LEAD_TIME, deadline / 10),
            gate=breakers.check,
            reserved=lambda: RESERVED_SHARE if any(role.reserved_lane for role in config().roles.values()) else 0.0,
            warning=settings.budget_warning,
            warn=lambda spent: log.warning("budget_low", count=spent),
            observe=telling.metrics.waited,
        )
        lookup = Lookup(
            AdobeSource(client, config, clock=time.monotonic, patience=patience),
            cache,
            tasks,
            turns,
            replicas.leases,
            names_of=lambda identity: _asked_names(names_of, account, identity, config()),
            clock=clock,
            deadline=deadline,
            linger=settings.failure_shared,
            valid_until=lambda profile, after: _valid_until(profile, config(), after),
            observe=telling.flew,
            trace=telling.trace,
        )
        instruments = Instruments(
            breaker=lambda: breakers.state,
            standing=replicas.pace.standing,
            entries=lambda: len(memory),
            weight=lambda: memory.weight,
            tasks=lambda: len(tasks),
            version=lambda: config().version,
            redis=replicas.state,
            connected=connected,
            transport="socket" if settings.slack_app_token else "http",
            budget=settings.daily_budget,
        )
        snapshot = partial(telling.status.snapshot, instruments)

        async def status() -> Notice:
            return notices.status(await snapshot())

        async def forget(typed: str) -> Forgotten:
            question = parse(typed, config())
            return await cache.forget(_asked_names(names_of, account, question.identity, config()))

        answering = Answering(
            lookup,
            Admission(
                replicas.limiter,
                person=Rate(60 / settings.person_rate, settings.person_burst),
                team=Rate(60 / settings.team_rate, settings.team_burst),
            ),
            config=config,
            home=home,
            seal=seal,
            render=finished,
            reweigh=cache.reweigh,
            clock=clock,
            source=Source(account.sandbox, account.merge_policy, sample=settings.uses_hub),
            status=status,
            deadline=settings.deadline,
            consents_for=settings.consents_known,
            observe=telling.answered,
            trace=telling.trace,
        )
        async with replicas.listening(cache.heard):
            yield Core(answering, cache, snapshot, forget)


def _patience(settings: Settings) -> Patience:
    return Patience(events_limit=settings.events_limit, events_grace=settings.events_grace)


def _names(seal: Seal, account: Account, *parts: str) -> Names:
    """What is kept under names belongs to one organisation and sandbox."""
    return seal.names(account.org_id, account.sandbox, *parts)


def _asked_names(names_of: Callable[..., Names], account: Account, identity: Identity, config: CustomerConfig) -> Names:
    """Where the answer for `identity` is kept; and the person's name, whatever `customer.yml` said when the answer came."""
    asked = names_of("asked", account.merge_policy or "", identity.namespace, identity.value, config.version)
    return (*asked, *_person_names(names_of, identity, config))


def _person_names(names_of: Callable[..., Names], identity: Identity, config: CustomerConfig) -> Names:
    namespace = config.namespace(identity.namespace)
    kind = namespace.normalise if namespace and namespace.normalise in REACHABLE else identity.namespace.lower()
    return names_of("person", kind, identity.value)


def _marks(names_of: Callable[..., Names], profile: Profile, config: CustomerConfig) -> Names:
    """By what else the person may be asked for: the XID, the identity that matched, addresses and numbers on the card."""
    matched = Identity(profile.identities.matched_namespace, profile.identities.matched_value)
    reachable = (names_of("person", each.kind, each.value) for each in profile.contacts if each.kind in REACHABLE)
    return (*names_of("xid", profile.xid), *_person_names(names_of, matched, config), *chain.from_iterable(reachable))


def _valid_until(profile: Profile, config: CustomerConfig, after: float) -> float | None:
    until = verdict.valid_until(profile, config, datetime.fromtimestamp(after, UTC))
    return until.timestamp() if until else None


def _entry_size(value: object) -> int:
    return value.size if isinstance(value, Entry) else 0
