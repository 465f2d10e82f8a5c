"""Which failed calls to the source are sent again, and after how long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import stamina

from bot.errors import Busy, LookupFailed, SourceFailed, Throttled, Unreachable
from bot.telemetry import unobserved

T = TypeVar("T")

PASSING = frozenset(
    {
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Statuses that the next attempt may not meet. An answer that nobody can read would be as odd the next time."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A call that is sent again, for the `count`-th time, because of `error`."""

    error: LookupFailed
    count: int


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `attempts` in all; `observe` is told of each but the first.

    Where the source doesn't say how long to wait, it is `pause` seconds before the second attempt, twice as long before each
    further one, and up to `pause` more by chance, so that those who failed together don't come back together.
    """

    attempts: int
    pause: float
    observe: Callable[[Retry], None] = unobserved

    async def __call__(self, call: Callable[[], Awaitable[T]], *, fits: Callable[[float], bool]) -> T:
        """The result of `call`. `fits` tells whether a call that is sent so many seconds from now can still end in time: if
        not, the error is raised at once, so that whoever waits for nothing hears of it now.

        Raises:
            LookupFailed: what the last attempt raised.
        """
        try:
            return await call()  # before stamina, which would take as long as the rest of a call that needs no retry
        except LookupFailed as error:
            first = error
        longest = 0.0
        failed: list[LookupFailed] = []

        def again(error: Exception) -> bool | float:
            if isinstance(error, LookupFailed):
                failed.append(error)
            told = error.retry_after if isinstance(error, Throttled) else None
            fine = passes(error) and fits(longest if told is None else told)
            return fine if told is None or not fine else told

        async for attempt in stamina.retry_context(
            again, attempts=self.attempts, timeout=None, wait_initial=self.pause, wait_max=float("inf"), wait_jitter=self.pause
        ):
            longest = attempt.next_wait + self.pause
            if failed:
                self.observe(Retry(failed[-1], len(failed)))
            with attempt:
                if not failed:
                    raise first
                try:
                    return await call()
                except Busy:
                    raise failed[-1] from None  # that there is no room for another attempt is not what went wrong
        raise AssertionError("an attempt returns or raises")  # pragma: no cover


def passes(error: Exception) -> bool:
    """Whether another attempt may fare better."""
    return isinstance(error, (Throttled, Unreachable)) or (isinstance(error, SourceFailed) and error.status in PASSING)
