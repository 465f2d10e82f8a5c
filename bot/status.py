"""How the service is, and whether it is ready: frozen values, and the collector that remembers what it was told.

Kinds and counts alone: no text of an error, and nothing of a customer or a member.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.breaker import State
from bot.errors import LookupFailed, NotFound, NotSetUp, ProfileUnusable, RequestRefused
from bot.profiles.pace import Standing

MOST_TROUBLES = 8
"""Kinds of errors that are remembered of one upstream; the one that has been quiet for longest leaves first."""

REFUSAL_HOLDS = 60.0
"""Seconds. Where a balancer sends nothing to whoever is not ready, nobody would notice that an admin mended it: so a refusal that
has not been met again for this long no longer counts, and the next question tries.
"""

PAST_THE_DOOR = (NotFound, ProfileUnusable, RequestRefused)
"""Errors that only a source says that has taken key, token and permission."""


class Reason(StrEnum):
    """Why the service isn't ready: what a restart or an admin must mend, and nothing else."""

    SOURCE_REFUSES = "source_refuses"
    """Key, token, organisation or permission: the source's last word was NotSetUp."""
    TOKEN_REJECTED = "token_rejected"  # noqa: S105 - a reason, not a secret
    """Slack no longer takes the token, or the app was uninstalled."""
    DRAINING = "draining"
    """The service is being stopped."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error of one kind: how often it was met since the start, and when for the last time."""

    kind: str
    count: int
    last: datetime


@dataclass(frozen=True, slots=True)
class SourceState:
    """The source. `pace` is the part of the quota's rate that is used just now, `wait` the seconds until the next permit; `spent`
    and `budget` are today's calls, `budget` None for as many as one likes. `troubles` are the last errors, the newest first.
    """

    refuses: bool
    breaker: State
    pace: float
    wait: float
    spent: int
    budget: int | None
    troubles: tuple[Trouble, ...] = ()

    @property
    def left(self) -> int | None:
        """Calls that today's budget has left, None without a budget."""
        return None if self.budget is None else max(0, self.budget - self.spent)


@dataclass(frozen=True, slots=True)
class CacheState:
    """What this replica remembers; `redis` is the breaker towards what all of them share, None if they share nothing."""

    entries: int
    bytes: int
    redis: State | None


@dataclass(frozen=True, slots=True)
class SlackState:
    """The way from and to Slack. `connected` is Socket Mode's connection, None without it; `troubles` are the messages that did
    not arrive, or of which nobody knows, by what became of them, the newest first.
    """

    transport: str
    connected: bool | None
    token_rejected: bool
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the service is at one moment. `version` is that of `customer.yml`, `tasks` is how much is under way."""

    started: datetime
    version: str
    draining: bool
    tasks: int
    source: SourceState
    cache: CacheState
    slack: SlackState


def ready(snapshot: Snapshot) -> bool:
    """Whether questions should come here. A source that is down, a Redis that is gone and a slow Slack are no reason why not:
    another replica would do no better, and this one still has old copies and true notices.
    """
    return not reasons(snapshot)


def reasons(snapshot: Snapshot) -> tuple[Reason, ...]:
    """Why the service isn't ready, empty if it is."""
    found = (
        (Reason.SOURCE_REFUSES, snapshot.source.refuses),
        (Reason.TOKEN_REJECTED, snapshot.slack.token_rejected),
        (Reason.DRAINING, snapshot.draining),
    )
    return tuple(reason for reason, holds in found if holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruments:
    """Where a snapshot is read from, each asked at that moment. None of them may raise, or take long.

    `weight` is the cache's in bytes; `redis` is None without Redis, `connected` without Socket Mode.
    """

    breaker: Callable[[], State]
    standing: Callable[[], Awaitable[Standing]]
    entries: Callable[[], int]
    weight: Callable[[], int]
    tasks: Callable[[], int]
    version: Callable[[], str]
    redis: Callable[[], State | None] = lambda: None
    connected: Callable[[], bool | None] = lambda: None
    transport: str = "http"
    budget: int | None = None


class Status:
    """Remembers what it is told. `clock` gives seconds since the epoch; see REFUSAL_HOLDS for `refusal_holds`, in seconds."""

    def __init__(self, *, clock: Callable[[], float], refusal_holds: float = REFUSAL_HOLDS) -> None:
        self._clock = clock
        self._refusal_holds = refusal_holds
        self._started = clock()
        self._refused: float | None = None
        self._token_rejected = False
        self._draining = False
        self._source = _Troubles(clock)
        self._slack = _Troubles(clock)

    def asked(self, error: LookupFailed | None = None) -> None:
        """The source was asked, or should have been: it answered, or failed with `error`."""
        if isinstance(error, NotSetUp):
            self._refused = self._clock()
        elif error is None or isinstance(error, PAST_THE_DOOR):
            self._refused = None
        if error is not None and not isinstance(error, NotFound):
            self._source.met(error.kind)

    def posted(self, delivery: str) -> None:
        """A message was posted to Slack; `delivery` (a `bot.slack.respond.Delivery`) is what became of it."""
        if delivery != "accepted":
            self._slack.met(delivery)

    def token_rejected(self) -> None:
        """Slack no longer takes the token, or the app was uninstalled. Tokens are read at start: only a restart mends it."""
        self._token_rejected = True

    @property
    def draining(self) -> bool:
        """Whether the service is being stopped."""
        return self._draining

    def drain(self) -> None:
        """The service is being stopped."""
        self._draining = True

    async def snapshot(self, instruments: Instruments) -> Snapshot:
        """How the service is now."""
        standing = await instruments.standing()
        return Snapshot(
            started=datetime.fromtimestamp(self._started, UTC),
            version=instruments.version(),
            draining=self._draining,
            tasks=instruments.tasks(),
            source=SourceState(
                refuses=self._refuses(),
                breaker=instruments.breaker(),
                pace=standing.pace,
                wait=standing.wait,
                spent=standing.spent,
                budget=instruments.budget,
                troubles=self._source.newest_first(),
            ),
            cache=CacheState(instruments.entries(), instruments.weight(), instruments.redis()),
            slack=SlackState(
                transport=instruments.transport,
                connected=instruments.connected(),
                token_rejected=self._token_rejected,
                troubles=self._slack.newest_first(),
            ),
        )

    def _refuses(self) -> bool:
        return self._refused is not None and self._clock() - self._refused < self._refusal_holds


class _Troubles:
    """A ring of the last kinds of errors."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._met: dict[str, Trouble] = {}

    def met(self, kind: str) -> None:
        before = self._met.pop(kind, None)
        self._met[kind] = Trouble(kind, before.count + 1 if before else 1, datetime.fromtimestamp(self._clock(), UTC))
        if len(self._met) > MOST_TROUBLES:
            del self._met[next(iter(self._met))]

    def newest_first(self) -> tuple[Trouble, ...]:
        return tuple(reversed(self._met.values()))
