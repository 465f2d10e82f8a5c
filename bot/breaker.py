"""A circuit breaker: whoever failed several times in a row is left alone for a moment, then one caller tries again."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class State(StrEnum):
    """Closed lets everybody through, open nobody, half-open the one who tries."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Resting(Exception):
    """The breaker is open. `wait` is in seconds, until somebody may try again."""

    def __init__(self, wait: float) -> None:
        super().__init__()
        self.wait = wait


class Breaker:
    """One upstream's.

    Opens after `failures` in a row, for `pause` seconds; then one caller may try, and its outcome decides for all. `clock` is
    monotonic, in seconds.
    """

    def __init__(self, *, clock: Callable[[], float], failures: int, pause: float) -> None:
        self._clock = clock
        self._failures = failures
        self._pause = pause
        self._failed = 0
        self._opened: float | None = None
        self._prober: object | None = None

    @property
    def state(self) -> State:
        """Closed, open or half-open."""
        if self._opened is None:
            return State.CLOSED
        return State.OPEN if self._prober is None and self._left > 0 else State.HALF_OPEN

    def check(self) -> None:
        """Pass if a caller would be let through now.

        Raises:
            Resting: nobody would.
        """
        if self._opened is not None and (self._prober is not None or self._left > 0):
            raise Resting(max(self._left, self._pause / 2))

    def admit(self, caller: object) -> None:
        """Let `caller` through, as often as it likes; what it meets is to be told. While half-open it is the one who tries.

        Raises:
            Resting: not now.
        """
        if self._opened is None or self._prober is caller:
            return
        self.check()
        self._prober = caller

    def succeeded(self) -> None:
        """A call got an answer: whatever it says, the upstream is there."""
        self._failed, self._opened, self._prober = 0, None, None

    def failed(self, caller: object) -> None:
        """A call of `caller` got none, or nonsense. What was sent before the breaker opened tells nothing new."""
        if self._opened is not None and self._prober is not caller:
            return
        self._failed += 1
        if self._opened is not None or self._failed >= self._failures:
            self._opened, self._prober = self._clock(), None

    def left(self, caller: object) -> None:
        """`caller` went without an outcome: if it was the one who tried, the next may."""
        if self._prober is caller:
            self._prober = None

    @property
    def _left(self) -> float:
        return 0.0 if self._opened is None else self._opened + self._pause - self._clock()
