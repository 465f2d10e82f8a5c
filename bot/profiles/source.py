"""Adobe as the source of profiles: attributes and events asked for at once, and a card even when some of it is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.config import CustomerConfig
from bot.errors import BudgetSpent, Busy, LookupFailed, ProfileUnusable, RequestRefused, Throttled
from bot.profiles.audiences import AudienceNames
from bot.profiles.event_access import EventAccess, Events
from bot.profiles.model import Missing, Part, Profile, Why
from bot.profiles.paths import event_fields, profile_fields
from bot.profiles.ports import Turn
from bot.profiles.wire import EventsRefused, Newest, RawProfile
from bot.profiles.xdm import Mapper, audience_ids
from bot.question import Identity

Result = TypeVar("Result")


class Client(Protocol):
    """What of `AdobeClient` a source needs."""

    async def sign_in(self, turn: Turn) -> None:
        """Have a token at hand."""
        ...

    async def profile(self, identity: Identity, fields: Sequence[str], turn: Turn) -> RawProfile:
        """The attributes."""
        ...

    async def events(self, identity: Identity, fields: Sequence[str], limit: int, turn: Turn) -> Newest:
        """The newest events."""
        ...

    async def audience_names(self, ids: Sequence[str], turn: Turn) -> dict[str, str]:
        """Name by id."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How much is asked for, and how long it is waited for or remembered (seconds)."""

    events_limit: int
    events_grace: float
    """For events, after the attributes have come."""
    names_grace: float = 1.0
    """For the names of audiences, after the attributes have come."""
    names_fresh: float = 6 * 3600.0
    refused_for: float = 3600.0
    """For how long events aren't asked for once the organisation turned out to have none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for under one configuration, and what the answers mean."""

    config: CustomerConfig
    attributes: tuple[str, ...]
    of_events: tuple[str, ...]
    mapper: Mapper


class AdobeSource:
    """A `ProfileSource` that asks Adobe, or whoever speaks its API.

    Args:
        client: asks.
        config: the `customer.yml` of now.
        clock: monotonic, in seconds.
        patience: limits and durations.
    """

    def __init__(
        self,
        client: Client,
        config: Callable[[], CustomerConfig],
        *,
        clock: Callable[[], float],
        patience: Patience,
    ) -> None:
        self._client = client
        self._config = config
        self._plan = _plan(config())
        self._patience = patience
        self._names = AudienceNames(client.audience_names, clock=clock, fresh=patience.names_fresh)
        self._access = EventAccess(clock=clock, refused_for=patience.refused_for)

    @property
    def calls(self) -> int:
        """How many calls one customer usually takes: attributes, and events unless there are none to be had. Names are kept."""
        return 2 if self._access.open(self._config().version) else 1

    async def prepare(self, turn: Turn) -> None:
        """Have a token at hand.

        Raises:
            LookupFailed: none is to be had.
        """
        await self._client.sign_in(turn)

    async def fetch(self, identity: Identity, turn: Turn) -> Profile:
        """Ask for one customer. The caller sets the deadline.

        Raises:
            LookupFailed: the attributes could not be had. Events and names are missing at worst, which is no error.
        """
        plan = self._current_plan()
        async with _beside(self._events(identity, plan, turn)) as asking:
            raw = await self._client.profile(identity, plan.attributes, turn)
            ids = audience_ids(raw.entity)
            if wanted := self._names.wanted(ids):
                async with _beside(self._fetch_names(wanted, turn)) as naming:
                    events = await self._patiently(asking)
                    unnamed = await naming
            else:
                events, unnamed = await self._patiently(asking), None
        self._access.note(raw.xid, events)
        names = self._names.at_hand(ids)
        missing = tuple(_missing(events, unnamed))
        return plan.mapper.profile(identity, raw, events.children, names, missing, recent_only=not events.complete)

    def _current_plan(self) -> Plan:
        if self._plan.config is not (config := self._config()):
            self._plan = _plan(config)
        return self._plan

    async def _events(self, identity: Identity, plan: Plan, turn: Turn) -> Events:
        if not self._access.open(plan.config.version):
            return Events(why=Why.NOT_ENABLED)
        try:
            newest = await self._client.events(identity, plan.of_events, self._patience.events_limit, turn)
            return Events(newest.children, newest.complete)
        except EventsRefused:
            return Events(why=Why.NOT_ENABLED)
        except LookupFailed as error:
            return Events(why=_why(error))

    async def _patiently(self, asking: asyncio.Task[Events]) -> Events:
        if not asking.done():
            await asyncio.wait([asking], timeout=self._patience.events_grace)
        return asking.result() if asking.done() else Events(why=Why.LATE)

    async def _fetch_names(self, ids: Sequence[str], turn: Turn) -> Why | None:
        """Why names are missing, if they are."""
        try:
            async with asyncio.timeout(self._patience.names_grace):
                await self._names.fetch(ids, turn)
        except TimeoutError:
            return Why.LATE
        except LookupFailed as error:
            return _why(error)
        return None


def _plan(config: CustomerConfig) -> Plan:
    return Plan(config, profile_fields(config), event_fields(config), Mapper(config))


@asynccontextmanager
async def _beside(work: Coroutine[None, None, Result]) -> AsyncIterator[asyncio.Task[Result]]:
    """Run `work` beside the block, and not a moment longer. (A TaskGroup would wrap the block's error in a group.)"""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        if task.cancel():
            await asyncio.gather(task, return_exceptions=True)
        elif not task.cancelled():
            task.exception()  # taken even if nobody asks for the result, lest the loop put its text into the log


def _why(error: LookupFailed) -> Why:
    match error:
        case Throttled() | Busy() | BudgetSpent():
            return Why.THROTTLED
        case RequestRefused() | ProfileUnusable():
            return Why.REFUSED
        case _:
            return Why.FAILED


def _missing(events: Events, unnamed: Why | None) -> Iterator[Missing]:
    if events.why:
        yield Missing(Part.EVENTS, events.why)
    if unnamed:
        yield Missing(Part.AUDIENCE_NAMES, unnamed)
