"""Leave to call the source: within the organisation's quota, in order of rank, and not for those whose turn would be too late."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from bot.errors import BudgetSpent, Busy, LookupFailed
from bot.profiles.budget import BudgetWarning
from bot.profiles.forecast import Forecast
from bot.profiles.lanes import Lanes, Place, Waiter
from bot.profiles.pace import Pace, Quota, Slot, hold
from bot.question import Lane, Rank
from bot.tasks import TaskSet

INSTANT = 1e-3
"""A wait in seconds that is none: clocks and timers are no finer."""

TICK = 0.1
"""How often, in seconds, the gate is looked at while the next permit is far away."""

UP_TO_DATE = 1.0
"""For how long, in seconds, what the pace told about itself is believed while somebody waits."""


class Turns:
    """The queue of one process before the pace, which it may share with others.

    While somebody waits, one permit at a time is reserved, and goes to whoever is first when it holds. `lead_time` is how many
    seconds a flight needs after its permits. `gate` raises what everybody is to be told while the source is not to be asked. Of
    the quota's budget the part `reserved` is kept for the reserved lane; once a day, when the part `warning` of it is spent,
    `warn` is called with the calls spent. `observe` is told how many seconds each turn waited.
    """

    def __init__(
        self,
        pace: Pace,
        quota: Quota,
        tasks: TaskSet,
        *,
        lead_time: float,
        gate: Callable[[], None] = lambda: None,
        reserved: Callable[[], float] = lambda: 0.0,
        warning: float = 0.8,
        warn: Callable[[int], None] = lambda _spent: None,
        observe: Callable[[float], None] = lambda _waited: None,
    ) -> None:
        self._pace = pace
        self._quota = quota
        self._tasks = tasks
        self._lead_time = lead_time
        self._gate = gate
        self._reserved = reserved
        self._budget = BudgetWarning(quota.budget, warning, warn)
        self._observe = observe
        self._lanes = Lanes()
        self._slots: deque[float] = deque()
        self._asking = 0
        self._held_until = 0.0
        self._learned = -UP_TO_DATE
        self._forecast = Forecast(quota, now=0.0)
        self._pacing: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._lanes)

    def turn(self, rank: Rank, *, until: float, calls: int) -> FlightTurn:
        """A turn for a flight that ends when the event loop's clock shows `until`, and usually takes `calls`."""
        return FlightTurn(self, rank, until=until, calls=calls)

    def place(self, rank: Rank) -> Place:
        """The place of somebody who comes now."""
        return self._lanes.place(rank)

    def observe(self, waited: float) -> None:
        """A turn came after so many seconds."""
        self._observe(waited)

    async def collect(self, turn: FlightTurn, permits: int) -> None:
        """Wait for so many permits at the turn's place.

        Raises:
            Busy, BudgetSpent: there will be none in time.
            LookupFailed: what the gate raises.
        """
        self._gate()
        now = asyncio.get_running_loop().time()
        if self._lanes.first() is None and self._forecast.at_once(permits + self._asking, now):
            self._refuse_if_late(turn, now)
            permits -= await self._collect_at_once(turn, permits)
        if permits:
            await self._wait(turn, permits)

    def move(self, waiter: Waiter, place: Place, person: str) -> None:
        """Let one who waits do so at another place."""
        self._lanes.remove(waiter)
        waiter.place, waiter.person = place, person
        self._lanes.add(waiter)

    async def throttled(self, retry_after: float | None, sent: float) -> None:
        """A call that was sent at `sent` (event loop's clock) was answered 429."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        # What is reserved already was so before the hold, which the pace can't take back.
        self._held_until = max(self._held_until, now + hold(retry_after))
        await self._pace.throttled(retry_after, now - sent)
        await self._learn()

    def flush(self) -> None:
        """Tell all who wait if the gate has closed; that is looked at every TICK anyway."""
        while (waiter := self._lanes.first()) is not None:
            try:
                self._gate()
            except LookupFailed as error:
                self._fail(waiter, error)
            else:
                return

    async def _collect_at_once(self, turn: FlightTurn, permits: int) -> int:
        """Reserve without queueing. How many of the permits were to be had so; a slot that is for later is kept for the queue."""
        self._asking += permits
        collected = 0
        try:
            for _ in range(permits):
                slot = await self._reserve(turn.place.lane)
                if not slot.granted:
                    raise BudgetSpent(retry_after=slot.wait)
                if slot.wait > INSTANT:
                    self._slots.append(asyncio.get_running_loop().time() + slot.wait)
                    break
                collected += 1
        finally:
            self._asking -= permits
        return collected

    async def _wait(self, turn: FlightTurn, permits: int) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._pacing is None:
            self._drop_unused(now)
        late = turn.until - self._lead_time
        if self._due(self._lanes.ahead_of(turn.place) + permits, now) > late:
            raise self._busy(turn, now)
        waiter = Waiter(turn.place, turn.person, permits, loop.create_future())
        timer = loop.call_at(late, self._too_late, turn, waiter)
        self._lanes.add(waiter)
        turn.waiters.append(waiter)
        if self._pacing is None:
            self._pacing = self._tasks.start(self._pace_turns())
        try:
            await waiter.done
        finally:
            timer.cancel()
            self._lanes.remove(waiter)
            turn.waiters.remove(waiter)

    def _refuse_if_late(self, turn: FlightTurn, now: float) -> None:
        if now > turn.until - self._lead_time:
            raise self._busy(turn, now)

    def _too_late(self, turn: FlightTurn, waiter: Waiter) -> None:
        if not waiter.done.done():
            self._lanes.remove(waiter)
            waiter.done.set_exception(self._busy(turn, asyncio.get_running_loop().time()))

    def _busy(self, turn: FlightTurn, now: float) -> Busy:
        queued = [max(0, needs - len(self._slots)) for needs in self._lanes.needs()]
        return Busy(retry_after=self._forecast.promise(turn.place.lane, queued, turn.calls, now) - now)

    def _due(self, permits: int, now: float) -> float:
        """When so many permits will have come, those included that are reserved already."""
        return self._forecast.due(max(0, permits - len(self._slots)), now)

    def _drop_unused(self, now: float) -> None:
        """Slots whose time came while nobody waited count as used: two of them at once would be more than the quota has."""
        while self._slots and self._slots[0] < now:
            self._slots.popleft()

    async def _pace_turns(self) -> None:
        """Runs while somebody waits."""
        try:
            while self._lanes:
                if await self._next_slot_holds():
                    self._slots.popleft()
                    self._give()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            for waiter in list(self._lanes):
                self._fail(waiter, error)
        finally:
            self._pacing = None
            self._forecast.paused()
            for waiter in list(self._lanes):
                self._lanes.remove(waiter)
                waiter.done.cancel()

    async def _next_slot_holds(self) -> bool:
        """Wait until the next slot holds; False if nobody is left to take it, or there is none."""
        loop = asyncio.get_running_loop()
        if not self._slots and not await self._reserve_next():
            return False
        while (wait := max(self._slots[0], self._held_until) - loop.time()) > INSTANT:
            await asyncio.sleep(min(wait, TICK))
            self.flush()
            if not self._lanes:
                return False
        return True

    async def _reserve_next(self) -> bool:
        first = self._lanes.first()
        if first is None:
            return False
        loop = asyncio.get_running_loop()
        lane = first.place.lane
        if loop.time() - self._learned > UP_TO_DATE:
            await self._learn()
        slot = await self._reserve(lane)
        if slot.granted:
            self._slots.append(loop.time() + slot.wait)
        else:
            for waiter in [waiter for waiter in self._lanes if waiter.place.lane >= lane]:
                self._fail(waiter, BudgetSpent(retry_after=slot.wait))
        return slot.granted

    def _most(self, lane: Lane) -> int | None:
        """How much of the budget the lane may use up."""
        if self._quota.budget is None or lane is Lane.RESERVED:
            return self._quota.budget
        return int(self._quota.budget * (1 - self._reserved()))

    async def _reserve(self, lane: Lane) -> Slot:
        slot = await self._pace.reserve(self._most(lane))
        self._budget.spent(slot.spent)
        if slot.granted:
            self._forecast.reserved(slot, asyncio.get_running_loop().time())
        return slot

    async def _learn(self) -> None:
        standing = await self._pace.standing()
        self._learned = asyncio.get_running_loop().time()
        self._forecast.learned(standing, self._learned)

    def _give(self) -> None:
        waiter = self._lanes.give()
        if waiter is not None and not waiter.needs and not waiter.done.done():
            waiter.done.set_result(None)

    def _fail(self, waiter: Waiter, error: Exception) -> None:
        self._lanes.remove(waiter)
        if not waiter.done.done():
            waiter.done.set_exception(error)


class FlightTurn:
    """Leave to ask the source on behalf of one flight (`bot.profiles.ports.Turn`).

    Entering waits until the `calls` that it usually takes are permitted, so that no flight stops half-way; permits that it then
    does not use are lost. It makes its further calls, retries among them, at the place it had from the beginning: before turns
    that came later.

    Raises, on entering and from `permit`:
        Busy: the permits would come too late for the flight to end in time.
        BudgetSpent: today's are used up.
        LookupFailed: what the gate raises.
    """

    def __init__(self, turns: Turns, rank: Rank, *, until: float, calls: int) -> None:
        self.calls = calls
        self.waiters: list[Waiter] = []
        self._turns = turns
        self._rank = rank
        self._until = until
        self._place: Place | None = None
        self._prepaid = 0

    @property
    def until(self) -> float:
        """When the flight ends, on the event loop's clock."""
        return self._until

    @property
    def person(self) -> str:
        """On whose behalf, at this place."""
        return self._rank.person

    @property
    def place(self) -> Place:
        """Its place in the queue, the same from the beginning unless somebody else shares the flight."""
        if self._place is None:
            self._place = self._turns.place(self._rank)
        return self._place

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._turns.collect(self, self.calls)
        self._prepaid = self.calls
        self._turns.observe(loop.time() - began)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._prepaid = 0

    def shared_with(self, rank: Rank) -> None:
        """Somebody else joined the flight: it takes the better of the two places."""
        place = self._turns.place(rank)
        if place < self.place:
            self._place, self._rank = place, rank
            for waiter in self.waiters:
                self._turns.move(waiter, place, rank.person)

    async def permit(self) -> None:
        """Wait for one permit; the first `calls` are there already."""
        if self._prepaid:
            self._prepaid -= 1
        else:
            await self._turns.collect(self, 1)

    async def throttled(self, retry_after: float | None, sent: float) -> None:
        """A call that was sent at `sent` (event loop's clock) was answered 429."""
        await self._turns.throttled(retry_after, sent)
