"""The pace at which the source may be called."""

from __future__ import annotations

import asyncio
from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.profiles.pace import (
    BURST_HEADROOM,
    CREEP,
    DAY,
    FLOOR,
    HEADROOM,
    LONGEST_HOLD,
    Flow,
    MemoryPace,
    Quota,
    Slot,
    Standing,
    permits_until,
    time_of,
)
from tests.factories import Clock

QUOTA = Quota(rate=20, burst=5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> MemoryPace:
    return MemoryPace(QUOTA, clock=clock, epoch=lambda: 1000 * DAY + DAY / 2 + clock())


async def test_burst_then_rate(pace: MemoryPace) -> None:
    """The burst at once, then one slot after the other at the quota's rate."""
    waits = [(await pace.reserve(None)).wait for _ in range(8)]

    assert waits == pytest.approx([0] * 5 + [k / 20 for k in (1, 2, 3)])


async def test_half(pace: MemoryPace, clock: Clock) -> None:
    """A 429 halves the pace once for all calls sent before, never below the floor; then it creeps back."""
    for age in (0.5, 0.5, 1.0):
        clock.now += 0.01
        await pace.throttled(None, age)
    assert (await pace.standing()).pace == pytest.approx(0.5 + 0.02 * CREEP)

    for _ in range(10):
        await pace.throttled(None, 0.0)
    assert (await pace.standing()).pace == FLOOR
    clock.now += 10
    assert (await pace.standing()).pace == 1


async def test_no_burst_after_a_429(pace: MemoryPace, clock: Clock) -> None:
    """After a 429 there is no burst; what the source says to wait is waited by everybody."""
    await pace.throttled(None, 0.0)
    assert (await pace.reserve(None)).wait == 0
    assert (await pace.reserve(None)).wait == pytest.approx(0.1, rel=0.02)

    await pace.throttled(4.0, 0.0)
    clock.now += 1
    assert (await pace.standing()).wait == pytest.approx(3)
    first, second = await pace.reserve(None), await pace.reserve(None)
    assert first.wait == pytest.approx(3)
    assert second.wait > 3.05


async def test_longest_hold(pace: MemoryPace, clock: Clock) -> None:
    """A source that asks for a day stops nobody for so long: after a minute the next call finds out."""
    await pace.throttled(DAY, 0.0)
    assert (await pace.standing()).wait == pytest.approx(LONGEST_HOLD)

    clock.now += LONGEST_HOLD
    assert (await pace.reserve(None)).wait == 0


def test_within() -> None:
    """A little less than the source allows is used, and at least one call at once; of the budget all of it."""
    assert Quota.within(50, 50, 1000) == Quota(rate=50 * HEADROOM, burst=int(50 * BURST_HEADROOM), budget=1000)
    assert Quota.within(1, 1, None).burst == 1


async def test_budget(pace: MemoryPace, clock: Clock) -> None:
    """Calls are counted by the day; beyond what somebody may have, nothing is reserved until the next."""
    assert [(await pace.reserve(2)).spent for _ in range(2)] == [1, 2]
    assert await pace.reserve(2) == Slot(wait=DAY / 2, spent=2, granted=False)
    assert (await pace.reserve(3)).granted
    assert await pace.standing() == Standing(pace=1, spent=3, wait=0)

    clock.now += DAY / 2
    assert (await pace.reserve(2)).spent == 1


@given(low=st.floats(FLOOR, 1), permits=st.floats(0, 1e6))
def test_the_clock_of_permits(low: float, permits: float) -> None:
    """When the clock of permits shows so many, so many have become free."""
    flow = Flow(arrival=0, low=low, since=100)

    assert permits_until(flow, QUOTA, time_of(flow, QUOTA, permits)) == pytest.approx(permits, abs=1e-6)


class Reserving(RuleBasedStateMachine):
    """Whatever happens: never more than the burst and the rate in any second, nobody overtaken, holds kept."""

    @initialize(burst=st.sampled_from([1, 5, 20]))
    def start(self, burst: int) -> None:
        self.clock = Clock()
        self.quota = Quota(rate=20, burst=burst)
        self.pace = MemoryPace(self.quota, clock=self.clock, epoch=self.clock)
        self.slots: list[float] = []
        self.pace_of_model, self.halved = 1.0, float("-inf")
        self.held = 0.0

    @rule(times=st.integers(1, 30))
    def reserve(self, times: int) -> None:
        for _ in range(times):
            expected = asyncio.run(self.pace.standing()).wait
            slot = asyncio.run(self.pace.reserve(None))
            due = self.clock.now + slot.wait

            assert slot.wait == pytest.approx(expected)
            assert due >= max(self.held, *self.slots[-1:], 0.0) - 1e-6
            self.slots.append(due)

    @rule(milliseconds=st.integers(1, 5000))
    def pass_by(self, milliseconds: int) -> None:
        self.clock.now += milliseconds / 1000
        self.pace_of_model = min(1.0, self.pace_of_model + CREEP * milliseconds / 1000)

    @rule(retry_after=st.none() | st.floats(0, 5), age=st.floats(0, 3))
    def throttled(self, retry_after: float | None, age: float) -> None:
        asyncio.run(self.pace.throttled(retry_after, age))
        if self.clock.now - age >= self.halved:
            self.pace_of_model, self.halved = max(FLOOR, self.pace_of_model / 2), self.clock.now
        self.held = max(self.held, self.clock.now + (retry_after or 0.0))

    @invariant()
    def pace_is_the_models(self) -> None:
        assert asyncio.run(self.pace.standing()).pace == pytest.approx(self.pace_of_model)

    @invariant()
    def quota_is_kept(self) -> None:
        ordered = sorted(self.slots)
        for first, moment in enumerate(ordered):
            assert bisect_left(ordered, moment + 1) - first <= self.quota.rate + self.quota.burst


TestReserving = Reserving.TestCase
TestReserving.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
