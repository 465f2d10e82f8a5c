"""Answers are kept, each for as long as it deserves."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.memory import BoundedMemory
from bot.profiles.cache import ENTRY_OVERHEAD, JITTER, PROFILE, Entry, ProfileCache
from bot.profiles.model import Missing, Part, Why
from tests.factories import EPOCH, LIFETIMES, NOON, profile


@dataclass
class Clock:
    now: float = EPOCH

    def __call__(self) -> float:
        return self.now


def size(value: object) -> int:
    assert isinstance(value, Entry)
    return value.size


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory() -> BoundedMemory:
    return BoundedMemory(most=100_000, weigh=size)


@pytest.fixture
def cache(memory: BoundedMemory, clock: Clock) -> ProfileCache:
    return ProfileCache(memory, lifetimes=LIFETIMES, clock=clock, spread=lambda: 1.0)


def lives(entry: Entry) -> tuple[float, float, float]:
    return (entry.fresh_until - EPOCH, entry.stale_until - EPOCH, entry.expires - EPOCH)


async def test_profile(cache: ProfileCache) -> None:
    """A profile comes back as it was, and knows when it was fetched."""
    await cache.put("a", profile())
    entry = await cache.get("a")

    assert entry
    assert (entry.opened(), entry.fetched, lives(entry)) == (profile(), EPOCH, (60, 600, 86_400))


async def test_nothing(cache: ProfileCache) -> None:
    """What was never put isn't there."""
    assert await cache.get("a") is None


async def test_nobody(cache: ProfileCache, clock: Clock) -> None:
    """That nobody was found is remembered for a short while, and takes the place of a profile."""
    await cache.put("a", profile())
    await cache.put("a", None)
    entry = await cache.get("a")

    assert entry
    assert (entry.profile, lives(entry)) == (None, (30, 30, 30))
    clock.now += 30
    assert await cache.get("a") is None


async def test_end_of_life(cache: ProfileCache, clock: Clock) -> None:
    """An entry is there until its life is over by the given clock."""
    await cache.put("a", profile())
    clock.now += 86_399
    assert await cache.get("a")

    clock.now += 1
    assert await cache.get("a") is None


@pytest.mark.parametrize(
    ("why", "expected"), [(Why.LATE, 10), (Why.THROTTLED, 10), (Why.FAILED, 10), (Why.NOT_ENABLED, 60), (Why.REFUSED, 60)]
)
async def test_partial(cache: ProfileCache, why: Why, expected: float) -> None:
    """Where a part is missing that may come soon, the profile is fresh for a shorter time."""
    entry = await cache.put("a", profile(missing=(Missing(Part.EVENTS, why),)))

    assert lives(entry) == (expected, 600, 86_400)


@pytest.mark.parametrize(("until", "expected"), [(None, 60), (20, 20), (100, 60), (-5, -5)])
async def test_valid_until(cache: ProfileCache, until: float | None, expected: float) -> None:
    """A profile isn't fresh beyond the moment at which its verdict turns."""
    entry = await cache.put("a", profile(), valid_until=None if until is None else EPOCH + until)

    assert lives(entry)[0] == expected


async def test_spread(memory: BoundedMemory, clock: Clock) -> None:
    """Entries that came together don't turn stale together."""
    half = ProfileCache(memory, lifetimes=LIFETIMES, clock=clock, spread=lambda: 0.5)
    some = ProfileCache(memory, lifetimes=LIFETIMES, clock=clock)

    assert lives(await half.put("a", profile())) == (30, 300, 86_400)
    assert lives(await some.put("a", profile()))[0] == pytest.approx(60, rel=JITTER)


async def test_reweigh(cache: ProfileCache, memory: BoundedMemory) -> None:
    """Bodies hung on an entry count as soon as that is told."""
    entry = await cache.put("a", profile())
    bare = memory.weight
    entry.bodies["x"] = "y" * 500
    assert memory.weight == bare == ENTRY_OVERHEAD + len(PROFILE.dump_json(profile()))

    await cache.reweigh("a", entry)
    assert (memory.weight, await cache.get("a")) == (bare + sys.getsizeof("y" * 500), entry)


async def test_weight_is_memory(cache: ProfileCache, memory: BoundedMemory) -> None:
    """What counts is memory: one wide character makes every character of a text four bytes."""
    entry = await cache.put("a", profile())
    bare = memory.weight
    entry.bodies["x"] = "y" * 500 + "🦊"
    await cache.reweigh("a", entry)

    assert memory.weight - bare > 4 * 500


async def test_reweigh_pushes_out(cache: ProfileCache, memory: BoundedMemory) -> None:
    """Bodies push out what was used least recently, and an entry too heavy for the memory is let go."""
    first, second = await cache.put("a", profile()), await cache.put("b", profile())
    second.bodies["x"] = "y" * 95_000
    await cache.reweigh("b", second)
    assert (await cache.get("a"), await cache.get("b")) == (None, second)

    second.bodies["z"] = "y" * 95_000
    await cache.reweigh("b", second)
    assert (await cache.get("b"), memory.weight) == (None, 0)
    assert first.opened() == profile()


async def test_reweigh_a_former_entry(cache: ProfileCache) -> None:
    """An entry that has been replaced doesn't come back by being weighed."""
    former = await cache.put("a", profile())
    entry = await cache.put("a", profile(dropped=1))
    await cache.reweigh("a", former)
    assert await cache.get("a") is entry

    await cache.reweigh("b", former)
    assert await cache.get("b") is None


async def test_reweigh_after_the_end(cache: ProfileCache, clock: Clock) -> None:
    """Weighing doesn't prolong an entry's life."""
    entry = await cache.put("a", profile())
    clock.now += timedelta(days=2).total_seconds()
    await cache.reweigh("a", entry)

    assert await cache.get("a") is None


def test_json() -> None:
    """A profile survives being kept as JSON, to the last digit and microsecond."""
    exact = profile(last_modified=NOON.replace(microsecond=123_457))

    assert PROFILE.validate_json(PROFILE.dump_json(exact)) == exact
