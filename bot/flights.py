"""Single flight: however many ask for the same thing at once, it is fetched once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from bot.tasks import TaskSet

T = TypeVar("T")


class Flights(Generic[T]):
    """One running task a key, shared by everyone who asks for that key meanwhile.

    A flight that failed stays joinable for `linger` seconds, so that those who come a moment too late share its error instead of
    sending the next call to a source that is in trouble; unless the error isn't `lasting`, but concerns the one who started it.
    Cancelling a waiter never cancels the flight.
    """

    def __init__(
        self, tasks: TaskSet, *, linger: float = 0.0, lasting: Callable[[BaseException], bool] = lambda _error: True
    ) -> None:
        self._tasks = tasks
        self._linger = linger
        self._lasting = lasting
        self._aloft: dict[Hashable, asyncio.Task[T]] = {}

    async def join(self, key: Hashable, fetch: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the flight under way for `key`, else of a new one that `fetch` starts.

        Raises:
            Exception: whatever `fetch` raises, for everyone who waits.
        """
        flight = self._aloft.get(key)
        if flight is None:
            flight = self._aloft[key] = self._tasks.start(fetch())
            flight.add_done_callback(lambda landed: self._land(key, landed))
        return await asyncio.shield(flight)

    def _land(self, key: Hashable, landed: asyncio.Task[T]) -> None:
        error = None if landed.cancelled() else landed.exception()
        if error is not None and self._linger and self._lasting(error):
            asyncio.get_running_loop().call_later(self._linger, self._aloft.pop, key, None)
        else:
            self._aloft.pop(key, None)
