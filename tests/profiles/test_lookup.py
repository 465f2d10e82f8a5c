"""The way of a question: cache, single flight, source, within one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from bot.errors import DeadlinePassed, LookupFailed, NotFound, NotSetUp, RequestRefused, SourceFailed, Throttled, Unreachable
from bot.memory import BoundedMemory
from bot.profiles.cache import ProfileCache
from bot.profiles.lookup import Found, Lookup, State
from bot.profiles.model import Profile
from bot.question import Identity
from bot.tasks import TaskSet
from tests.factories import ADA, EPOCH, LIFETIMES, profile

pytestmark = pytest.mark.looptime

PATIENT = 1e9
DOWN = [Throttled(1.0), SourceFailed(503), Unreachable(), DeadlinePassed(8.0)]


def now() -> float:
    return asyncio.get_running_loop().time()


def clock() -> float:
    """Seconds since the epoch, by the loop's clock."""
    return EPOCH + now()


@dataclass
class Source:
    """Gives the customer, or an error, after a while; `dropped` on a profile counts the calls."""

    takes: float = 0.1
    error: Exception | None = None
    asked: list[Identity] = field(default_factory=list)

    async def fetch(self, identity: Identity) -> Profile:
        self.asked.append(identity)
        count = len(self.asked)
        await asyncio.sleep(self.takes)
        if self.error:
            raise self.error
        return profile(dropped=count)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def tasks() -> TaskSet:
    return TaskSet()


@pytest.fixture
def lookup(source: Source, tasks: TaskSet) -> Lookup:
    return made(source, tasks)


def made(
    source: Source, tasks: TaskSet, valid_until: Callable[[Profile, float], float | None] = lambda _profile, _after: None
) -> Lookup:
    cache = ProfileCache(BoundedMemory(most=100), lifetimes=LIFETIMES, clock=clock, spread=lambda: 1.0)
    return Lookup(source, cache, tasks, key_of=str, clock=clock, deadline=8.0, linger=1.0, valid_until=valid_until)


def count(found: Found) -> tuple[State, int]:
    """How it came, and at which call."""
    return found.state, found.entry.opened().dropped


async def test_asked(lookup: Lookup, source: Source) -> None:
    """What isn't kept is asked for."""
    found = await lookup(ADA, until=PATIENT)

    assert (count(found), found.key, source.asked) == ((State.ASKED, 1), str(ADA), [ADA])


async def test_fresh(lookup: Lookup, source: Source) -> None:
    """For a minute the copy is the answer, and the source has rest."""
    await lookup(ADA, until=PATIENT)
    await asyncio.sleep(59)

    assert count(await lookup(ADA, until=PATIENT)) == (State.FRESH, 1)
    assert (len(source.asked), now()) == (1, 59.1)


async def test_stale(lookup: Lookup, source: Source) -> None:
    """A stale copy is shown at once, and refreshed behind, once for all who come meanwhile."""
    await lookup(ADA, until=PATIENT)
    await asyncio.sleep(61)
    before = now()
    found = await asyncio.gather(*(lookup(ADA, until=PATIENT) for _ in range(100)))
    assert ({count(each) for each in found}, now()) == ({(State.STALE, 1)}, before)

    await asyncio.sleep(1)
    assert count(await lookup(ADA, until=PATIENT)) == (State.FRESH, 2)
    assert len(source.asked) == 2


async def test_stale_and_source_down(lookup: Lookup, source: Source) -> None:
    """If refreshing behind fails, that is logged, and the stale copy still shown."""
    await lookup(ADA, until=PATIENT)
    source.error = Unreachable()
    await asyncio.sleep(61)
    with capture_logs() as logs:
        await lookup(ADA, until=PATIENT)
        await asyncio.sleep(1)
        assert count(await lookup(ADA, until=PATIENT)) == (State.STALE, 1)

    assert [(line["event"], line["kind"]) for line in logs[:2]] == [
        ("flight_failed", "unreachable"),
        ("refresh_failed", "unreachable"),
    ]
    assert logs[0]["flight"] == logs[1]["flight"]


async def test_stale_and_refused(lookup: Lookup, source: Source) -> None:
    """If refreshing behind is refused, nobody else sees the stale copy: access may have been withdrawn."""
    await lookup(ADA, until=PATIENT)
    source.error = NotSetUp(403)
    await asyncio.sleep(61)
    assert count(await lookup(ADA, until=PATIENT)) == (State.STALE, 1)

    await asyncio.sleep(1)
    with pytest.raises(NotSetUp):
        await lookup(ADA, until=PATIENT)


async def test_stale_and_broken(lookup: Lookup, source: Source) -> None:
    """A mistake of ours while refreshing behind is logged by its type: nobody waits who could be told."""
    await lookup(ADA, until=PATIENT)
    source.error = ZeroDivisionError("ada@example.com")
    await asyncio.sleep(61)
    with capture_logs() as logs:
        await lookup(ADA, until=PATIENT)
        await asyncio.sleep(1)

    assert [(line["event"], line["exception"]) for line in logs] == [("refresh_failed", "ZeroDivisionError")]


async def test_too_old(lookup: Lookup) -> None:
    """After ten minutes the source is asked before anything is shown."""
    await lookup(ADA, until=PATIENT)
    await asyncio.sleep(601)

    assert count(await lookup(ADA, until=PATIENT)) == (State.ASKED, 2)


async def test_verdict_turns(source: Source, tasks: TaskSet) -> None:
    """A copy isn't shown without asking beyond the moment at which its verdict turns."""
    lookup = made(source, tasks, valid_until=lambda _profile, after: after + 5)
    await lookup(ADA, until=PATIENT)
    await asyncio.sleep(6)

    assert count(await lookup(ADA, until=PATIENT)) == (State.ASKED, 2)


async def test_not_found(lookup: Lookup, source: Source) -> None:
    """That nobody was found is remembered for half a minute, then asked again."""
    source.error = NotFound(ADA)
    for _ in range(3):
        with pytest.raises(NotFound) as nobody:
            await lookup(ADA, until=PATIENT)
        assert nobody.value.identity == ADA
    assert len(source.asked) == 1

    source.error = None
    await asyncio.sleep(31)
    assert count(await lookup(ADA, until=PATIENT)) == (State.ASKED, 2)


async def test_refresh(lookup: Lookup, source: Source) -> None:
    """Refreshing asks the source though a fresh copy is at hand; the new copy takes its place."""
    await lookup(ADA, until=PATIENT)

    assert count(await lookup(ADA, until=PATIENT, refresh=True)) == (State.ASKED, 2)
    assert count(await lookup(ADA, until=PATIENT)) == (State.FRESH, 2)


async def test_refresh_joins(lookup: Lookup, source: Source) -> None:
    """Refreshing joins a flight that is under way."""
    found = await asyncio.gather(lookup(ADA, until=PATIENT), *(lookup(ADA, until=PATIENT, refresh=True) for _ in range(10)))

    assert ({count(each) for each in found}, len(source.asked)) == ({(State.ASKED, 1)}, 1)


@pytest.mark.parametrize("error", DOWN, ids=lambda error: error.kind)
@pytest.mark.parametrize("refresh", [False, True])
async def test_old_copy(lookup: Lookup, source: Source, error: Exception, refresh: bool) -> None:
    """If the source is down, an old copy is shown as such, for a day."""
    await lookup(ADA, until=PATIENT)
    source.error = error
    await asyncio.sleep(0 if refresh else 3600)
    assert count(await lookup(ADA, until=PATIENT, refresh=refresh)) == (State.OLD, 1)

    await asyncio.sleep(86_400)
    with pytest.raises(type(error)):
        await lookup(ADA, until=PATIENT)


@pytest.mark.parametrize("error", [NotSetUp(403, "403025"), RequestRefused(400)], ids=lambda error: error.kind)
async def test_refused(lookup: Lookup, source: Source, error: Exception) -> None:
    """After a refusal no old copy is shown: access may have been withdrawn."""
    await lookup(ADA, until=PATIENT)
    source.error = error
    await asyncio.sleep(3600)

    with pytest.raises(type(error)):
        await lookup(ADA, until=PATIENT)


@pytest.mark.parametrize("error", DOWN, ids=lambda error: error.kind)
async def test_no_copy_after_not_found(lookup: Lookup, source: Source, error: Exception) -> None:
    """Who was not found any more isn't shown from an old copy."""
    await lookup(ADA, until=PATIENT)
    source.error = NotFound(ADA)
    with pytest.raises(NotFound):
        await lookup(ADA, until=PATIENT, refresh=True)
    source.error = error

    with pytest.raises(type(error)):
        await lookup(ADA, until=PATIENT, refresh=True)


@pytest.mark.parametrize("error", [*DOWN, NotSetUp(401)], ids=lambda error: error.kind)
async def test_failure(lookup: Lookup, source: Source, error: LookupFailed) -> None:
    """Without a copy the error comes through, with the flight's reference, which its log line has too."""
    source.error = error
    with capture_logs() as logs, pytest.raises(type(error)) as failed:
        await lookup(ADA, until=PATIENT)

    assert failed.value.flight
    assert logs == [{"event": "flight_failed", "log_level": "warning", "kind": error.kind, "flight": failed.value.flight}]


async def test_own_deadline(lookup: Lookup, source: Source) -> None:
    """A waiter waits until their own deadline, and is told how long that was."""
    source.takes = 5
    with pytest.raises(DeadlinePassed) as late:
        await lookup(ADA, until=2)

    assert (late.value.deadline, late.value.flight, now()) == (2, None, 2)


async def test_late_already(lookup: Lookup, source: Source) -> None:
    """Whoever comes when their deadline has passed doesn't wait; the flight starts all the same."""
    await asyncio.sleep(5)
    with pytest.raises(DeadlinePassed) as late:
        await lookup(ADA, until=2)

    assert (late.value.deadline, now(), len(source.asked)) == (0, 5, 1)


async def test_flight_goes_on(lookup: Lookup, source: Source) -> None:
    """A flight goes on after its waiter has given up, and fills the cache."""
    source.takes = 5
    with pytest.raises(DeadlinePassed):
        await lookup(ADA, until=2)
    await asyncio.sleep(4)

    assert count(await lookup(ADA, until=PATIENT)) == (State.FRESH, 1)
    assert now() == 6


async def test_next_waiter(lookup: Lookup, source: Source) -> None:
    """Whoever comes after a waiter has given up joins the same flight."""
    source.takes = 5
    with pytest.raises(DeadlinePassed):
        await lookup(ADA, until=2)

    assert count(await lookup(ADA, until=PATIENT)) == (State.ASKED, 1)
    assert (now(), len(source.asked)) == (5, 1)


async def test_deadline_of_the_flight(lookup: Lookup, source: Source) -> None:
    """A flight ends by its own deadline, however patient its waiters are."""
    source.takes = 60
    with capture_logs() as logs, pytest.raises(DeadlinePassed) as late:
        await lookup(ADA, until=PATIENT)

    assert (late.value.deadline, now()) == (8, 8)
    assert late.value.flight == logs[0]["flight"]


async def test_old_copy_at_the_deadline(lookup: Lookup, source: Source) -> None:
    """A waiter whose deadline passes gets the old copy, if there is one."""
    await lookup(ADA, until=PATIENT)
    await asyncio.sleep(3600)
    source.takes = 5

    assert count(await lookup(ADA, until=now() + 2)) == (State.OLD, 1)


async def test_many(lookup: Lookup, source: Source, tasks: TaskSet) -> None:
    """A thousand who ask at once cost one call."""
    found = await asyncio.gather(*(lookup(ADA, until=PATIENT) for _ in range(1000)))

    assert ({id(each.entry) for each in found}, len(source.asked), len(tasks)) == ({id(found[0].entry)}, 1, 0)


async def test_many_failures(lookup: Lookup, source: Source) -> None:
    """If that one call fails, it is a thousand errors and still one call; those who come within a second share it."""
    source.error = SourceFailed(503)
    results = await asyncio.gather(*(lookup(ADA, until=PATIENT) for _ in range(1000)), return_exceptions=True)
    assert ([type(result) for result in results], len(source.asked)) == ([SourceFailed] * 1000, 1)

    with pytest.raises(SourceFailed):
        await lookup(ADA, until=PATIENT)
    assert len(source.asked) == 1


async def test_waiter_is_cancelled(lookup: Lookup, source: Source) -> None:
    """A cancelled waiter takes nothing from the others."""
    one, other = (asyncio.create_task(lookup(ADA, until=PATIENT)) for _ in range(2))
    await asyncio.sleep(0.05)
    one.cancel()

    assert count(await other) == (State.ASKED, 1)
    assert one.cancelled()


async def test_others(lookup: Lookup, source: Source) -> None:
    """Another identity is another question."""
    await asyncio.gather(lookup(ADA, until=PATIENT), lookup(Identity("CRMID", ADA.value), until=PATIENT))

    assert len(source.asked) == 2


async def test_mistake(lookup: Lookup, source: Source) -> None:
    """A mistake of ours comes through as it is, even with an old copy at hand."""
    await lookup(ADA, until=PATIENT)
    source.error = KeyError("ours")

    with pytest.raises(KeyError):
        await lookup(ADA, until=PATIENT, refresh=True)
