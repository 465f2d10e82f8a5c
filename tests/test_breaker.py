"""Whoever fails several times in a row is left alone for a moment; then one caller tries, and its outcome decides for all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.breaker import Breaker, Resting, State
from tests.factories import Clock

FAILURES, PAUSE = 3, 10


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[State]:
    return []


@pytest.fixture
def breaker(clock: Clock, told: list[State]) -> Breaker:
    return Breaker(clock=clock, failures=FAILURES, pause=PAUSE, changed=told.append)


def fail(breaker: Breaker, caller: str = "a", times: int = 1) -> None:
    for _ in range(times):
        breaker.admit(caller)
        breaker.failed(caller)
        breaker.left(caller)


def wait(attempt: Callable[[object], None], caller: str = "z") -> float:
    """How long the breaker rests, 0 if it lets the caller through."""
    try:
        attempt(caller)
    except Resting as resting:
        return resting.wait
    return 0


def test_closed(breaker: Breaker) -> None:
    """Fewer failures than it takes change nothing."""
    fail(breaker, times=FAILURES - 1)

    assert (breaker.state, wait(breaker.check), wait(breaker.admit)) == (State.CLOSED, 0, 0)


def test_opens(breaker: Breaker, clock: Clock) -> None:
    """After so many in a row nobody is let through, and each is told how long that lasts."""
    fail(breaker, times=FAILURES)
    clock.now = 4

    assert (breaker.state, wait(breaker.check), wait(breaker.admit)) == (State.OPEN, 6, 6)


def test_in_a_row(breaker: Breaker) -> None:
    """A success in between starts the count anew."""
    fail(breaker, times=FAILURES - 1)
    breaker.succeeded()
    fail(breaker, times=FAILURES - 1)

    assert breaker.state is State.CLOSED


def test_one_probe(breaker: Breaker, clock: Clock) -> None:
    """After the pause one caller may try, with as many calls as it likes; others are told to wait."""
    fail(breaker, times=FAILURES)
    clock.now = PAUSE

    assert (breaker.state, wait(breaker.check)) == (State.HALF_OPEN, 0)
    assert [wait(breaker.admit, caller) for caller in "abab"] == [0, PAUSE, 0, PAUSE]
    assert [wait(breaker.check, caller) for caller in "ab"] == [0, PAUSE]
    assert wait(lambda _: breaker.check()) == PAUSE


def test_probe_hangs(breaker: Breaker, clock: Clock) -> None:
    """Of a caller who has no outcome after another pause nobody takes notice any more: the next may try."""
    fail(breaker, times=FAILURES)
    clock.now = PAUSE
    breaker.admit("a")
    clock.now = 2 * PAUSE
    breaker.admit("b")
    breaker.failed("a")

    assert (breaker.state, wait(breaker.admit, "b"), wait(breaker.admit, "a")) == (State.HALF_OPEN, 0, PAUSE)


def test_probe_succeeds(breaker: Breaker, clock: Clock) -> None:
    """A probe that succeeds closes it, and forgets what failed before."""
    fail(breaker, times=FAILURES)
    clock.now = PAUSE
    breaker.admit("a")
    breaker.succeeded()
    breaker.left("a")
    fail(breaker, "b", times=FAILURES - 1)

    assert breaker.state is State.CLOSED


def test_probe_fails(breaker: Breaker, clock: Clock) -> None:
    """A probe that fails opens it again, for a whole pause."""
    fail(breaker, times=FAILURES)
    clock.now = PAUSE + 5
    fail(breaker)

    assert (breaker.state, wait(breaker.admit)) == (State.OPEN, PAUSE)


def test_late_failures(breaker: Breaker, clock: Clock) -> None:
    """What was sent before it opened, and fails after, neither prolongs the pause nor ends another's probe."""
    for _ in range(3):
        breaker.admit("slow")
    fail(breaker, times=FAILURES)
    clock.now = 5
    breaker.failed("slow")
    clock.now = PAUSE
    breaker.failed("slow")
    breaker.admit("b")
    breaker.failed("slow")
    breaker.left("slow")

    assert (breaker.state, wait(breaker.admit, "b"), wait(breaker.admit, "c")) == (State.HALF_OPEN, 0, PAUSE)


def test_late_success(breaker: Breaker) -> None:
    """What was sent before it opened, and is answered after, shows that the upstream is there."""
    breaker.admit("slow")
    fail(breaker, times=FAILURES)
    breaker.succeeded()

    assert breaker.state is State.CLOSED


def test_probe_leaves(breaker: Breaker, clock: Clock) -> None:
    """Once all calls of the one who tries have gone without an outcome, the next may try."""
    fail(breaker, times=FAILURES)
    clock.now = PAUSE
    breaker.admit("a")
    breaker.admit("a")
    breaker.left("a")
    assert wait(breaker.admit, "b") == PAUSE

    breaker.left("a")
    assert [wait(breaker.admit, caller) for caller in "ba"] == [0, PAUSE]


def test_changes_are_told(breaker: Breaker, clock: Clock, told: list[State]) -> None:
    """Each change of state is told once."""
    fail(breaker, times=FAILURES)
    for clock.now in (PAUSE, 2 * PAUSE):
        fail(breaker)
    clock.now = 3 * PAUSE
    for caller in "ab":
        breaker.admit(caller)
        breaker.left(caller)
    breaker.succeeded()
    breaker.succeeded()

    assert told == [State.OPEN, *[State.HALF_OPEN, State.OPEN] * 2, State.HALF_OPEN, State.CLOSED]


class AgainstAModel(RuleBasedStateMachine):
    """Whoever calls, fails, answers and leaves in whatever order, it behaves as a simple model does, which knows each call.

    `turns` counts how often it opened or closed, so that a call knows whether it was sent before. A flight with calls of an
    earlier turn asks for nothing more.
    """

    flights = st.sampled_from("abcd")

    @initialize()
    def start(self) -> None:
        self.clock = Clock()
        self.told: list[State] = []
        self.breaker = Breaker(clock=self.clock, failures=FAILURES, pause=PAUSE, changed=self.told.append)
        self.calls: list[tuple[str, int]] = []
        self.turns, self.in_a_row = 0, 0
        self.opened: float | None = None
        self.prober: str | None = None
        self.tried = 0.0

    @rule(seconds=st.integers(1, PAUSE))
    def time_passes(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(flight=flights)
    def call(self, flight: str) -> None:
        assume(all(turn == self.turns for each, turn in self.calls if each == flight))
        since = self.opened if self.prober is None else self.tried
        free = since is None or self.prober == flight or self.clock.now >= since + PAUSE

        assert (wait(self.breaker.check, flight) == 0) == free
        assert (wait(self.breaker.admit, flight) == 0) == free
        if free:
            self.calls.append((flight, self.turns))
            if self.opened is not None and self.prober != flight:
                self.prober, self.tried = flight, self.clock.now

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), outcome=st.sampled_from(["answered", "failed", "nothing"]))
    def end(self, data: st.DataObject, outcome: str) -> None:
        call = data.draw(st.sampled_from(self.calls))
        self.calls.remove(call)
        flight, _ = call
        match outcome:
            case "answered":
                self.breaker.succeeded()
                self.in_a_row = 0
                if self.opened is not None:
                    self.turn(None)
            case "failed":
                self.breaker.failed(flight)
                self.in_a_row += self.opened is None
                if self.in_a_row == FAILURES or (self.opened is not None and flight == self.prober):
                    self.turn(self.clock.now)
        self.breaker.left(flight)
        if call not in self.calls and flight == self.prober:
            self.prober = None

    def turn(self, opened: float | None) -> None:
        self.opened, self.prober, self.in_a_row = opened, None, 0
        self.turns += 1

    @invariant()
    def same_state(self) -> None:
        expected = State.HALF_OPEN
        if self.opened is None:
            expected = State.CLOSED
        elif self.prober is None and self.clock.now < self.opened + PAUSE:
            expected = State.OPEN

        assert self.breaker.state is expected
        assert [state for state, _ in groupby(self.told)] == self.told


TestAgainstAModel = AgainstAModel.TestCase
TestAgainstAModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
