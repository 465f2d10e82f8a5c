"""Everything behind the doors, put together: settings → the use case, and what is to be known and done about it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import httpx
import structlog

from bot import notices, verdict
from bot.access import Home
from bot.admission import Admission
from bot.answering import ANSWERED_BY, Answering
from bot.config import CustomerConfig
from bot.flights import Flights
from bot.forgetting import Forgetting, Forgotten
from bot.limits import Rate
from bot.memory import BoundedMemory
from bot.naming import Naming
from bot.present import Source
from bot.profiles.cache import Entry, Lifetimes, ProfileCache
from bot.profiles.client import AdobeClient
from bot.profiles.lookup import Lookup
from bot.profiles.model import Profile
from bot.profiles.quota import Turns
from bot.profiles.source import AdobeSource, Patience
from bot.profiles.tombstones import Tombstones
from bot.profiles.wire import Account
from bot.replicas import Replicas, open_replicas
from bot.seal import Seal
from bot.settings import Settings
from bot.slack.respond import finished
from bot.status import Instruments, Snapshot
from bot.tasks import TaskSet
from bot.telling import Telling
from bot.upstream import Breakers, breaker, open_adobe, upstream_of
from formatters.card import Notice

log = structlog.get_logger()

LEAD_TIME = 0.3
"""Seconds that a flight is thought to need once it has its permits."""

RESERVED_SHARE = 0.05
"""Part of the daily budget that is kept for people with the reserved lane, if there are any."""

Config = Callable[[], CustomerConfig]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Core:
    """What is behind the doors, running.

    `answering` is the use case; `snapshot` tells how everything is; `forget` takes what was typed, and raises NotUnderstood if it
    is no identity; `forget_everything` takes nobody's word.
    """

    answering: Answering
    snapshot: Callable[[], Awaitable[Snapshot]]
    forget: Callable[[str], Awaitable[Forgotten]]
    forget_everything: Callable[[], Awaitable[Forgotten]]


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
    breakers = Breakers.of(settings)
    async with (
        open_replicas(settings, seal, breaker(settings, "redis"), clock=clock) as replicas,
        open_adobe(
            settings, breakers, observe=telling.exchanged, retried=telling.retried, trace=telling.trace, adobe=adobe
        ) as client,
    ):
        account = upstream_of(settings).account
        naming = Naming(seal, account, config)
        build = _Builder(settings, config, seal, account, naming, tasks, telling, clock, breakers, replicas)
        memory = BoundedMemory(most=settings.cache_bytes, weigh=_entry_size)
        cache = build.cache(memory)
        lookup = build.lookup(cache, client)
        forgetting = Forgetting(cache, config=config, names_of=naming.asked, alone=not settings.redis_url)
        snapshot = partial(telling.status.snapshot, build.instruments(memory, connected))
        answering = build.answering(lookup, cache, home, snapshot)
        async with replicas.listening(cache.heard, cache.remember):
            yield Core(answering, snapshot, forgetting, forgetting.everything)


@dataclass(frozen=True, slots=True)
class _Builder:
    """What everything is built from, and how."""

    settings: Settings
    config: Config
    seal: Seal
    account: Account
    naming: Naming
    tasks: TaskSet
    telling: Telling
    clock: Clock
    breakers: Breakers
    replicas: Replicas

    @property
    def deadline(self) -> float:
        """Seconds that a flight may take: an answer takes a little besides."""
        return self.settings.deadline * ANSWERED_BY

    def cache(self, memory: BoundedMemory) -> ProfileCache:
        settings = self.settings
        return ProfileCache(
            memory,
            self.replicas.copies,
            Tombstones(self.replicas.tidings, everything=self.naming.everything(), clock=self.clock, kept=settings.kept),
            reads=Flights(self.tasks) if self.settings.redis_url else None,
            lifetimes=Lifetimes(settings.fresh, settings.stale, settings.kept, settings.not_found_kept),
            clock=self.clock,
            marks_of=self.naming.marks,
            observe=self.telling.metrics.looked_up,
        )

    def lookup(self, cache: ProfileCache, client: AdobeClient) -> Lookup:
        patience = Patience(events_limit=self.settings.events_limit, events_grace=self.settings.events_grace)
        return Lookup(
            AdobeSource(client, self.config, clock=time.monotonic, patience=patience),
            cache,
            self.tasks,
            self.turns(),
            self.replicas.leases,
            names_of=self.naming.asked,
            key_of=self.naming.key,
            clock=self.clock,
            deadline=self.deadline,
            linger=self.settings.failure_shared,
            valid_until=lambda profile, after: _valid_until(profile, self.config(), after),
            observe=self.telling.flew,
            trace=self.telling.trace,
        )

    def turns(self) -> Turns:
        return Turns(
            self.replicas.pace,
            self.replicas.quota,
            self.tasks,
            lead_time=min(LEAD_TIME, self.deadline / 10),
            gate=self.breakers.check,
            reserved=lambda: RESERVED_SHARE if any(role.reserved_lane for role in self.config().roles.values()) else 0.0,
            warning=self.settings.budget_warning,
            warn=lambda spent: log.warning("budget_low", count=spent),
            observe=self.telling.metrics.waited,
        )

    def instruments(self, memory: BoundedMemory, connected: Callable[[], bool | None]) -> Instruments:
        return Instruments(
            breaker=lambda: self.breakers.state,
            standing=self.replicas.pace.standing,
            entries=lambda: len(memory),
            weight=lambda: memory.weight,
            tasks=lambda: len(self.tasks),
            version=lambda: self.config().version,
            redis=self.replicas.state,
            connected=connected,
            transport=self.settings.transports,
            budget=self.settings.daily_budget,
        )

    def admission(self) -> Admission:
        settings = self.settings
        return Admission(
            self.replicas.limiter,
            person=Rate(60 / settings.person_rate, settings.person_burst),
            team=Rate(60 / settings.team_rate, settings.team_burst),
        )

    def answering(
        self, lookup: Lookup, cache: ProfileCache, home: Home, snapshot: Callable[[], Awaitable[Snapshot]]
    ) -> Answering:
        async def status() -> Notice:
            return notices.status(await snapshot())

        return Answering(
            lookup,
            self.admission(),
            config=self.config,
            home=home,
            seal=self.seal,
            render=finished,
            reweigh=cache.reweigh,
            clock=self.clock,
            source=Source(self.account.sandbox, self.account.merge_policy, sample=self.settings.uses_sample),
            status=status,
            deadline=self.settings.deadline,
            consents_for=self.settings.consents_known,
            observe=self.telling.answered,
            trace=self.telling.trace,
        )


def _valid_until(profile: Profile, config: CustomerConfig, after: float) -> float | None:
    until = verdict.valid_until(profile, config, datetime.fromtimestamp(after, UTC))
    return until.timestamp() if until else None


def _entry_size(value: object) -> int:
    return value.size if isinstance(value, Entry) else 0
