"""The way of a question: cache, single flight, quota, source, within one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from bot.errors import (
    BudgetSpent,
    Busy,
    DeadlinePassed,
    LookupFailed,
    NotFound,
    NotSetUp,
    RequestRefused,
    SourceDown,
    SourceFailed,
    Throttled,
    Unreachable,
)
from bot.profiles.alone import Alone
from bot.profiles.lookup import BEHIND, Found, Lookup, State
from bot.profiles.model import Profile
from bot.profiles.pace import MemoryPace, Quota
from bot.profiles.ports import Leases as AnyLeases
from bot.profiles.ports import Names, Turn
from bot.profiles.quota import FlightTurn, Turns
from bot.question import Identity, Lane, Rank
from bot.tasks import TaskSet
from tests.factories import ADA, profile
from tests.profiles.replicas import LEASE, Bus, Leases, Replica, Shared, by_the_loop

pytestmark = pytest.mark.looptime

PATIENT = 1e9
DOWN = [Throttled(1.0), SourceFailed(503), Unreachable(), DeadlinePassed(8.0), Busy(3.0), BudgetSpent(3600.0), SourceDown(2.0)]
SOMEBODY = Rank(Lane.NORMAL, "T1:U1")
ON_CALL = Rank(Lane.RESERVED, "T1:U2")
PLENTY = Quota(rate=1_000, burst=1_000)


def now() -> float:
    return asyncio.get_running_loop().time()


def names_of(identity: Identity) -> Names:
    """By the newest application key, and by an older one."""
    return (f"new {identity.namespace} {identity.value}", f"old {identity.namespace} {identity.value}")


NAMES = names_of(ADA)
ADAS_NUMBER = Identity("CRMID", "C-10001")
BOB, EVE = Identity("Email", "bob@example.com"), Identity("Email", "eve@example.com")


@dataclass
class Source:
    """Gives the customer, or an error, after a while; `dropped` on a profile counts the calls."""

    calls: int = 1
    takes: float = 0.1
    error: Exception | None = None
    asked: list[Identity] = field(default_factory=list)
    turns: list[FlightTurn] = field(default_factory=list)

    async def prepare(self, turn: Turn) -> None:
        pass

    async def fetch(self, identity: Identity, turn: Turn) -> Profile:
        assert isinstance(turn, FlightTurn)
        self.asked.append(identity)
        self.turns.append(turn)
        count = len(self.asked)
        await turn.permit()
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
async def lookup(source: Source, tasks: TaskSet) -> Lookup:
    return made(source, tasks)


def made(
    source: Source,
    tasks: TaskSet,
    *,
    quota: Quota = PLENTY,
    replica: Replica | None = None,
    leases: AnyLeases | None = None,
    valid_until: Callable[[Profile, float], float | None] = lambda _profile, _after: None,
    observe: Callable[[str, LookupFailed | None], None] = lambda _outcome, _error: None,
) -> Lookup:
    """A process's look-up; alone, unless it is given a replica's cache and leases."""
    return Lookup(
        source,
        (replica or Replica(Alone(), Bus(), by_the_loop)).cache,
        tasks,
        Turns(MemoryPace(quota, clock=now, epoch=by_the_loop), quota, tasks, lead_time=0.0),
        leases or Alone(),
        names_of=names_of,
        clock=by_the_loop,
        deadline=8.0,
        linger=1.0,
        valid_until=valid_until,
        observe=observe,
    )


def count(found: Found) -> tuple[State, int]:
    """How it came, and at which call."""
    return found.state, found.entry.opened().dropped


async def test_asked(lookup: Lookup, source: Source) -> None:
    """What isn't kept is asked for."""
    found = await lookup(ADA, SOMEBODY, until=PATIENT)

    assert (count(found), found.entry.names, source.asked) == ((State.ASKED, 1), NAMES, [ADA])


async def test_fresh(lookup: Lookup, source: Source) -> None:
    """For a minute the copy is the answer, and the source has rest."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(59)

    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.FRESH, 1)
    assert (len(source.asked), now()) == (1, 59.1)


async def test_stale(lookup: Lookup, source: Source) -> None:
    """A stale copy is shown at once, and refreshed behind, once for all who come meanwhile."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(61)
    before = now()
    found = await asyncio.gather(*(lookup(ADA, SOMEBODY, until=PATIENT) for _ in range(100)))
    assert ({count(each) for each in found}, now()) == ({(State.STALE, 1)}, before)

    await asyncio.sleep(1)
    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.FRESH, 2)
    assert len(source.asked) == 2


async def test_stale_and_source_down(lookup: Lookup, source: Source) -> None:
    """If refreshing behind fails, that is logged, and the stale copy still shown."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    source.error = Unreachable()
    await asyncio.sleep(61)
    with capture_logs() as logs:
        await lookup(ADA, SOMEBODY, until=PATIENT)
        await asyncio.sleep(1)
        assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.STALE, 1)

    assert [(line["event"], line["kind"]) for line in logs[:2]] == [
        ("flight_failed", "unreachable"),
        ("refresh_failed", "unreachable"),
    ]
    assert logs[0]["flight"] == logs[1]["flight"]


async def test_stale_and_refused(lookup: Lookup, source: Source) -> None:
    """If refreshing behind is refused, nobody else sees the stale copy: access may have been withdrawn."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    source.error = NotSetUp(403)
    await asyncio.sleep(61)
    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.STALE, 1)

    await asyncio.sleep(1)
    with pytest.raises(NotSetUp):
        await lookup(ADA, SOMEBODY, until=PATIENT)


async def test_stale_and_broken(lookup: Lookup, source: Source) -> None:
    """A mistake of ours while refreshing behind is logged by its type: nobody waits who could be told."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    source.error = ZeroDivisionError("ada@example.com")
    await asyncio.sleep(61)
    with capture_logs() as logs:
        await lookup(ADA, SOMEBODY, until=PATIENT)
        await asyncio.sleep(1)

    assert [(line["event"], line["exception"]) for line in logs] == [("refresh_failed", "ZeroDivisionError")]


async def test_too_old(lookup: Lookup) -> None:
    """After ten minutes the source is asked before anything is shown."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(601)

    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.ASKED, 2)


async def test_verdict_turns(source: Source, tasks: TaskSet) -> None:
    """A copy isn't shown without asking beyond the moment at which its verdict turns."""
    lookup = made(source, tasks, valid_until=lambda _profile, after: after + 5)
    await lookup(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(6)

    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.ASKED, 2)


async def test_not_found(lookup: Lookup, source: Source) -> None:
    """That nobody was found is remembered for half a minute, then asked again."""
    source.error = NotFound(ADA)
    for _ in range(3):
        with pytest.raises(NotFound) as nobody:
            await lookup(ADA, SOMEBODY, until=PATIENT)
        assert nobody.value.identity == ADA
    assert len(source.asked) == 1

    source.error = None
    await asyncio.sleep(31)
    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.ASKED, 2)


async def test_refresh(lookup: Lookup, source: Source) -> None:
    """Refreshing asks the source though a fresh copy is at hand; the new copy takes its place."""
    await lookup(ADA, SOMEBODY, until=PATIENT)

    assert count(await lookup(ADA, SOMEBODY, until=PATIENT, refresh=True)) == (State.ASKED, 2)
    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.FRESH, 2)


async def test_refresh_joins(lookup: Lookup, source: Source) -> None:
    """Refreshing joins a flight that is under way."""
    found = await asyncio.gather(
        lookup(ADA, SOMEBODY, until=PATIENT), *(lookup(ADA, SOMEBODY, until=PATIENT, refresh=True) for _ in range(10))
    )

    assert ({count(each) for each in found}, len(source.asked)) == ({(State.ASKED, 1)}, 1)


@pytest.mark.parametrize("error", DOWN, ids=lambda error: error.kind)
@pytest.mark.parametrize("refresh", [False, True])
async def test_old_copy(lookup: Lookup, source: Source, error: Exception, refresh: bool) -> None:
    """If the source is down, an old copy is shown as such, for a day."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    source.error = error
    await asyncio.sleep(0 if refresh else 3600)
    assert count(await lookup(ADA, SOMEBODY, until=PATIENT, refresh=refresh)) == (State.OLD, 1)

    await asyncio.sleep(86_400)
    with pytest.raises(type(error)):
        await lookup(ADA, SOMEBODY, until=PATIENT)


@pytest.mark.parametrize("error", [NotSetUp(403, "403025"), RequestRefused(400)], ids=lambda error: error.kind)
async def test_refused(lookup: Lookup, source: Source, error: Exception) -> None:
    """After a refusal no old copy is shown: access may have been withdrawn."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    source.error = error
    await asyncio.sleep(3600)

    with pytest.raises(type(error)):
        await lookup(ADA, SOMEBODY, until=PATIENT)


@pytest.mark.parametrize("error", DOWN, ids=lambda error: error.kind)
async def test_no_copy_after_not_found(lookup: Lookup, source: Source, error: Exception) -> None:
    """Who was not found any more isn't shown from an old copy."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    source.error = NotFound(ADA)
    with pytest.raises(NotFound):
        await lookup(ADA, SOMEBODY, until=PATIENT, refresh=True)
    source.error = error

    with pytest.raises(type(error)):
        await lookup(ADA, SOMEBODY, until=PATIENT, refresh=True)


@pytest.mark.parametrize("error", [*DOWN, NotSetUp(401)], ids=lambda error: error.kind)
async def test_failure(lookup: Lookup, source: Source, error: LookupFailed) -> None:
    """Without a copy the error comes through, with the flight's reference, which its log line has too."""
    source.error = error
    with capture_logs() as logs, pytest.raises(type(error)) as failed:
        await lookup(ADA, SOMEBODY, until=PATIENT)

    assert failed.value.flight
    assert logs == [{"event": "flight_failed", "log_level": "warning", "kind": error.kind, "flight": failed.value.flight}]


async def test_own_deadline(lookup: Lookup, source: Source) -> None:
    """A waiter waits until their own deadline, and is told how long that was."""
    source.takes = 5
    with pytest.raises(DeadlinePassed) as late:
        await lookup(ADA, SOMEBODY, until=2)

    assert (late.value.deadline, late.value.flight, now()) == (2, None, 2)


async def test_late_already(lookup: Lookup, source: Source) -> None:
    """Whoever comes when their deadline has passed doesn't wait; the flight starts all the same."""
    await asyncio.sleep(5)
    with pytest.raises(DeadlinePassed) as late:
        await lookup(ADA, SOMEBODY, until=2)

    assert (late.value.deadline, now(), len(source.asked)) == (0, 5, 1)


async def test_flight_goes_on(lookup: Lookup, source: Source) -> None:
    """A flight goes on after its waiter has given up, and fills the cache."""
    source.takes = 5
    with pytest.raises(DeadlinePassed):
        await lookup(ADA, SOMEBODY, until=2)
    await asyncio.sleep(4)

    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.FRESH, 1)
    assert now() == 6


async def test_next_waiter(lookup: Lookup, source: Source) -> None:
    """Whoever comes after a waiter has given up joins the same flight."""
    source.takes = 5
    with pytest.raises(DeadlinePassed):
        await lookup(ADA, SOMEBODY, until=2)

    assert count(await lookup(ADA, SOMEBODY, until=PATIENT)) == (State.ASKED, 1)
    assert (now(), len(source.asked)) == (5, 1)


async def test_deadline_of_the_flight(lookup: Lookup, source: Source) -> None:
    """A flight ends by its own deadline, however patient its waiters are."""
    source.takes = 60
    with capture_logs() as logs, pytest.raises(DeadlinePassed) as late:
        await lookup(ADA, SOMEBODY, until=PATIENT)

    assert (late.value.deadline, now()) == (8, 8)
    assert late.value.flight == logs[0]["flight"]


async def test_old_copy_at_the_deadline(lookup: Lookup, source: Source) -> None:
    """A waiter whose deadline passes gets the old copy, if there is one."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(3600)
    source.takes = 5

    assert count(await lookup(ADA, SOMEBODY, until=now() + 2)) == (State.OLD, 1)


async def test_many(lookup: Lookup, source: Source, tasks: TaskSet) -> None:
    """A thousand who ask at once cost one call."""
    found = await asyncio.gather(*(lookup(ADA, SOMEBODY, until=PATIENT) for _ in range(1000)))

    assert ({id(each.entry) for each in found}, len(source.asked), len(tasks)) == ({id(found[0].entry)}, 1, 0)


async def test_many_failures(lookup: Lookup, source: Source) -> None:
    """If that one call fails, it is a thousand errors and still one call; those who come within a second share it."""
    source.error = SourceFailed(503)
    results = await asyncio.gather(*(lookup(ADA, SOMEBODY, until=PATIENT) for _ in range(1000)), return_exceptions=True)
    assert ([type(result) for result in results], len(source.asked)) == ([SourceFailed] * 1000, 1)

    with pytest.raises(SourceFailed):
        await lookup(ADA, SOMEBODY, until=PATIENT)
    assert len(source.asked) == 1


async def test_waiter_is_cancelled(lookup: Lookup, source: Source) -> None:
    """A cancelled waiter takes nothing from the others."""
    one, other = (asyncio.create_task(lookup(ADA, SOMEBODY, until=PATIENT)) for _ in range(2))
    await asyncio.sleep(0.05)
    one.cancel()

    assert count(await other) == (State.ASKED, 1)
    assert one.cancelled()


async def test_others(lookup: Lookup, source: Source) -> None:
    """Another identity is another question."""
    await asyncio.gather(lookup(ADA, SOMEBODY, until=PATIENT), lookup(Identity("CRMID", ADA.value), SOMEBODY, until=PATIENT))

    assert len(source.asked) == 2


async def test_mistake(lookup: Lookup, source: Source) -> None:
    """A mistake of ours comes through as it is, even with an old copy at hand."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    source.error = KeyError("ours")

    with pytest.raises(KeyError):
        await lookup(ADA, SOMEBODY, until=PATIENT, refresh=True)


async def test_forgotten_while_asking(source: Source, tasks: TaskSet) -> None:
    """An old copy that was forgotten while the source was asked isn't shown when that fails."""
    replica = Replica(Alone(), Bus(), by_the_loop)
    lookup = made(source, tasks, replica=replica)
    await lookup(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(3600)
    source.error = SourceFailed(503)
    asking = asyncio.create_task(lookup(ADA, SOMEBODY, until=PATIENT))
    await asyncio.sleep(0.05)
    await replica.cache.forget(NAMES)

    with pytest.raises(SourceFailed):
        await asking


async def test_not_found_is_forgotten(lookup: Lookup, source: Source) -> None:
    """Whoever is not found by one identity isn't shown by another of theirs without the source being asked."""
    await lookup(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(3)
    await lookup(ADAS_NUMBER, SOMEBODY, until=PATIENT)
    source.error = NotFound(ADA)
    with pytest.raises(NotFound):
        await lookup(ADA, SOMEBODY, until=PATIENT, refresh=True)
    source.error = None

    assert count(await lookup(ADAS_NUMBER, SOMEBODY, until=PATIENT)) == (State.ASKED, 4)


# Turns


async def test_refreshed_behind_everybody(lookup: Lookup, source: Source) -> None:
    """Whoever waits goes before a copy that is refreshed behind."""
    await lookup(ADA, ON_CALL, until=PATIENT)
    await asyncio.sleep(61)
    await lookup(ADA, ON_CALL, until=PATIENT)
    await asyncio.sleep(1)

    assert [turn.place.lane for turn in source.turns] == [Lane.RESERVED, BEHIND.lane]


@pytest.mark.parametrize(("rank", "expected"), [(ON_CALL, [BOB, ADA, EVE]), (SOMEBODY, [BOB, EVE, ADA])])
async def test_joining_lends_a_place(source: Source, tasks: TaskSet, rank: Rank, expected: list[Identity]) -> None:
    """Whoever joins a flight that waits for its turn lends it their place, if that is better."""
    lookup = made(source, tasks, quota=Quota(rate=1, burst=1))
    waiting = [asyncio.create_task(lookup(identity, SOMEBODY, until=PATIENT)) for identity in (BOB, EVE, ADA)]
    await asyncio.sleep(0.5)
    await asyncio.gather(lookup(ADA, rank, until=PATIENT), *waiting)

    assert source.asked == expected


async def test_too_busy(source: Source, tasks: TaskSet) -> None:
    """Whoever can't have their turn within the deadline is told at once when one could, and shown an old copy if there is one."""
    quota = Quota(rate=0.1, burst=1)
    lookup = made(source, tasks, quota=quota)
    await lookup(ADA, SOMEBODY, until=PATIENT)
    with pytest.raises(Busy) as busy:
        await lookup(BOB, SOMEBODY, until=PATIENT)
    assert busy.value.retry_after > 8
    assert busy.value.flight

    assert count(await lookup(ADA, SOMEBODY, until=PATIENT, refresh=True)) == (State.OLD, 1)
    assert (source.asked, now()) == ([ADA], 0.1)


@pytest.mark.parametrize("error", [Busy(3.0), BudgetSpent(3600.0)], ids=lambda error: error.kind)
async def test_failure_of_one(lookup: Lookup, source: Source, error: LookupFailed) -> None:
    """That there is no room for one says nothing about whoever comes later: it is shared by those who wait, and no longer."""
    source.error = error
    results = await asyncio.gather(*(lookup(ADA, SOMEBODY, until=PATIENT) for _ in range(10)), return_exceptions=True)
    assert (set(results), len(source.asked)) == ({error}, 1)

    source.error = None
    assert count(await lookup(ADA, ON_CALL, until=PATIENT)) == (State.ASKED, 2)


# Replicas


@dataclass
class Fleet:
    """Two replicas of one service, over one source."""

    source: Source
    tasks: TaskSet
    leases: Leases = field(default_factory=Leases)
    shared: Shared = field(default_factory=lambda: Shared(by_the_loop))
    bus: Bus = field(default_factory=Bus)
    flown: list[tuple[str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.one, self.other = self.replica(), self.replica()

    def replica(self, quota: Quota = PLENTY) -> Lookup:
        replica = Replica(self.shared, self.bus, by_the_loop)
        return made(self.source, self.tasks, quota=quota, replica=replica, leases=self.leases, observe=self.observe)

    def observe(self, outcome: str, error: LookupFailed | None) -> None:
        self.flown.append((outcome, error.kind if error else None))


@pytest.fixture
async def fleet(source: Source, tasks: TaskSet) -> Fleet:
    return Fleet(source, tasks)


async def test_fresh_elsewhere(fleet: Fleet) -> None:
    """What another replica has is as fresh here as it is there."""
    await fleet.one(ADA, SOMEBODY, until=PATIENT)

    assert count(await fleet.other(ADA, SOMEBODY, until=PATIENT)) == (State.FRESH, 1)
    assert fleet.flown == [("asked", None)]


async def test_one_call_for_all(fleet: Fleet, source: Source) -> None:
    """However many ask, in however many replicas, the source is asked once; the others adopt what that brings."""
    third = fleet.replica()
    found = await asyncio.gather(*(each(ADA, SOMEBODY, until=PATIENT) for each in (fleet.one, fleet.other, third) * 10))

    assert ({count(each) for each in found}, len(source.asked)) == ({(State.ASKED, 1)}, 1)
    assert fleet.flown == [("asked", None), ("shared", None), ("shared", None)]
    assert now() < 0.25


async def test_nobody_elsewhere(fleet: Fleet, source: Source) -> None:
    """That nobody was found is shared too."""
    source.error = NotFound(ADA)
    results = await asyncio.gather(
        *(each(ADA, SOMEBODY, until=PATIENT) for each in (fleet.one, fleet.other)), return_exceptions=True
    )

    assert ([type(result) for result in results], len(source.asked)) == ([NotFound, NotFound], 1)


async def test_following_costs_no_quota(fleet: Fleet, source: Source) -> None:
    """Whoever waits for another replica's call needs no turn."""
    exhausted = fleet.replica(Quota(rate=0.001, burst=1))
    await exhausted(BOB, SOMEBODY, until=PATIENT)
    leading = asyncio.create_task(fleet.one(ADA, SOMEBODY, until=PATIENT))
    await asyncio.sleep(0.05)

    assert count(await exhausted(ADA, SOMEBODY, until=PATIENT)) == count(await leading) == (State.ASKED, 2)


async def test_refresh_is_not_content(fleet: Fleet, source: Source) -> None:
    """Refreshing asks the source although another replica has a fresh copy from before."""
    await fleet.one(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(10)

    assert count(await fleet.other(ADA, SOMEBODY, until=PATIENT, refresh=True)) == (State.ASKED, 2)


async def test_refresh_together(fleet: Fleet, source: Source) -> None:
    """Of several replicas that refresh at once one asks: what it brings was asked for since."""
    await fleet.one(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(10)
    found = await asyncio.gather(*(each(ADA, SOMEBODY, until=PATIENT, refresh=True) for each in (fleet.one, fleet.other)))

    assert ({count(each) for each in found}, len(source.asked)) == ({(State.ASKED, 2)}, 2)


async def test_refreshed_behind_elsewhere(fleet: Fleet, source: Source) -> None:
    """A stale copy that another replica has refreshed meanwhile is not asked for again."""
    await fleet.one(ADA, SOMEBODY, until=PATIENT)
    await fleet.other(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(61)
    await fleet.one(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(1)
    assert count(await fleet.other(ADA, SOMEBODY, until=PATIENT)) == (State.STALE, 1)

    await asyncio.sleep(1)
    assert count(await fleet.other(ADA, SOMEBODY, until=PATIENT)) == (State.FRESH, 2)
    assert (len(source.asked), fleet.flown) == (2, [("asked", None), ("asked", None), ("shared", None)])


async def test_failure_elsewhere(fleet: Fleet, source: Source) -> None:
    """Another replica's failure is shared, with the reference of its call, which everybody's log line has; for a second."""
    source.error = SourceFailed(503)
    with capture_logs() as logs:
        results = await asyncio.gather(
            *(each(ADA, SOMEBODY, until=PATIENT) for each in (fleet.one, fleet.other)), return_exceptions=True
        )
    references = {result.flight for result in results if isinstance(result, SourceFailed)}
    assert (len(results), len(references), len(source.asked)) == (2, 1, 1)
    assert {(line["event"], line["flight"]) for line in logs} == {("flight_failed", *references)}
    assert fleet.flown == [("failed", "source_failed")] * 2

    source.error = None
    with pytest.raises(SourceFailed):
        await fleet.replica()(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(1)
    assert count(await fleet.replica()(ADA, SOMEBODY, until=PATIENT)) == (State.ASKED, 2)


@pytest.mark.parametrize("error", [Busy(3.0), BudgetSpent(3600.0)], ids=lambda error: error.kind)
async def test_failure_of_one_elsewhere(fleet: Fleet, source: Source, error: LookupFailed) -> None:
    """That there was no room for another replica's asker says nothing about ours: this replica asks itself."""
    source.error = error
    leading = asyncio.create_task(fleet.one(ADA, SOMEBODY, until=PATIENT))
    await asyncio.sleep(0.05)
    following = asyncio.create_task(fleet.other(ADA, ON_CALL, until=PATIENT))
    with pytest.raises(type(error)):
        await leading
    source.error = None

    assert count(await following) == (State.ASKED, 2)
    assert fleet.shared.failures == {}


async def test_leader_dies(fleet: Fleet, source: Source) -> None:
    """When the replica that asks dies, another takes over as soon as the lease has run out."""
    fleet.leases.hold(NAMES, alive=False)

    assert count(await fleet.one(ADA, SOMEBODY, until=PATIENT)) == (State.ASKED, 1)
    assert LEASE <= now() <= LEASE + 0.3
    assert len(source.asked) == 1


async def test_one_takes_over(fleet: Fleet, source: Source) -> None:
    """And one alone, however many have waited."""
    fleet.leases.hold(NAMES, alive=False)
    found = await asyncio.gather(*(each(ADA, SOMEBODY, until=PATIENT) for each in (fleet.one, fleet.other) * 10))

    assert ({count(each) for each in found}, len(source.asked)) == ({(State.ASKED, 1)}, 1)


async def test_leader_brings_nothing(fleet: Fleet, source: Source) -> None:
    """Waiting for another replica ends at the deadline."""
    fleet.leases.hold(NAMES)
    with capture_logs() as logs, pytest.raises(DeadlinePassed) as late:
        await fleet.one(ADA, SOMEBODY, until=PATIENT)

    assert (late.value.deadline, late.value.flight) == (8, logs[0]["flight"])
    assert 7.8 <= now() <= 8
    assert source.asked == []


async def test_own_deadline_while_following(fleet: Fleet) -> None:
    """A waiter waits for another replica until their own deadline too."""
    fleet.leases.hold(NAMES)
    with pytest.raises(DeadlinePassed) as late:
        await fleet.one(ADA, SOMEBODY, until=2)

    assert (late.value.deadline, now()) == (2, 2)


async def test_old_copy_while_following(fleet: Fleet) -> None:
    """If another replica brings nothing in time, the old copy is shown."""
    await fleet.one(ADA, SOMEBODY, until=PATIENT)
    await asyncio.sleep(3600)
    fleet.leases.hold(NAMES)

    assert count(await fleet.one(ADA, SOMEBODY, until=PATIENT)) == (State.OLD, 1)


async def test_lease_is_given_back(fleet: Fleet, source: Source) -> None:
    """Whatever comes of a call, others may ask after it."""
    for error in (None, SourceFailed(503), NotFound(ADA), KeyError("ours")):
        source.error = error
        await asyncio.gather(fleet.one(ADA, SOMEBODY, until=PATIENT, refresh=True), return_exceptions=True)
        async with fleet.leases.lease(NAMES) as leading:
            assert leading
        await asyncio.sleep(2)
    assert len(source.asked) == 4
