"""Work that outlives the call that started it: referenced while it runs, and waited for at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class TaskSet:
    """Running tasks. (The event loop itself keeps only weak references: asyncio, "Creating Tasks".)"""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` in a task of its own."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def drain(self, within: float) -> int:
        """Wait for all of them, and for those they start, at most `within` seconds; cancel the rest and return how many."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while self._running and loop.time() < until:
            await asyncio.wait(self._running, timeout=until - loop.time())
        left = list(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return len(left)
