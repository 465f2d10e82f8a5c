"""A circuit breaker: whoever failed several times in a row is left alone for a moment, then one caller tries again."""

from __future__ import annotations

from collections import Counter
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

    Opens after `failures` in a row, for `pause` seconds; then one caller may try, and its outcome decides for all. While it has
    none, another may try after as long again, so that nobody waits for one who hangs. Each call is admitted, tells its outcome if
    it has one, and leaves. A caller may have several calls under way.

    Args:
        clock: monotonic, in seconds.
        failures: how many in a row open it.
        pause: seconds until somebody may try again.
        changed: told of each new state. Open becomes half-open when somebody tries; must not raise.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        failures: int,
        pause: float,
        changed: Callable[[State], None] = lambda _state: None,
    ) -> None:
        self._clock = clock
        self._failures = failures
        self._pause = pause
        self._changed = changed
        self._told = State.CLOSED
        self._failed = 0
        self._opened: float | None = None
        self._prober: object | None = None
        self._probes: Counter[int] = Counter()
        self._tried = 0.0

    @property
    def state(self) -> State:
        """Closed, open or half-open; the latter too while somebody might try, and nobody does."""
        if self._opened is None:
            return State.CLOSED
        return State.OPEN if self._prober is None and self._left > 0 else State.HALF_OPEN

    def check(self, caller: object = None) -> None:
        """Pass if `caller`, or anybody, would be let through now.

        Raises:
            Resting: not now.
        """
        if self._opened is None or (self._prober is not None and self._prober is caller):
            return
        if self._left > 0:
            raise Resting(self._left)

    def admit(self, caller: object) -> None:
        """Let a call of `caller` through. While half-open, `caller` is the one who tries, with as many calls as it likes.

        Raises:
            Resting: not now.
        """
        self.check(caller)
        if self._opened is not None:
            if self._prober is not caller:
                self._prober, self._tried = caller, self._clock()
            self._probes[id(caller)] += 1
            self._tell()

    def succeeded(self) -> None:
        """A call got an answer: whatever it says, the upstream is there."""
        self._failed, self._opened = 0, None
        self._end_probe()

    def failed(self, caller: object) -> None:
        """A call of `caller` got none, or nonsense. What was sent before the breaker opened tells nothing new."""
        if self._opened is not None and self._prober is not caller:
            return
        self._failed += 1
        if self._opened is not None or self._failed >= self._failures:
            self._opened = self._clock()
            self._end_probe()

    def left(self, caller: object) -> None:
        """A call of `caller` is over, whether it told an outcome or not. If none of those who tried did, the next may try."""
        if self._probes[id(caller)] > 0:
            self._probes[id(caller)] -= 1
            if self._prober is caller and not self._probes[id(caller)]:
                self._prober = None
                self._tell()

    def _end_probe(self) -> None:
        self._prober = None
        self._probes.clear()
        self._tell()

    def _tell(self) -> None:
        if (state := self.state) is not self._told:
            self._told = state
            self._changed(state)

    @property
    def _left(self) -> float:
        since = self._opened if self._prober is None else self._tried
        return 0.0 if since is None else since + self._pause - self._clock()
