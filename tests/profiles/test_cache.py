"""Answers are kept, each for as long as it deserves; replicas share them, and whoever is forgotten is gone everywhere."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.errors import NotSetUp
from bot.flights import Flights
from bot.memory import BoundedMemory
from bot.profiles.alone import Alone
from bot.profiles.cache import ENTRY_OVERHEAD, JITTER, PROFILE, SWEPT_AFTER, VALUES_WEIGH, Buried, Entry, ProfileCache
from bot.profiles.model import Missing, Part, Profile, Why
from bot.profiles.ports import Copy
from bot.profiles.tombstones import Tombstones
from bot.tasks import TaskSet
from tests.factories import EPOCH, LIFETIMES, NOON, profile
from tests.profiles.replicas import EVERYTHING, Bus, Clock, Replica, Shared, marks_of

A, B, C = ("a",), ("b",), ("c",)
BOB = profile(xid="invented bob")


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
    return made(memory, clock)(spread=lambda: 1.0)


def made(memory: BoundedMemory, clock: Clock) -> partial[ProfileCache]:
    return partial(
        ProfileCache,
        memory,
        Alone(),
        Tombstones(Alone(), everything=EVERYTHING, clock=clock, kept=LIFETIMES.kept),
        reads=Flights(TaskSet()),
        lifetimes=LIFETIMES,
        clock=clock,
        marks_of=marks_of,
    )


def lives(entry: Entry) -> tuple[float, float, float]:
    return (entry.copy.fresh_until - EPOCH, entry.copy.stale_until - EPOCH, entry.copy.expires - EPOCH)


async def test_profile(cache: ProfileCache) -> None:
    """A profile comes back as it was, and knows when it was fetched."""
    await cache.put(A, profile(), started=EPOCH)
    entry = await cache.get(A)

    assert entry
    assert (entry.opened(), entry.copy.fetched, lives(entry)) == (profile(), EPOCH, (60, 600, 86_400))


async def test_nobody_shares(memory: BoundedMemory, clock: Clock) -> None:
    """Where nothing is shared, no flight is needed to find nothing."""
    alone = made(memory, clock)(reads=None)
    before = await alone.get(A)
    kept = await alone.put(A, profile(), started=EPOCH)

    assert (before, await alone.get(A)) == (None, kept)


async def test_nothing(cache: ProfileCache) -> None:
    """What was never put isn't there."""
    assert await cache.get(A) is None


async def test_nobody(cache: ProfileCache, clock: Clock) -> None:
    """That nobody was found is remembered for a short while, and takes the place of a profile."""
    await cache.put(A, profile(), started=EPOCH)
    await cache.put(A, None, started=EPOCH)
    entry = await cache.get(A)

    assert entry
    assert (entry.profile, lives(entry)) == (None, (30, 30, 30))
    clock.now += 30
    assert await cache.get(A) is None


async def test_end_of_life(cache: ProfileCache, clock: Clock) -> None:
    """An entry is there until its life is over by the given clock."""
    await cache.put(A, profile(), started=EPOCH)
    clock.now += 86_399
    assert await cache.get(A)

    clock.now += 1
    assert await cache.get(A) is None


@pytest.mark.parametrize(
    ("why", "expected"), [(Why.LATE, 10), (Why.THROTTLED, 10), (Why.FAILED, 10), (Why.NOT_ENABLED, 60), (Why.REFUSED, 60)]
)
async def test_partial(cache: ProfileCache, why: Why, expected: float) -> None:
    """Where a part is missing that may come soon, the profile is fresh for a shorter time."""
    entry = await cache.put(A, profile(missing=(Missing(Part.EVENTS, why),)), started=EPOCH)

    assert lives(entry) == (expected, 600, 86_400)


@pytest.mark.parametrize(("until", "expected"), [(None, 60), (20, 20), (100, 60), (-5, -5)])
async def test_valid_until(cache: ProfileCache, until: float | None, expected: float) -> None:
    """A profile isn't fresh beyond the moment at which its verdict turns."""
    entry = await cache.put(A, profile(), started=EPOCH, valid_until=None if until is None else EPOCH + until)

    assert lives(entry)[0] == expected


async def test_spread(memory: BoundedMemory, clock: Clock) -> None:
    """Entries that came together don't turn stale together."""
    half, some = made(memory, clock)(spread=lambda: 0.5), made(memory, clock)()

    assert lives(await half.put(A, profile(), started=EPOCH)) == (30, 300, 86_400)
    assert lives(await some.put(A, profile(), started=EPOCH))[0] == pytest.approx(60, rel=JITTER)


async def test_reweigh(cache: ProfileCache, memory: BoundedMemory) -> None:
    """Bodies hung on an entry count as soon as that is told."""
    entry = await cache.put(A, profile(), started=EPOCH)
    entry.opened()
    await cache.reweigh(entry)
    bare = memory.weight
    entry.bodies["x"] = "y" * 500
    assert memory.weight == bare == ENTRY_OVERHEAD + len(PROFILE.dump_json(profile()))

    await cache.reweigh(entry)
    assert (memory.weight, await cache.get(A)) == (bare + sys.getsizeof("y" * 500), entry)


async def test_opened(cache: ProfileCache, memory: BoundedMemory) -> None:
    """The values that came are handed out once, and weigh until then; from then on they are read from JSON, and are the same."""
    customer, json = profile(), len(PROFILE.dump_json(profile()))
    entry = await cache.put(A, customer, started=EPOCH)
    assert memory.weight == ENTRY_OVERHEAD + (1 + VALUES_WEIGH) * json

    first, second = entry.opened(), entry.opened()
    await cache.reweigh(entry)
    assert (first is customer, second is customer, second, memory.weight) == (True, False, customer, ENTRY_OVERHEAD + json)


async def test_weight_is_memory(cache: ProfileCache, memory: BoundedMemory) -> None:
    """What counts is memory: one wide character makes every character of a text four bytes."""
    entry = await cache.put(A, profile(), started=EPOCH)
    bare = memory.weight
    entry.bodies["x"] = "y" * 500 + "🦊"
    await cache.reweigh(entry)

    assert memory.weight - bare > 4 * 500


async def test_reweigh_pushes_out(cache: ProfileCache, memory: BoundedMemory) -> None:
    """Bodies push out what was used least recently, and an entry too heavy for the memory is let go."""
    first, second = await cache.put(A, profile(), started=EPOCH), await cache.put(B, profile(), started=EPOCH)
    second.opened()
    second.bodies["x"] = "y" * 95_000
    await cache.reweigh(second)
    assert (await cache.get(A), await cache.get(B)) == (None, second)

    second.bodies["z"] = "y" * 95_000
    await cache.reweigh(second)
    assert (await cache.get(B), memory.weight) == (None, 0)
    assert first.opened() == profile()


async def test_reweigh_a_former_entry(cache: ProfileCache, memory: BoundedMemory) -> None:
    """An entry that has been replaced, or forgotten, doesn't come back by being weighed."""
    former = await cache.put(A, profile(), started=EPOCH)
    entry = await cache.put(A, profile(dropped=1), started=EPOCH)
    await cache.reweigh(former)
    assert await cache.get(A) is entry

    await cache.forget(A)
    await cache.reweigh(entry)
    assert (await cache.get(A), len(memory)) == (None, 0)


async def test_reweigh_after_the_end(cache: ProfileCache, clock: Clock) -> None:
    """Weighing doesn't prolong an entry's life."""
    entry = await cache.put(A, profile(), started=EPOCH)
    clock.now += timedelta(days=2).total_seconds()
    await cache.reweigh(entry)

    assert await cache.get(A) is None


def test_json() -> None:
    """A profile survives being kept as JSON, to the last digit and microsecond."""
    exact = profile(last_modified=NOON.replace(microsecond=123_457))

    assert PROFILE.validate_json(PROFILE.dump_json(exact)) == exact


# What replicas share


@pytest.fixture
def shared(clock: Clock) -> Shared:
    return Shared(clock)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def here(shared: Shared, bus: Bus, clock: Clock) -> Replica:
    return Replica(shared, bus, clock)


@pytest.fixture
def there(shared: Shared, bus: Bus, clock: Clock) -> Replica:
    return Replica(shared, bus, clock)


async def found(replica: Replica, names: tuple[str, ...] = A) -> Profile | None:
    """Whom `replica` would show."""
    entry = await replica.cache.get(names)
    return entry.opened() if entry and entry.profile else None


async def test_shared(here: Replica, there: Replica, clock: Clock) -> None:
    """What one replica has brought the others have too, with the same life, and then each in its own memory."""
    clock.now += 100
    brought = await there.cache.put(A, profile(), started=EPOCH)
    entry = await here.cache.get(A)

    assert entry
    assert (entry.copy, entry.names, entry.bodies) == (brought.copy, A, {})
    assert (entry.copy.started, entry.copy.fetched, entry.copy.marks) == (EPOCH, EPOCH + 100, marks_of(profile()))
    assert await here.cache.get(A) is entry


async def test_nobody_is_shared(here: Replica, there: Replica) -> None:
    """So is that nobody was found."""
    await there.cache.put(A, None, started=EPOCH)
    entry = await here.cache.get(A)

    assert entry
    assert (entry.profile, lives(entry)) == (None, (30, 30, 30))


async def test_memory_first(here: Replica, shared: Shared) -> None:
    """What is in memory costs nobody a question."""
    await here.cache.put(A, profile(), started=EPOCH)
    await here.cache.get(A)

    assert shared.gets == 0


async def test_read_once(here: Replica, there: Replica, shared: Shared) -> None:
    """However many want a copy at once that isn't in memory, it is read once."""
    await there.cache.put(A, profile(), started=EPOCH)
    entries = await asyncio.gather(*(here.cache.get(A) for _ in range(100)))

    assert (shared.gets, len(set(map(id, entries)))) == (1, 1)
    assert entries[0]


async def test_read_too_late(here: Replica, shared: Shared) -> None:
    """A copy that was read while a newer one came doesn't take its place."""
    reading, go_on = asyncio.Event(), asyncio.Event()
    shared.copies["a"] = Copy(None, EPOCH - 20, EPOCH - 20, EPOCH + 10, EPOCH + 10, EPOCH + 10)

    async def slowly() -> None:
        reading.set()
        await go_on.wait()

    shared.step = slowly
    read = asyncio.create_task(here.cache.get(A))
    await reading.wait()
    put = asyncio.create_task(here.cache.put(A, profile(), started=EPOCH))
    await asyncio.sleep(0)
    go_on.set()
    brought = await put

    assert await read is brought
    assert await here.cache.get(A) is brought


async def test_old_key(here: Replica, there: Replica) -> None:
    """A copy is found by any of its names: a replica that knows the new application key finds what one with the old key kept."""
    await there.cache.put(("old",), profile(), started=EPOCH)

    assert await found(here, ("new", "old")) == profile()
    assert await found(here, ("new",)) == profile()


async def test_failures_are_no_copies(here: Replica, there: Replica) -> None:
    """Whoever looks for a copy isn't told that asking has just failed."""
    await there.cache.fail(A, NotSetUp(403), 1.0)

    assert await here.cache.get(A) is None


async def test_observed(shared: Shared, bus: Bus, clock: Clock) -> None:
    """Each look into a layer is told, with what was there."""
    looks: list[tuple[str, str]] = []
    here = Replica(shared, bus, clock, observe=lambda layer, result: looks.append((layer, result)))
    there = Replica(shared, bus, clock)
    await here.cache.get(A)
    await there.cache.put(A, profile(), started=EPOCH)
    await here.cache.get(A)
    for later in (0, 60, 600):
        clock.now = EPOCH + later
        await here.cache.get(A)

    assert looks == [
        ("memory", "miss"),
        ("shared", "miss"),
        ("memory", "miss"),
        ("shared", "fresh"),
        ("memory", "fresh"),
        ("memory", "stale"),
        ("memory", "old"),
    ]


# What another replica has brought


@pytest.mark.parametrize(
    ("fetched", "refresh", "expected"),
    [(-30, False, True), (-30, True, False), (-100, False, False), (0, True, True), (5, True, True), (5, False, True)],
)
async def test_landed(here: Replica, there: Replica, clock: Clock, fetched: float, refresh: bool, expected: bool) -> None:
    """What another replica has brought is adopted if it is fresh, or, by whoever refreshes, if it was brought since."""
    clock.now = EPOCH + fetched
    await there.cache.put(A, profile(), started=clock.now)
    clock.now = EPOCH + max(0, fetched)
    entry = await here.cache.landed(A, since=EPOCH, refresh=refresh)

    assert bool(entry) is expected
    assert [each.copy.fetched for each in await here.remembered()] == ([EPOCH + fetched] if expected else [])


async def test_landed_but_never_fresh(here: Replica, there: Replica) -> None:
    """What was brought since is adopted even if its verdict has turned already: asking again would bring the same."""
    await there.cache.put(A, profile(), started=EPOCH, valid_until=EPOCH - 1)

    assert await here.cache.landed(A, since=EPOCH, refresh=False)


async def test_landed_nobody(here: Replica, there: Replica) -> None:
    """That nobody was found lands too."""
    await there.cache.put(A, None, started=EPOCH)
    entry = await here.cache.landed(A, since=EPOCH, refresh=True)

    assert entry
    assert entry.profile is None


async def test_crashed(here: Replica, there: Replica, clock: Clock) -> None:
    """Another replica's failure is shared for a moment."""
    error = NotSetUp(403)
    await there.cache.fail(A, error, 1.0)
    with pytest.raises(NotSetUp) as crashed:
        await here.cache.landed(A, since=EPOCH, refresh=False)
    assert crashed.value is error

    clock.now += 1
    assert await here.cache.landed(A, since=EPOCH, refresh=False) is None


async def test_landed_but_forgotten(here: Replica, there: Replica) -> None:
    """What was forgotten since it was asked for isn't adopted, whoever brought it."""
    there.tombstones.heard(A, EPOCH - 3600)
    await here.tombstones.bury(A)
    await there.cache.put(A, profile(), started=EPOCH)

    assert await here.cache.landed(A, since=EPOCH, refresh=False) is None


# Forgetting


async def quiet(bus: Bus) -> None:
    """All tidings have arrived, and all sweeps are done."""
    await bus.tasks.drain(60)
    await asyncio.sleep(SWEPT_AFTER + 1)


@pytest.mark.looptime
async def test_forget(here: Replica, there: Replica, shared: Shared, bus: Bus) -> None:
    """Whoever is forgotten is gone from each memory and from what is shared; others stay."""
    await here.cache.put(A, profile(), started=EPOCH)
    await here.cache.put(B, BOB, started=EPOCH)
    await found(there, A)
    await found(there, B)
    forgotten = await here.cache.forget(A)
    assert (forgotten, [await found(here), len(await here.remembered())]) == (Buried(1, told=True), [None, 1])

    await quiet(bus)
    assert [await found(replica, B) for replica in (here, there)] == [BOB, BOB]
    assert (await found(there), [entry.names for entry in await there.remembered()], list(shared.copies)) == (None, [B], ["b"])


@pytest.mark.looptime
async def test_forget_the_person(here: Replica, there: Replica, shared: Shared, bus: Bus) -> None:
    """Forgetting by one identity takes the same person's other identities too, wherever they are known."""
    for replica, names in ((here, A), (here, B), (there, C)):
        await replica.cache.put(names, profile(), started=EPOCH)
    assert await here.cache.forget(A) == Buried(2, told=True)

    await quiet(bus)
    assert [await found(replica, names) for replica in (here, there) for names in (A, B, C)] == [None] * 6
    assert (await here.remembered(), await there.remembered(), shared.copies) == ([], [], {})


@pytest.mark.looptime
async def test_forget_what_only_another_replica_has(here: Replica, there: Replica, shared: Shared, bus: Bus) -> None:
    """Whoever knows more of somebody who was forgotten buries that too: here nobody knows whose identity it is."""
    for names in (A, B):
        await there.cache.put(names, profile(), started=EPOCH)
    shared.copies = {}  # e.g. flushed
    third = Replica(shared, bus, there.clock)
    await third.cache.put(C, profile(), started=EPOCH)
    assert await here.cache.forget(A) == Buried(0, told=True)

    await quiet(bus)
    assert (await there.remembered(), await third.remembered(), shared.copies) == ([], [], {})


@pytest.mark.looptime
async def test_forget_who_is_being_asked_for(here: Replica, there: Replica, shared: Shared, bus: Bus, clock: Clock) -> None:
    """If whose identity it is only turns out later, that person's other copies go then."""
    for replica in (here, there):
        await replica.cache.put(B, profile(), started=EPOCH)
    clock.now += 10
    await here.cache.forget(A)
    clock.now += 1
    await here.cache.put(A, profile(), started=EPOCH + 5)

    await quiet(bus)
    assert (await here.remembered(), await there.remembered(), shared.copies) == ([], [], {})


@pytest.mark.looptime
async def test_found_anew(here: Replica, there: Replica, bus: Bus, clock: Clock) -> None:
    """Whoever is asked for after having been forgotten is kept again, by each identity."""
    await here.cache.put(A, profile(), started=EPOCH)
    await here.cache.forget(A)
    await quiet(bus)
    clock.now += 60
    for names in (A, B):
        await there.cache.put(names, profile(), started=clock.now)

    assert [await found(replica, names) for replica in (here, there) for names in (A, B)] == [profile()] * 4


async def test_forget_nobody(here: Replica, bus: Bus) -> None:
    """Of whom nothing is known can be forgotten too: somebody may be asking for them just now."""
    assert await here.cache.forget(A) == Buried(0, told=True)
    assert bus.told == [(A, EPOCH)]


async def test_replicas_out_of_reach(here: Replica, bus: Bus) -> None:
    """That other replicas could not be told is said."""
    bus.reachable = False
    await here.cache.put(A, profile(), started=EPOCH)

    assert await here.cache.forget(A) == Buried(1, told=False)
    assert await here.cache.forget_everything() == Buried(0, told=False)
    assert await found(here) is None


async def test_forgotten_while_it_is_shared(here: Replica, shared: Shared) -> None:
    """What is forgotten while it is being shared is dropped again; whoever asked still gets what the source said."""
    sharing, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        sharing.set()
        await go_on.wait()

    shared.step = slowly
    put = asyncio.create_task(here.cache.put(A, profile(), started=EPOCH))
    await sharing.wait()
    here.tombstones.heard(A, EPOCH + 1)
    go_on.set()

    assert (await put).opened() == profile()
    assert (await here.remembered(), shared.copies) == ([], {})


async def test_forgotten_before(here: Replica, shared: Shared) -> None:
    """What was forgotten after it had been asked for isn't kept, by name or by person."""
    here.tombstones.heard(A, EPOCH + 1)
    here.tombstones.heard(marks_of(BOB), EPOCH + 1)
    for names, customer in ((A, profile()), (C, BOB)):
        assert (await here.cache.put(names, customer, started=EPOCH)).opened() == customer

    assert (await here.remembered(), shared.copies) == ([], {})


@pytest.mark.looptime
async def test_swept_within_a_second(here: Replica, there: Replica, shared: Shared) -> None:
    """What another replica forgot isn't shown from that moment on, and is gone from memory a second later."""
    await here.cache.put(A, profile(), started=EPOCH)
    await here.cache.put(B, profile(), started=EPOCH)
    await there.cache.put(C, BOB, started=EPOCH)
    await found(here, C)
    await here.cache.heard((*A, *marks_of(profile())), EPOCH + 1)
    assert [await found(here, names) for names in (A, B, C)] == [None, None, BOB]
    assert list(shared.copies) == ["c"]

    await asyncio.sleep(SWEPT_AFTER + 1)
    assert [entry.names for entry in await here.remembered()] == [C]


@pytest.mark.looptime
async def test_one_sweep_for_many(here: Replica) -> None:
    """However many tidings come meanwhile, memory is looked through once; and again for what comes later."""
    await here.cache.put(A, profile(), started=EPOCH)
    await here.cache.put(B, BOB, started=EPOCH)
    await here.cache.heard(A, EPOCH + 1)
    await asyncio.sleep(SWEPT_AFTER - 1)
    await here.cache.heard(B, EPOCH + 1)
    await asyncio.sleep(2)
    assert await here.remembered() == []

    await here.cache.put(C, profile(xid="invented eve"), started=EPOCH + 10)
    await here.cache.heard(C, EPOCH + 20)
    assert len(await here.remembered()) == 1
    await asyncio.sleep(SWEPT_AFTER + 1)
    assert await here.remembered() == []


@pytest.mark.looptime
async def test_forget_everything(here: Replica, there: Replica, shared: Shared, bus: Bus, clock: Clock) -> None:
    """All that is kept of anybody goes, everywhere; what is asked for afterwards is kept."""
    await here.cache.put(A, profile(), started=EPOCH)
    await there.cache.put(B, BOB, started=EPOCH)
    await found(here, B)
    assert await here.cache.forget_everything() == Buried(2, told=True)
    assert shared.copies == {}

    await quiet(bus)
    assert (await here.remembered(), await there.remembered()) == ([], [])
    clock.now += 10
    await there.cache.put(B, BOB, started=clock.now)
    assert await found(here, B) == BOB


async def test_everything_and_a_latecomer(here: Replica, there: Replica, shared: Shared, bus: Bus) -> None:
    """What a replica shared before it heard that everything is forgotten goes when it hears of it."""
    await here.cache.forget_everything()
    await there.cache.put(A, profile(), started=EPOCH - 5)
    assert list(shared.copies) == ["a"]

    await bus.tasks.drain(1)
    assert (shared.copies, await found(there), await found(here)) == ({}, None, None)


async def test_nobody_survives(here: Replica, there: Replica, clock: Clock) -> None:
    """That nobody was found says nothing about anyone: it outlives its tombstone, but not its own short life."""
    await here.cache.put(A, None, started=EPOCH)
    here.tombstones.heard((*A, *EVERYTHING), EPOCH + 1)
    there.tombstones.heard(A, EPOCH + 1)
    entries = [await replica.cache.get(A) for replica in (here, there)]
    assert [entry and entry.profile for entry in entries] == [None, None]
    assert all(entries)

    clock.now += 30
    assert [await replica.cache.get(A) for replica in (here, there)] == [None, None]


async def test_nobody_found_is_shared_beside_its_tombstone(here: Replica, there: Replica, shared: Shared, bus: Bus) -> None:
    """Whoever was not found is forgotten first: hearing of that later takes nothing from what was shared then."""
    await there.cache.put(A, profile(), started=EPOCH - 60)
    await there.cache.put(B, profile(), started=EPOCH - 60)
    await here.cache.forget(A)
    await here.cache.put(A, None, started=EPOCH)
    await bus.tasks.drain(1)

    assert [(name, copy.profile) for name, copy in shared.copies.items()] == [("a", None)]


async def test_not_kept_at_all(shared: Shared, bus: Bus, clock: Clock) -> None:
    """Where it is not to be remembered that nobody was found, it isn't."""
    here = Replica(shared, bus, clock, lifetimes=replace(LIFETIMES, not_found=0))
    entry = await here.cache.put(A, None, started=EPOCH)

    assert (entry.profile, await here.remembered(), shared.copies) == (None, [], {})


async def test_shown_no_more(here: Replica, clock: Clock) -> None:
    """Whoever holds an entry can ask whether it may still be shown: it was neither forgotten meanwhile, nor is its life over."""
    entry, other = await here.cache.put(A, profile(), started=EPOCH), await here.cache.put(B, BOB, started=EPOCH)
    assert here.cache.may_show(entry)

    await here.cache.forget(A)
    assert (here.cache.may_show(entry), here.cache.may_show(other)) == (False, True)
    clock.now += LIFETIMES.kept
    assert not here.cache.may_show(other)


async def test_the_short_way(here: Replica, clock: Clock) -> None:
    """What is fresh in memory is found by its first name; what is stale, forgotten or not there takes the long way."""
    await here.cache.put(A, profile(), started=EPOCH)
    assert (await here.cache.fresh(A[0])) is (await here.cache.get(A))
    assert await here.cache.fresh(B[0]) is None

    clock.now += 61
    assert await here.cache.fresh(A[0]) is None

    await here.cache.put(B, BOB, started=clock.now)
    await here.cache.heard(B, clock.now)
    assert await here.cache.fresh(B[0]) is None
