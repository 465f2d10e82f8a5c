"""How often somebody may, and how long they are to wait."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.limits import Claim, Denied, MemoryLimiter, Rate
from tests.factories import Clock

PERSON = Rate(interval=2.0, burst=3)
TEAM = Rate(interval=0.5, burst=4)


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def limiter(clock: Clock) -> MemoryLimiter:
    return MemoryLimiter(clock=clock, most=10)


async def test_burst(limiter: MemoryLimiter) -> None:
    """The whole burst is to be had at once; the next is told how long to wait."""
    claim = Claim("ada", PERSON)

    assert [await limiter.take([claim]) for _ in range(4)] == [None, None, None, Denied(claim, 2.0)]


async def test_told_waits_are_true(limiter: MemoryLimiter, clock: Clock) -> None:
    """Who comes back after the told wait may, and not a moment before; being denied costs nothing."""
    claim = Claim("ada", PERSON)
    for _ in range(20):
        while denied := await limiter.take([claim]):
            clock.now += denied.wait - 0.1
            assert (await limiter.take([claim])) is not None
            clock.now += 0.1

    assert clock.now == pytest.approx(1000 + 17 * 2.0)


async def test_all_or_none(limiter: MemoryLimiter) -> None:
    """Where one of several claims is denied, none of them is taken; the longest wait is told."""
    ada, bob, team = Claim("ada", PERSON), Claim("bob", PERSON), Claim("team", TEAM)
    for _ in range(3):
        assert await limiter.take([ada, team]) is None
    assert await limiter.take([ada, team]) == Denied(ada, 2.0)
    assert await limiter.take([bob, team]) is None

    assert await limiter.take([bob, team]) == Denied(team, 0.5)
    assert await limiter.take([team, ada]) == Denied(ada, 2.0)
    assert [await limiter.take([bob]) for _ in range(3)] == [None, None, Denied(bob, 2.0)]


async def test_the_same_twice(limiter: MemoryLimiter) -> None:
    """Claiming the same twice takes two."""
    claim = Claim("ada", PERSON)

    assert [await limiter.take([claim, claim]) for _ in range(2)] == [None, Denied(claim, 2.0)]


async def test_forgets(limiter: MemoryLimiter, clock: Clock) -> None:
    """Who has the whole burst again is forgotten, whoever comes next."""
    for name in "abcde":
        await limiter.take([Claim(name, PERSON)])
    assert len(limiter) == 5

    clock.now += 2
    await limiter.take([Claim("f", PERSON)])
    assert len(limiter) == 1


async def test_bounded(limiter: MemoryLimiter) -> None:
    """No more than so many are known; whoever came least recently is forgotten first."""
    ada = Claim("ada", PERSON)
    for number in range(50):
        await limiter.take([Claim(f"{number}", PERSON)])
        if number < 3:
            await limiter.take([ada])

    assert len(limiter) == 10
    assert await limiter.take([ada]) is None


class Buckets:
    """A token bucket for each key: what the limiter is to amount to."""

    def __init__(self, rates: dict[str, Rate]) -> None:
        self._rates = rates
        self._tokens = {key: float(rate.burst) for key, rate in rates.items()}

    def pass_by(self, seconds: float) -> None:
        for key, rate in self._rates.items():
            self._tokens[key] = min(rate.burst, self._tokens[key] + seconds / rate.interval)

    def wait(self, key: str) -> float:
        return max(0.0, (1 - self._tokens[key]) * self._rates[key].interval)

    def take(self, keys: list[str]) -> tuple[str, float] | None:
        waits = [(key, self.wait(key)) for key in keys]
        longest = max(waits, key=lambda wait: wait[1])
        if longest[1] > 1e-3:
            return longest
        for key in keys:
            self._tokens[key] -= 1
        return None


RATES = {"a": PERSON, "b": Rate(0.25, 1), "c": Rate(1.0, 10), "team": TEAM}


class AgainstTokenBuckets(RuleBasedStateMachine):
    """Whatever is claimed whenever: the limiter gives, denies and tells waits as token buckets would, and gives no more than the
    burst and what comes back, in any stretch of time.
    """

    @initialize()
    def start(self) -> None:
        self.clock = Clock(1000.0)
        self.limiter = MemoryLimiter(clock=self.clock)
        self.model = Buckets(RATES)
        self.taken: dict[str, list[float]] = {key: [] for key in RATES}

    @rule(keys=st.lists(st.sampled_from(sorted(RATES)), min_size=1, max_size=3, unique=True), times=st.integers(1, 6))
    def take(self, keys: list[str], times: int) -> None:
        for _ in range(times):
            denied = asyncio.run(self.limiter.take([Claim(key, RATES[key]) for key in keys]))
            expected = self.model.take(keys)
            assert (denied is None) == (expected is None)
            if denied and expected:
                assert denied.wait == pytest.approx(expected[1], abs=1e-6)
                assert self.model.wait(denied.claim.key) == pytest.approx(expected[1], abs=1e-6)
            if denied is None:
                for key in keys:
                    self.taken[key].append(self.clock.now)

    @rule(steps=st.integers(1, 400))
    def pass_by(self, steps: int) -> None:
        self.clock.now += steps / 64  # exact in binary: the model's sums and the limiter's are to agree
        self.model.pass_by(steps / 64)

    @invariant()
    def no_more_than_the_rate(self) -> None:
        for key, rate in RATES.items():
            moments = self.taken[key]
            for first, since in enumerate(moments):
                within = moments[-1] - since
                assert len(moments) - first <= rate.burst + within / rate.interval + 1e-2


TestAgainstTokenBuckets = AgainstTokenBuckets.TestCase
TestAgainstTokenBuckets.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
