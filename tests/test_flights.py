"""However many ask for the same thing at once, it is fetched once."""

from __future__ import annotations

import asyncio

import pytest

from bot.flights import Flights
from bot.tasks import TaskSet

pytestmark = pytest.mark.looptime


class Fetch:
    """Takes a second, and counts; fails while it is told to."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.count += 1
        count = self.count
        await asyncio.sleep(1)
        if self.error:
            raise self.error
        return count


@pytest.fixture
def tasks() -> TaskSet:
    return TaskSet()


@pytest.fixture
def fetch() -> Fetch:
    return Fetch()


@pytest.fixture
def flights(tasks: TaskSet) -> Flights[int]:
    return Flights(tasks, linger=2)


async def test_one_for_many(flights: Flights[int], fetch: Fetch) -> None:
    """Those who ask while a flight is under way join it."""
    results = await asyncio.gather(*(flights.join("a", fetch) for _ in range(1000)))

    assert (set(results), fetch.count, asyncio.get_running_loop().time()) == ({1}, 1, 1)


async def test_keys(flights: Flights[int], fetch: Fetch) -> None:
    """Another key has another flight."""
    one, other = await asyncio.gather(flights.join("a", fetch), flights.join("b", fetch))

    assert (one, other) == (1, 2)


async def test_after_landing(flights: Flights[int], fetch: Fetch) -> None:
    """Once a flight has landed, the next call starts another."""
    assert [await flights.join("a", fetch), await flights.join("a", fetch)] == [1, 2]


async def test_failure(flights: Flights[int], fetch: Fetch) -> None:
    """A failure is shared by all who wait."""
    fetch.error = ValueError("no luck")
    results = await asyncio.gather(*(flights.join("a", fetch) for _ in range(100)), return_exceptions=True)

    assert (set(results), fetch.count) == ({fetch.error}, 1)


async def test_lingering(flights: Flights[int], fetch: Fetch) -> None:
    """A failure is shared for a while by those who come too late, and then forgotten."""
    fetch.error = ValueError("no luck")
    for _ in range(5):
        with pytest.raises(ValueError, match="no luck"):
            await flights.join("a", fetch)
    assert fetch.count == 1

    fetch.error = None
    await asyncio.sleep(2.1)
    assert (await flights.join("a", fetch), fetch.count) == (2, 2)


async def test_without_lingering(tasks: TaskSet, fetch: Fetch) -> None:
    """Where failures don't linger, the next call starts another flight at once."""
    flights = Flights[int](tasks)
    fetch.error = ValueError("no luck")
    for _ in range(2):
        with pytest.raises(ValueError, match="no luck"):
            await flights.join("a", fetch)

    assert fetch.count == 2


async def test_failure_of_one(tasks: TaskSet, fetch: Fetch) -> None:
    """A failure that concerns the one who started the flight is shared by those who wait, and by nobody who comes later."""
    flights = Flights[int](tasks, linger=2, lasting=lambda error: not isinstance(error, ValueError))
    fetch.error = ValueError("no luck")
    results = await asyncio.gather(*(flights.join("a", fetch) for _ in range(100)), return_exceptions=True)
    assert (set(results), fetch.count) == ({fetch.error}, 1)

    fetch.error = None
    assert await flights.join("a", fetch) == 2


async def test_failure_of_all(tasks: TaskSet, fetch: Fetch) -> None:
    """Where some failures concern one alone, the others linger all the same."""
    flights = Flights[int](tasks, linger=2, lasting=lambda error: not isinstance(error, ValueError))
    fetch.error = KeyError("no luck")
    for _ in range(3):
        with pytest.raises(KeyError, match="no luck"):
            await flights.join("a", fetch)

    assert fetch.count == 1


async def test_a_waiter_leaves(flights: Flights[int], fetch: Fetch) -> None:
    """A waiter who is cancelled leaves; the flight goes on for the others."""
    one, other = (asyncio.create_task(flights.join("a", fetch)) for _ in range(2))
    await asyncio.sleep(0.5)
    one.cancel()

    assert (await other, one.cancelled(), fetch.count) == (1, True, 1)


async def test_all_waiters_leave(flights: Flights[int], fetch: Fetch, tasks: TaskSet) -> None:
    """A flight without waiters goes on, can still be joined, and its failure troubles nobody."""
    fetch.error = ValueError("no luck")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(flights.join("a", fetch), 0.2)
    assert len(tasks) == 1

    with pytest.raises(ValueError, match="no luck"):
        await flights.join("a", fetch)
    assert (fetch.count, len(tasks)) == (1, 0)


async def test_shutdown(flights: Flights[int], fetch: Fetch, tasks: TaskSet) -> None:
    """A flight that is cancelled at the end cancels its waiters, and doesn't linger."""
    waiter = asyncio.create_task(flights.join("a", fetch))
    await asyncio.sleep(0.5)
    await tasks.drain(0)
    with pytest.raises(asyncio.CancelledError):
        await waiter

    assert await flights.join("a", fetch) == 2
