"""How often one person, and one workspace, may ask."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.admission import Admission
from bot.errors import AskedTooOften
from bot.limits import Claim, Denied, MemoryLimiter, Rate
from bot.question import Asker
from tests.profiles.replicas import Clock

ADA, BOB, ELSEWHERE = Asker("U1", "T1"), Asker("U2", "T1"), Asker("U1", "T2")


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
def admitted(clock: Clock) -> Admission:
    return Admission(MemoryLimiter(clock=clock), person=Rate(2.0, burst=3), team=Rate(1.0, burst=5))


async def wait(admitted: Admission, asker: Asker) -> float | None:
    """Ask once more: None, or how long to wait."""
    try:
        await admitted(asker)
    except AskedTooOften as error:
        return error.retry_after
    return None


async def test_person(admitted: Admission) -> None:
    """One person may ask so often, and then is told when they may again; others are not concerned."""
    assert [await wait(admitted, ADA) for _ in range(5)] == [None, None, None, 2.0, 2.0]
    assert await wait(admitted, BOB) is None


async def test_workspace(admitted: Admission) -> None:
    """All of a workspace together may ask so often; another workspace is not concerned, nor whoever has the same id there."""
    assert [await wait(admitted, each) for each in (ADA, ADA, ADA, BOB, BOB, BOB)] == [None] * 5 + [1.0]
    assert await wait(admitted, ELSEWHERE) is None


async def test_longer_wait(admitted: Admission) -> None:
    """Where both are exhausted, the longer wait is told."""
    for asker in (ADA, ADA, ADA, BOB, BOB):
        await admitted(asker)

    assert await wait(admitted, ADA) == 2.0


async def test_told_wait_does(admitted: Admission, clock: Clock) -> None:
    """Whoever waits for as long as they were told may ask; a moment earlier they may not."""
    for _ in range(3):
        await admitted(ADA)
    told = await wait(admitted, ADA)
    assert told
    clock.now += told - 0.1
    assert await wait(admitted, ADA) == pytest.approx(0.1)

    clock.now += 0.1
    assert await wait(admitted, ADA) is None


async def test_denied_is_not_counted(admitted: Admission, clock: Clock) -> None:
    """A question that was denied counts neither for the person nor for the workspace."""
    for _ in range(3):
        await admitted(ADA)
    for _ in range(100):
        assert await wait(admitted, ADA) == 2.0

    assert [await wait(admitted, BOB) for _ in range(3)] == [None, None, 1.0]
    clock.now += 2.0
    assert await wait(admitted, ADA) is None


async def test_claims() -> None:
    """Both are counted under names of their own, in one exchange: replicas count together."""
    taken: list[Claim] = []

    class Counts:
        async def take(self, claims: Sequence[Claim]) -> Denied | None:
            taken.extend(claims)
            return Denied(claims[0], wait=4.2)

    person, team = Rate(2.0, 3), Rate(1.0, 5)
    with pytest.raises(AskedTooOften) as denied:
        await Admission(Counts(), person=person, team=team)(ADA)

    assert denied.value.retry_after == 4.2
    assert taken == [Claim("person:T1:U1", person), Claim("team:T1", team)]
