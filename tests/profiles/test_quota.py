"""Leave to call the source: who goes first, who is told to come back, and that this is true."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count

import pytest

from bot.breaker import Breaker, Resting
from bot.errors import BudgetSpent, Busy, SourceDown
from bot.profiles.pace import DAY, FLOOR, LONGEST_HOLD, MemoryPace, Quota, Slot, Standing
from bot.profiles.quota import FlightTurn, Turns
from bot.question import Lane, Rank
from bot.tasks import TaskSet

pytestmark = pytest.mark.looptime

NOON = 20_000 * DAY + DAY / 2
DEADLINE = 8.0
SLOW = Quota(rate=1, burst=1)


def now() -> float:
    return asyncio.get_running_loop().time()


def rank(person: str = "ada", lane: Lane = Lane.NORMAL) -> Rank:
    return Rank(lane, person)


@dataclass
class Desk:
    """Turns over a pace in memory, all on the loop's clock, and what came of those who asked."""

    quota: Quota = SLOW
    gate: Callable[[], None] = lambda: None
    lead_time: float = 0.0
    warned: list[int] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    came: list[tuple[str, float]] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    sent_away: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.tasks = TaskSet()
        self.pace = MemoryPace(self.quota, clock=loop.time, epoch=lambda: NOON + loop.time())
        self.turns = Turns(
            self.pace,
            self.quota,
            self.tasks,
            lead_time=self.lead_time,
            gate=self.gate,
            reserved=lambda: 0.05,
            warn=self.warned.append,
            observe=self.waited.append,
        )

    def turn(self, person: str = "ada", *, lane: Lane = Lane.NORMAL, calls: int = 1, within: float = DEADLINE) -> FlightTurn:
        return self.turns.turn(rank(person, lane), until=now() + within, calls=calls)

    async def ask(self, person: str = "ada", *, lane: Lane = Lane.NORMAL, calls: int = 1, within: float = DEADLINE) -> None:
        """Ask, send the calls at once, and leave."""
        async with self.turn(person, lane=lane, calls=calls, within=within) as turn:
            self.came.append((person, now()))
            for _ in range(calls):
                await turn.permit()
                self.sent.append(now())

    async def try_to(self, asking: Coroutine[None, None, None], person: str) -> None:
        """Ask, and note when to come back if it's not to be."""
        try:
            await asking
        except Busy as busy:
            self.sent_away.append((person, now() + busy.retry_after))

    async def use_up_the_burst(self) -> None:
        for _ in range(self.quota.burst):
            await self.ask("first")
        self.came.clear()


async def in_order(*asking: Coroutine[None, None, None]) -> None:
    """All at once, but begun in this order."""
    async with asyncio.TaskGroup() as group:
        for each in asking:
            group.create_task(each)
            await asyncio.sleep(0)


def most_in_a_second(moments: list[float]) -> int:
    """How many there are in the fullest second, its end left out."""
    ordered = sorted(moments)
    return max(at - bisect_right(ordered, moment - 1) for at, moment in enumerate(ordered, 1))


async def test_at_once() -> None:
    """While there is room a turn takes no time, not even a task switch."""
    desk = Desk(Quota(rate=10, burst=4))
    switched = asyncio.create_task(asyncio.sleep(0))
    await desk.ask(calls=2)
    await desk.ask(calls=2)

    assert (desk.came, switched.done(), desk.waited) == ([("ada", 0), ("ada", 0)], False, [0, 0])
    await switched


async def test_in_turn() -> None:
    """Then one goes after the other, at the quota's pace."""
    desk = Desk(SLOW)
    await in_order(*(desk.ask(person) for person in "abcd"))

    assert [(person, round(when, 3)) for person, when in desk.came] == [("a", 0), ("b", 1), ("c", 2), ("d", 3)]
    assert [round(waited, 3) for waited in desk.waited] == [0, 1, 2, 3]


async def test_all_calls_of_a_flight() -> None:
    """A flight begins once all the calls that it usually takes are permitted."""
    desk = Desk(SLOW)
    await in_order(desk.ask("a", calls=3), desk.ask("b", calls=2))

    assert [(person, round(when, 3)) for person, when in desk.came] == [("a", 2), ("b", 4)]


async def test_a_bulk_user_does_not_starve_others() -> None:
    """Somebody with a single question goes next, however many another has asked before."""
    desk = Desk(SLOW)
    bulk = [asyncio.create_task(desk.ask("bulk", within=1000)) for _ in range(200)]
    await asyncio.sleep(10.5)
    await desk.ask("ada")

    assert round(desk.came[-1][1], 3) == 11
    for task in bulk:
        task.cancel()


async def test_people_take_turns() -> None:
    """Within a lane people take turns, and those of one person go in the order in which they came."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    await in_order(*(desk.ask(person, within=100) for person in "aaaabbc"))

    assert "".join(person for person, _when in desk.came) == "abcabaa"


async def test_heavier_turns_count_more() -> None:
    """A turn counts with its calls: two small ones are worth one big one."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    await in_order(
        *(desk.ask("heavy", calls=2, within=100) for _ in range(3)), *(desk.ask("light", calls=1, within=100) for _ in range(6))
    )

    assert [person[0] for person, _when in desk.came] == list("hllhllhll")


async def test_lanes() -> None:
    """The reserved lane goes before the normal one, and refreshing behind comes last."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    lanes = [Lane.BEHIND, Lane.NORMAL, Lane.RESERVED, Lane.NORMAL, Lane.RESERVED]
    await in_order(*(desk.ask(lane.name, lane=lane, within=100) for lane in lanes))

    assert [person for person, _when in desk.came] == ["RESERVED", "RESERVED", "NORMAL", "NORMAL", "BEHIND"]


async def test_the_permit_goes_to_whoever_is_first_then() -> None:
    """A permit that was reserved before somebody came is theirs, if they go first when it holds."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    normal = asyncio.create_task(desk.ask("normal"))
    await asyncio.sleep(0.9)
    await desk.ask("reserved", lane=Lane.RESERVED)

    assert round(now(), 3) == 1
    await normal
    assert round(now(), 3) == 2


async def test_sharing_a_flight() -> None:
    """A flight takes the place of whoever joins it, if that is the better one."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    behind = desk.turn("behind", lane=Lane.BEHIND, within=100)

    async def fly() -> None:
        async with behind:
            desk.came.append(("behind", now()))

    flying = asyncio.create_task(fly())
    asking = [asyncio.create_task(desk.ask(person, within=100)) for person in "aabb"]
    await asyncio.sleep(0)
    behind.shared_with(rank("worse", Lane.BEHIND))
    behind.shared_with(rank("c"))
    await asyncio.gather(flying, *asking)

    assert [person for person, _when in desk.came] == ["a", "b", "behind", "a", "b"]


async def test_sharing_a_flight_before_it_departs() -> None:
    """A flight that was shared before it came to wait has the better place as well."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    turn = desk.turn(lane=Lane.BEHIND)
    turn.shared_with(rank("on call", Lane.RESERVED))

    async def fly() -> None:
        async with turn:
            desk.came.append(("shared", now()))

    await in_order(desk.ask("a"), fly())

    assert [person for person, _when in desk.came] == ["shared", "a"]


async def test_further_calls_keep_the_place() -> None:
    """A flight under way makes its retries before flights that came later."""
    desk = Desk(SLOW)
    async with desk.turn("first") as turn:
        later = asyncio.create_task(desk.ask("later"))
        await asyncio.sleep(0)
        await turn.permit()
        assert now() == 0
        await turn.permit()
        assert (round(now(), 3), desk.came) == (1, [])
        await later

    assert round(now(), 3) == 2


async def test_concurrent_calls_of_a_flight() -> None:
    """A flight may wait for several permits at once."""
    desk = Desk(SLOW)
    async with desk.turn() as turn:
        await asyncio.gather(*(turn.permit() for _ in range(3)))

    assert (round(now(), 3), len(desk.turns)) == (2, 0)


async def test_too_late() -> None:
    """Whose turn would come too late is told at once when it would have come."""
    desk = Desk(SLOW, lead_time=0.5)
    await desk.use_up_the_burst()
    waiting = [asyncio.create_task(desk.ask(within=100)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Busy) as refused:
        await desk.ask(within=6.4)

    assert (now(), round(refused.value.retry_after, 3)) == (0, 6)
    await asyncio.gather(*waiting, desk.ask(within=6.6))


async def test_pushed_back() -> None:
    """Who is overtaken for so long that it gets too late is told so then."""
    desk = Desk(SLOW, lead_time=0.5)
    await desk.use_up_the_burst()
    normal = asyncio.create_task(desk.ask("normal", within=2))
    await asyncio.sleep(0.5)
    reserved = [asyncio.create_task(desk.ask("reserved", lane=Lane.RESERVED)) for _ in range(5)]
    with pytest.raises(Busy) as refused:
        await normal

    assert (now(), round(refused.value.retry_after, 3)) == (1.5, 5.5 - 1)
    await asyncio.gather(*reserved)


async def test_promises_hold_back_nobody() -> None:
    """Those who were told to come back stand before the next one who is told, but before nobody who can be served."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    for _ in range(100):
        await desk.try_to(desk.ask("late", within=0.5), "late")
    await desk.ask("in time", within=1.5)

    assert [round(when, 3) for _person, when in desk.sent_away] == list(range(1, 101))
    assert [(person, round(when, 3)) for person, when in desk.came] == [("in time", 1)]


async def test_refreshing_behind_is_promised_nothing() -> None:
    """A copy that can't be refreshed behind makes nobody else's wait longer; nobody comes back for it."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    for _ in range(10):
        await desk.try_to(desk.ask("behind", lane=Lane.BEHIND, within=0.5), "behind")
    await desk.try_to(desk.ask("ada", within=0.5), "ada")

    assert round(desk.sent_away[-1][1], 3) == 1


class TestFiveHundredAtOnce:
    """500 customers at once, two calls each, against 50 a second and eight seconds' patience."""

    quota = Quota(rate=50, burst=50)

    def desk(self) -> Desk:
        return Desk(self.quota, lead_time=0.3)

    async def ask(self, desk: Desk, person: str) -> None:
        await desk.try_to(desk.ask(person, calls=2), person)

    async def come_back(self, desk: Desk, person: str, when: float) -> None:
        await asyncio.sleep(when - now())
        await self.ask(desk, person)

    async def test_first_time(self) -> None:
        """As many get their turn as the quota has room for, and the others know at once."""
        desk = self.desk()
        asking = [asyncio.create_task(self.ask(desk, f"{number}")) for number in range(500)]
        await asyncio.sleep(0.001)
        told = len(desk.sent_away)
        await asyncio.gather(*asking)

        assert len(desk.came) >= 0.9 * 50 * DEADLINE / 2
        assert len(desk.came) + told == 500
        assert most_in_a_second(desk.sent) <= 100
        assert (len(desk.turns), len(desk.tasks)) == (0, 0)

    @pytest.mark.parametrize("late", [0.0, 0.9])
    async def test_told_waits_are_true(self, late: float) -> None:
        """Whoever comes back when it was told to, or a little later, is served within a second."""
        desk = self.desk()
        await asyncio.gather(*(self.ask(desk, f"{number}") for number in range(500)))
        sent_away, desk.sent_away = dict(desk.sent_away), []
        desk.came.clear()
        chance = random.Random(3)  # noqa: S311 - chance, no secret
        await asyncio.gather(*(self.come_back(desk, person, when + late * chance.random()) for person, when in sent_away.items()))
        waits = [when - sent_away[person] for person, when in desk.came]

        assert (len(desk.came), desk.sent_away) == (len(sent_away), [])
        assert max(waits) <= 1 + late
        assert most_in_a_second(desk.sent) <= 100

    async def test_no_longer_than_need_be(self) -> None:
        """Told waits are not put off: they are used as fast as the quota allows."""
        desk = self.desk()
        await asyncio.gather(*(self.ask(desk, f"{number}") for number in range(500)))
        told = sorted(when for _person, when in desk.sent_away)

        assert DEADLINE - 0.3 - 1 <= told[0] <= DEADLINE
        assert told[-1] == pytest.approx((1000 - 50) / 50, abs=1)


async def test_throttled() -> None:
    """A volley of 429 halves the pace once, and takes the burst away."""
    desk = Desk(Quota(rate=100, burst=100))
    for _ in range(50):
        await desk.ask()
    await asyncio.sleep(1)
    for _ in range(50):
        await desk.turns.throttled(None, sent=0.5)
    await asyncio.gather(*(desk.ask() for _ in range(50)))

    assert (await desk.pace.standing()).pace == pytest.approx(0.5 + 0.1 * (now() - 1))
    assert 0.85 < now() - 1 < 1.05  # 50 at something more than 50 a second


async def test_throttled_with_a_wait() -> None:
    """When the source says for how long, nobody goes before, not even on a permit that was reserved; then one by one."""
    desk = Desk(Quota(rate=10, burst=10))
    await desk.use_up_the_burst()
    waiting = asyncio.create_task(desk.ask("waits"))
    await asyncio.sleep(0.01)
    await desk.turns.throttled(5.0, sent=0)
    with pytest.raises(Busy) as refused:
        await desk.ask("hurries", within=3)
    await waiting

    assert [(person, round(when, 2)) for person, when in desk.came] == [("waits", 5.01)]
    assert refused.value.retry_after == pytest.approx(5, abs=0.2)
    await asyncio.gather(*(desk.ask() for _ in range(10)))
    assert now() > 5.01 + 0.8


async def test_longest_hold() -> None:
    """A source that asks for a day holds up nobody for longer than a minute, not even those whose permit is reserved."""
    desk = Desk(Quota(rate=10, burst=10))
    await desk.use_up_the_burst()
    waiting = asyncio.create_task(desk.ask("waits", within=DAY))
    await asyncio.sleep(0.01)
    await desk.turns.throttled(DAY, sent=0)
    await waiting

    assert now() == pytest.approx(LONGEST_HOLD, abs=0.1)


async def test_creeping_back() -> None:
    """Ten seconds after the last 429 the pace is what it was."""
    desk = Desk(Quota(rate=100, burst=10))
    for moment in range(10):
        await desk.turns.throttled(None, sent=moment)
        await asyncio.sleep(0.01)
    assert (await desk.pace.standing()).pace == pytest.approx(FLOOR, abs=0.01)

    await asyncio.sleep(10)
    assert (await desk.pace.standing()).pace == 1


async def test_waits_at_half_the_pace() -> None:
    """Told waits follow the pace that holds just now."""
    desk = Desk(Quota(rate=50, burst=50))
    await desk.use_up_the_burst()
    await desk.turns.throttled(None, sent=0)
    waits = await asyncio.gather(*(desk.turn(f"{n}", within=2).__aenter__() for n in range(200)), return_exceptions=True)
    told = [wait.retry_after for wait in waits if isinstance(wait, Busy)]
    slept = 2.0

    assert len(waits) - len(told) == pytest.approx(50 * (0.5 * slept + 0.1 * slept * slept / 2), abs=2)
    assert min(told) == pytest.approx(2, abs=0.1)


class TestBudget:
    """Calls are licensed by the day."""

    quota = Quota(rate=1000, burst=1000, budget=100)

    async def test_spent(self) -> None:
        """Once it is spent, everybody is told when the next day begins; the reserved lane has the last twentieth."""
        desk = Desk(self.quota)
        for _ in range(95):
            await desk.ask()
        with pytest.raises(BudgetSpent) as refused:
            await desk.ask()
        for _ in range(5):
            await desk.ask(lane=Lane.RESERVED)
        with pytest.raises(BudgetSpent):
            await desk.ask(lane=Lane.RESERVED)

        assert (refused.value.retry_after, len(desk.came)) == (DAY / 2, 100)

    async def test_midnight(self) -> None:
        """At midnight, UTC, a new budget begins, and a new warning."""
        desk = Desk(self.quota)
        for _ in range(2):
            for _ in range(95):
                await desk.ask()
            assert (await desk.pace.standing()).spent == 95
            await asyncio.sleep(DAY / 2)
            assert (await desk.pace.standing()).spent == 0
            await asyncio.sleep(DAY / 2)

        assert desk.warned == [80, 80]

    async def test_while_waiting(self) -> None:
        """Those who wait when it is spent are told, except the reserved lane, which goes on."""
        desk = Desk(Quota(rate=10, burst=1, budget=20))
        asking = [desk.ask() for _ in range(30)] + [desk.ask(lane=Lane.BEHIND), desk.ask(lane=Lane.RESERVED)]
        results = await asyncio.gather(*asking, return_exceptions=True)

        assert [type(result) for result in results].count(BudgetSpent) == 13
        assert (results[-1], len(desk.came), len({id(result) for result in results if result})) == (None, 19, 13)


class TestGate:
    """While the source is left alone, nobody waits for it."""

    def desk(self) -> tuple[Desk, Breaker]:
        breaker = Breaker(clock=asyncio.get_running_loop().time, failures=1, pause=2.0)

        def gate() -> None:
            try:
                breaker.check()
            except Resting as resting:
                raise SourceDown(retry_after=resting.wait) from None

        return Desk(SLOW, gate=gate), breaker

    async def test_closed(self) -> None:
        """Nobody comes in."""
        desk, breaker = self.desk()
        breaker.failed(object())
        with pytest.raises(SourceDown):
            await desk.ask()

        assert (await desk.pace.standing()).spent == 0

    async def test_closes(self) -> None:
        """Everybody who waits is told within a tick, each with an error of their own; afterwards all goes on."""
        desk, breaker = self.desk()
        await desk.use_up_the_burst()
        waiting = [asyncio.create_task(desk.ask(person)) for person in "abcdef"]
        await asyncio.sleep(0.45)
        breaker.failed(object())
        errors = await asyncio.gather(*waiting, return_exceptions=True)

        assert ({type(error) for error in errors}, len({id(error) for error in errors})) == ({SourceDown}, 6)
        assert (now() - 0.45 <= 0.1, len(desk.turns)) == (True, 0)
        await asyncio.sleep(3)
        breaker.succeeded()
        await desk.ask()
        assert len(desk.came) == 1
        assert now() == pytest.approx(3.5, abs=0.1)

    async def test_a_flight_under_way(self) -> None:
        """A flight that needs another permit is told as well."""
        desk, breaker = self.desk()
        async with desk.turn() as turn:
            await turn.permit()
            breaker.failed(object())
            with pytest.raises(SourceDown):
                await turn.permit()


async def test_cancelled() -> None:
    """Who is cancelled leaves the queue, and costs nothing more; the slot that was reserved goes to the next."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    waiting = [asyncio.create_task(desk.ask(person)) for person in "abc"]
    await asyncio.sleep(0.5)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    assert len(desk.turns) == 0

    await desk.ask("next")
    assert (round(now(), 3), (await desk.pace.standing()).spent) == (1, 2)


async def test_unused_slots_are_lost() -> None:
    """A slot that holds while nobody waits is not saved up for later."""
    desk = Desk(Quota(rate=1, burst=2))
    await desk.use_up_the_burst()
    waiting = asyncio.create_task(desk.ask())
    await asyncio.sleep(0.5)
    waiting.cancel()
    await asyncio.sleep(1.5)
    await asyncio.gather(*(desk.ask() for _ in range(3)))

    assert [round(when, 3) for _person, when in desk.came] == [2, 3, 4]


@pytest.mark.parametrize("seed", range(5))
async def test_storms(seed: int) -> None:
    """Whoever comes, is cancelled, joins or is sent away, in whatever order: nobody is left behind, nor is anything of them."""
    chance = random.Random(seed)  # noqa: S311 - chance, no secret
    desk = Desk(Quota(rate=20, burst=5), lead_time=0.2)
    people = count()

    async def one() -> None:
        lane = chance.choice(list(Lane))
        person = chance.choice(["bulk", f"{next(people)}"])
        await asyncio.sleep(chance.random() * 5)
        turn = desk.turn(person, lane=lane, calls=chance.randint(1, 3), within=chance.random() * 4)
        try:
            async with asyncio.timeout(chance.random() * 6), turn:
                turn.shared_with(rank("other", chance.choice(list(Lane))))
                for _ in range(chance.randint(1, 4)):
                    await turn.permit()
                    desk.sent.append(now())
        except (Busy, TimeoutError):
            pass

    tasks = [asyncio.create_task(one()) for _ in range(300)]
    for task in chance.sample(tasks, 100):
        asyncio.get_running_loop().call_later(chance.random() * 8, task.cancel)
    await asyncio.wait(tasks)
    await asyncio.sleep(2)

    assert (len(desk.turns), len(desk.tasks)) == (0, 0)
    assert most_in_a_second(desk.sent) <= 25
    began = now()
    await desk.ask()
    assert now() == began


class Shared:
    """A pace behind a network: every answer takes a while. With `others`, so many more replicas call as often as this one."""

    def __init__(self, pace: MemoryPace, *, takes: float, others: int = 0) -> None:
        self._pace = pace
        self._takes = takes
        self._others = others

    async def reserve(self, most: int | None) -> Slot:
        for _ in range(self._others):
            await self._pace.reserve(most)
        slot = await self._pace.reserve(most)
        await asyncio.sleep(self._takes)
        return Slot(max(0.0, slot.wait - self._takes), slot.spent, slot.granted)

    async def throttled(self, retry_after: float | None, age: float) -> None:
        await self._pace.throttled(retry_after, age)

    async def standing(self) -> Standing:
        await asyncio.sleep(self._takes)
        return await self._pace.standing()


@pytest.mark.parametrize("others", [0, 3])
async def test_shared_by_replicas(others: int) -> None:
    """Over a slow link, and beside other replicas, the quota is used up and kept, and waits are true once those are known."""
    quota = Quota(rate=100, burst=20)
    desk = Desk(quota)
    shared = Shared(desk.pace, takes=0.002, others=others)
    desk.turns = Turns(shared, quota, desk.tasks, lead_time=0.2)
    first = [asyncio.create_task(desk.try_to(desk.ask(f"{n}", calls=2), f"{n}")) for n in range(600)]
    await asyncio.sleep(4)
    desk.sent_away.clear()
    await desk.try_to(desk.ask("asks", calls=2, within=2), "asks")
    [(_person, when)] = desk.sent_away
    await asyncio.sleep(when - now())
    await desk.ask("asks", calls=2)

    assert now() - when < 1
    await asyncio.gather(*first)
    assert len([moment for moment in desk.sent if moment <= DEADLINE]) >= 0.9 * 100 / (1 + others) * (DEADLINE - 0.2)
    assert most_in_a_second(desk.sent) <= 120


async def test_a_broken_pace() -> None:
    """Should the pace itself break, whoever waits hears of it."""

    class Broken(Shared):
        async def reserve(self, most: int | None) -> Slot:
            await asyncio.sleep(0.1)
            raise ZeroDivisionError

    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    turns = Turns(Broken(desk.pace, takes=0), Quota(rate=1, burst=1), desk.tasks, lead_time=0)
    asking = [turns.turn(rank(), until=100, calls=1).__aenter__() for _ in range(3)]
    errors = await asyncio.gather(*asking, return_exceptions=True)

    assert ([type(error) for error in errors], len(turns)) == ([ZeroDivisionError] * 3, 0)


async def test_shutdown() -> None:
    """When the queue itself is cancelled at the end, nobody waits for ever."""
    desk = Desk(SLOW)
    await desk.use_up_the_burst()
    waiting = asyncio.create_task(desk.ask())
    await asyncio.sleep(0.1)
    await desk.tasks.drain(0)
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert len(desk.turns) == 0
