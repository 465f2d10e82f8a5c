"""The breaker in front of an upstream: who is let through, and what of a call counts as a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from bot.breaker import Breaker, Resting
from bot.errors import LookupFailed, SourceDown, SourceFailed, Unreachable
from bot.profiles.wire import EventsRefused


@contextmanager
def admitted(breaker: Breaker, caller: object) -> Iterator[None]:
    """Run the block if the breaker lets `caller` through.

    Raises:
        SourceDown: it doesn't.
    """
    try:
        breaker.admit(caller)
    except Resting as resting:
        raise SourceDown(resting.wait) from None
    try:
        yield
    finally:
        breaker.left(caller)


@contextmanager
def judged(breaker: Breaker, caller: object, *, hung: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Tell the breaker what comes of the block, which sends one call and reads its answer.

    Any answer that can be read is a success, a refusal as well. 5xx, an answer that can't be read, and none at all are failures.
    A call that is cancelled has no outcome unless it `hung`.
    """
    try:
        yield
    except asyncio.CancelledError:
        if hung():
            breaker.failed(caller)
        raise
    except (LookupFailed, EventsRefused) as error:
        if unanswered(error):
            breaker.failed(caller)
        else:
            breaker.succeeded()
        raise
    breaker.succeeded()


def unanswered(error: Exception) -> bool:
    """Whether the upstream gave no answer worth the name."""
    if isinstance(error, SourceFailed):
        return error.status is None or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, Unreachable)
