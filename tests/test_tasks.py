"""Work that outlives its starter is kept, and waited for at the end."""

from __future__ import annotations

import asyncio
import gc

import pytest

from bot.tasks import TaskSet

pytestmark = pytest.mark.looptime


@pytest.fixture
def tasks() -> TaskSet:
    return TaskSet()


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_start(tasks: TaskSet) -> None:
    """Work runs by itself, and is forgotten once it is done."""
    task = tasks.start(asyncio.sleep(1, "done"))
    gc.collect()

    assert len(tasks) == 1
    assert await task == "done"
    assert len(tasks) == 0


async def test_failure(tasks: TaskSet) -> None:
    """Work that fails is forgotten too, and tells whoever waits for it."""

    async def fail() -> None:
        raise ValueError("no luck")

    task = tasks.start(fail())
    with pytest.raises(ValueError, match="no luck"):
        await task

    assert len(tasks) == 0


async def test_drain_nothing(tasks: TaskSet) -> None:
    """Where nothing runs there is nothing to wait for."""
    assert (await tasks.drain(10), now()) == (0, 0)


async def test_drain(tasks: TaskSet) -> None:
    """At the end work is waited for, and so is the work that it starts."""
    done = list[int]()

    async def work(left: int) -> None:
        await asyncio.sleep(1)
        done.append(left)
        if left:
            tasks.start(work(left - 1))

    tasks.start(work(2))

    assert (await tasks.drain(10), done, now()) == (0, [2, 1, 0], 3)


async def test_drain_cancels(tasks: TaskSet) -> None:
    """What takes too long is cancelled, and counted."""
    quick, slow, slower = (tasks.start(asyncio.sleep(delay)) for delay in (1, 60, 90))

    assert (await tasks.drain(5), now()) == (2, 5)
    assert (quick.cancelled(), slow.cancelled(), slower.cancelled(), len(tasks)) == (False, True, True, 0)


async def test_drain_without_time(tasks: TaskSet) -> None:
    """Without time everything is cancelled at once, even work that fails while it is."""

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("no luck")

    tasks.start(stubborn())
    await asyncio.sleep(0)

    assert (await tasks.drain(0), now(), len(tasks)) == (1, 0, 0)
