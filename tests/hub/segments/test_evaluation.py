from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.hub.database import unsettled
from bot.hub.database.connection import transaction
from bot.hub.database.intake import Intake
from bot.hub.database.reading import Reading
from bot.hub.database.removal import remove
from bot.hub.model import MOST_IDENTITIES, Identity, Record
from bot.hub.segments import jobs
from bot.hub.segments.evaluation import Evaluation
from tests.hub.segments.world import ADA, GRACE, PHONE, World

LATELY = 'xEvent[eventType = "bought" and timestamp occurs < 30 days before now]'
DAY = timedelta(days=1)


def test_as_data_arrives(world: World) -> None:
    """What arrives is evaluated: memberships with the time, computed attributes with their values."""
    world.audience(1, LATELY)
    world.computed("orders", "xEvent.count()")
    world.take(world.profile(ADA, PHONE, name="Ada"), world.event(1, PHONE), world.profile(GRACE, name="Grace"))

    assert world.settle() == 2
    assert world.standing().memberships == {"a1": {"status": "realized", "lastQualificationTime": "2026-03-05T09:30:00Z"}}
    assert world.standing().computed == {"orders": 1}
    assert world.members("a1", ADA, PHONE, GRACE) == [ADA, PHONE]
    assert unsettled.count(world.connection) == 0


def test_nothing_to_do(world: World) -> None:
    """Where nothing waits nothing is done."""
    assert world.evaluation.work(world.connection, 10) == 0


def test_exit(world: World) -> None:
    """A membership ends when data says so, and its time is that of the end."""
    world.audience(1, "tier = 1")
    world.take(world.profile(ADA, tier=1))
    world.settle()
    world.now += timedelta(hours=1)
    world.take(world.profile(ADA, tier=2))
    world.settle()

    assert world.standing().memberships == {"a1": {"status": "exited", "lastQualificationTime": "2026-03-05T10:30:00Z"}}


def test_graphs_join(world: World) -> None:
    """People who turn out to be one keep the elder membership, and are evaluated with all that is known of both."""
    world.audience(1, "tier = 1")
    world.audience(2, "tier = 1 and xEvent[sum > 1]")
    world.take(world.profile(ADA, tier=1))
    world.settle()
    world.now += DAY / 2
    world.take(world.event(1, PHONE, sum=2))
    world.settle()
    world.take(world.profile(PHONE, ADA, tier=1))
    world.settle()
    since = {audience: each["lastQualificationTime"] for audience, each in world.standing(PHONE).memberships.items()}

    assert since == {"a1": "2026-03-05T09:30:00Z", "a2": "2026-03-05T21:30:00Z"}
    assert world.standing(ADA) == world.standing(PHONE)


def test_limit(world: World) -> None:
    """A step settles no more than its limit; those who wait longest come first."""
    world.audience(1, "tier = 1")
    people = [Identity("Email", f"person{number}@example.com") for number in range(5)]
    for each in people:
        world.take(world.profile(each, tier=1))
    evaluation = world.evaluation

    assert [evaluation.work(world.connection, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert world.members("a1", *people) == people


def test_many_at_once(world: World) -> None:
    """People who are read together aren't mixed up."""
    world.audience(1, "xEvent.sum(n) = 3")
    people = [Identity("Email", f"person{number}@example.com") for number in range(100)]
    for place, each in enumerate(people):
        world.take(world.profile(each, n=place), world.event(place, each, n=place % 5))

    assert world.settle(limit=100) == 100
    assert world.members("a1", *people) == people[3::5]


class Interrupted(sqlite3.Connection):
    """Something else is written just before this connection begins to write what follows from what it has read."""

    meanwhile: Callable[[], None] | None = None
    has_read = False

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "BEGIN IMMEDIATE" and self.has_read and self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        self.has_read |= sql == "BEGIN"
        return super().execute(sql, *parameters)


@pytest.fixture
def interrupted(world: World) -> Iterator[Interrupted]:
    with closing(sqlite3.connect(world.database.path, isolation_level=None, factory=Interrupted)) as connection:
        yield connection


def test_more_arrives_meanwhile(world: World, interrupted: Interrupted) -> None:
    """Of whom more arrives while it is computed stays waiting, and what was computed of the old isn't stored."""
    world.audience(1, "tier = 1")
    world.take(world.profile(ADA, tier=1), world.profile(GRACE, tier=1))
    interrupted.meanwhile = lambda: world.take(world.profile(ADA, tier=2, age=30))

    assert world.evaluation.work(interrupted, 10) == 2
    assert unsettled.count(world.connection) == 1
    assert world.settle() == 1
    assert world.members("a1", ADA, GRACE) == [GRACE]


def test_graphs_join_meanwhile(world: World, interrupted: Interrupted) -> None:
    """If graphs join while they are computed, the joined one is evaluated in the end."""
    world.audience(1, 'xEvent[eventType = "bought"].count() = 2')
    world.take(world.event(1, ADA), world.event(2, GRACE))
    interrupted.meanwhile = lambda: world.take(world.profile(ADA, GRACE))
    world.evaluation.work(interrupted, 10)
    world.settle()

    assert world.members("a1", ADA, GRACE) == [ADA, GRACE]
    assert world.connection.execute("SELECT count(*) FROM standing").fetchone() == (1,)


def test_removed_meanwhile(world: World, interrupted: Interrupted) -> None:
    """Of who is removed while it is computed nothing comes back."""
    world.audience(1, "tier = 1")
    world.take(world.profile(ADA, tier=1), world.profile(GRACE, tier=1))

    def removal() -> None:
        person = Reading(world.connection, world.database).find(ADA)
        assert person
        with transaction(world.connection):
            remove(world.connection, person)

    interrupted.meanwhile = removal

    assert world.evaluation.work(interrupted, 10) == 2
    assert world.connection.execute("SELECT count(*) FROM standing").fetchone() == (1,)
    assert world.settle() == 0


def test_too_large_a_graph(world: World) -> None:
    """A graph that is too large has no profile, so nothing is computed of it, and nobody waits behind it."""
    world.audience(1, "not tier = 2")
    many = [Identity("ECID", f"{number:038d}") for number in range(MOST_IDENTITIES + 1)]
    world.take(world.profile(*many[:25], tier=1), world.profile(*many[24:], tier=1), world.profile(GRACE, tier=1))
    world.settle()

    assert unsettled.count(world.connection) == 0
    assert world.standing(many[0]).memberships == {}
    assert world.members("a1", GRACE) == [GRACE]


def test_what_cannot_be_evaluated(world: World) -> None:
    """One whose data can't be evaluated keeps what was computed before, is told of without the data, and hinders nobody."""
    world.audience(1, "tags = 1")
    world.computed("orders", "xEvent.count()")
    world.take(world.profile(ADA, tags=[1]), world.event(1, ADA))
    world.settle()
    before = world.standing()
    nested = b'{"name": "secret", "tags": ' + b"[" * 1000 + b"]" * 1000 + b"}"
    world.take(world.profile(ADA)._replace(body=nested, time=world.milliseconds + 1), world.profile(GRACE, tags=[1]))
    world.now += timedelta(hours=1)
    with capture_logs() as events:
        world.settle()

    assert world.standing() == replace(before, evaluated=world.milliseconds)
    assert world.members("a1", ADA, GRACE) == [ADA, GRACE]
    assert events == [{"event": "hub_evaluation_failed", "log_level": "error", "kind": "RecursionError"}]
    assert unsettled.count(world.connection) == 0


def test_everybody(world: World) -> None:
    """On demand everybody is evaluated again: an audience that is new, and time that has passed."""
    world.audience(1, LATELY)
    world.take(world.event(1, ADA), world.event(2, GRACE, ago=20 * DAY))
    world.settle()
    world.audience(2, "xEvent.count() = 1")
    world.now += 11 * DAY
    world.evaluation.everybody(world.connection)

    assert world.settle() >= 2
    assert world.members("a1", ADA, GRACE) == [ADA]
    assert world.members("a2", ADA, GRACE) == [ADA, GRACE]


def queued(world: World) -> str:
    with transaction(world.connection):
        return str(jobs.queue(world.connection, [], source="api", now=world.milliseconds)["id"])


def job(world: World, job_id: str) -> dict[str, Any]:
    found = jobs.found(world.connection, job_id)
    assert found
    return found


def test_job(world: World) -> None:
    """A job evaluates everybody, in small steps, and says when it is done and how many people that were."""
    people = [Identity("Email", f"person{number}@example.com") for number in range(5)]
    world.take(*(world.profile(each, tier=1) for each in people))
    world.audience(1, "tier = 1")
    first, second = queued(world), queued(world)
    evaluation = world.evaluation

    assert evaluation.work(world.connection, 2) == 2
    assert job(world, first)["status"] == job(world, second)["status"] == "PROCESSING"
    assert [evaluation.work(world.connection, 2) for _ in range(3)] == [2, 1, 0]
    assert [job(world, each)["status"] for each in (first, second)] == ["SUCCEEDED", "SUCCEEDED"]
    assert job(world, first)["metrics"]["totalProfiles"] == 5
    assert world.members("a1", *people) == people


def test_arrivals_before_jobs(world: World) -> None:
    """Of whom something arrives needn't wait until a job is done with everybody."""
    people = [Identity("Email", f"person{number}@example.com") for number in range(6)]
    world.take(*(world.profile(each, tier=1) for each in people))
    world.audience(1, "tier = 1")
    queued(world)
    evaluation = world.evaluation
    evaluation.work(world.connection, 2)
    world.take(world.profile(GRACE, tier=1))
    evaluation.work(world.connection, 2)

    assert world.members("a1", GRACE) == [GRACE]


def test_job_after_restart(world: World) -> None:
    """A job that was under way when the process ended is carried out by the next."""
    people = [Identity("Email", f"person{number}@example.com") for number in range(5)]
    world.take(*(world.profile(each, tier=1) for each in people))
    world.audience(1, "tier = 1")
    first = queued(world)
    world.evaluation.work(world.connection, 2)
    world.settle()

    assert job(world, first)["status"] == "SUCCEEDED"
    assert world.members("a1", *people) == people


def test_job_cancelled(world: World) -> None:
    """A cancelled job isn't carried out, and one that is over can't be cancelled."""
    world.take(world.profile(ADA, tier=1))
    world.audience(1, "tier = 1")
    first = queued(world)
    with transaction(world.connection):
        jobs.cancel(world.connection, job(world, first), now=world.milliseconds)

    assert world.settle() == 0
    assert job(world, first)["status"] == "CANCELLED"

    second = queued(world)
    world.settle()
    with transaction(world.connection):
        jobs.cancel(world.connection, job(world, second), now=world.milliseconds)

    assert job(world, second)["status"] == "SUCCEEDED"


def test_daily(world: World) -> None:
    """Once a day everybody is evaluated of itself, and once only: a window of time closes although nothing arrives."""
    world.audience(1, LATELY)
    world.take(world.event(1, ADA, ago=29 * DAY))
    world.settle()
    world.now += 23 * timedelta(hours=1)
    early = world.settle()
    world.now += 2 * timedelta(hours=1)
    daily = world.settle()

    assert (early, daily, world.settle()) == (0, 1, 0)
    assert world.standing().memberships["a1"] == {"status": "exited", "lastQualificationTime": "2026-03-06T10:30:00Z"}
    assert [each["source"] for each in jobs.listed(world.connection)] == ["scheduler"]


def test_old_jobs(world: World) -> None:
    """The last hundred jobs that are over are kept."""
    world.audience(1, "tier = 1")
    for _ in range(105):
        last = queued(world)
        world.settle()

    assert 100 <= len(jobs.listed(world.connection)) <= 101
    assert job(world, last)["status"] == "SUCCEEDED"


PEOPLE = [ADA, GRACE, PHONE, Identity("ECID", "1" * 38), Identity("Email", "max@example.com")]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[str, tuple[Identity, ...], int]], list[int], list[int]]:
    identities = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True).map(tuple)
    told = draw(
        st.lists(st.tuples(st.sampled_from(["profile", "event"]), identities, st.integers(0, 3)), min_size=1, max_size=12)
    )
    order = draw(st.permutations(range(len(told))))
    cuts = draw(st.lists(st.integers(0, len(told)), max_size=4))
    return told, list(order), sorted(cuts)


def outcome(told: Sequence[tuple[str, tuple[Identity, ...], int]], batches: Sequence[Sequence[int]]) -> list[object]:
    """Who is realized where, and what is computed, when the records come in these batches and each is evaluated."""
    with TemporaryDirectory() as folder, World.at(Path(folder) / "hub.db") as world:
        world.audience(1, "tier = 1")
        world.audience(2, "xEvent.count() >= 2 and not tier = 2")
        world.audience(3, "_demo.SystemComputedAttributes.total > 3")
        world.computed("total", "xEvent.sum(n)")
        records = [_record(world, number, *each) for number, each in enumerate(told)]
        for batch in batches:
            world.take(*(records[place] for place in batch))
            world.settle(limit=2)
        everyone = sorted({identity for _, identities, _ in told for identity in identities})
        return [(world.members(audience, *everyone)) for audience in ("a1", "a2", "a3")] + [
            world.standing(identity).computed for identity in everyone
        ]


def _record(world: World, number: int, kind: str, identities: tuple[Identity, ...], value: int) -> Record:
    if kind == "event":
        return world.event(number, *identities, ago=timedelta(minutes=number), n=value)
    return world.profile(*identities, tier=value)._replace(time=world.milliseconds + number)


@given(histories())
@settings(max_examples=25, deadline=None)
def test_any_order(history: tuple[list[tuple[str, tuple[Identity, ...], int]], list[int], list[int]]) -> None:
    """Any order and any split of the same records gives the same realized audiences and computed attributes."""
    told, order, cuts = history
    edges = [0, *cuts, len(order)]
    batches = [order[start:end] for start, end in pairwise(edges)]

    assert outcome(told, [range(len(told))]) == outcome(told, batches)


def test_rounds(world: World) -> None:
    """Nobody waits for more than a round, though somebody who comes first is never quiet."""
    world.audience(1, "tier = 1")
    people = [Identity("ECID", f"{number:038d}") for number in range(4)]
    evaluation, rounds = world.evaluation, []
    world.take(*(world.profile(person, tier=1) for person in people))
    for number in range(8):
        evaluation.work(world.connection, 1)
        world.take(world.event(number, people[0]))
        rounds.append(world.connection.execute("SELECT count(*) FROM standing").fetchone()[0])

    assert rounds[:4] == [1, 2, 3, 4]
    assert unsettled.count(world.connection) == 1


def test_overtaken(world: World) -> None:
    """Who is evaluated while more of them arrives still counts as work: whoever works until nothing is left goes on."""
    world.audience(1, 'homeAddress.city = "Berlin"')
    world.take(world.profile(ADA, homeAddress={"city": "Köln"}))
    moved = world.profile(ADA, homeAddress={"city": "Berlin"})
    arriving = iter([moved._replace(time=moved.time + 1)])

    def clock() -> datetime:
        with closing(world.database.writer()) as other, transaction(other):
            Intake(other).apply(list(arriving), world.database.organisation(), now=world.milliseconds)
        return world.now

    evaluation = Evaluation(world.database, clock)

    assert evaluation.work(world.connection, 10) == 1
    assert evaluation.work(world.connection, 10) == 1
    assert world.members("a1", ADA) == [ADA]
