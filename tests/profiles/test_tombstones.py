"""What was asked for before it was buried is covered, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.profiles.ports import Names
from bot.profiles.tombstones import CLOCKS_APART, LONGEST_FLIGHT, MOST, Tombstones
from tests.factories import EPOCH
from tests.profiles.replicas import EVERYTHING, Clock

KEPT = 1_000.0


@dataclass
class Told:
    """Tidings that are written down; `reachable` is what announcing them comes to."""

    reachable: bool = True
    announced: list[tuple[Names, float]] = field(default_factory=list)

    async def announce(self, names: Names, at: float) -> bool:
        self.announced.append((names, at))
        return self.reachable


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def buried(told: Told, clock: Clock) -> Tombstones:
    return Tombstones(told, everything=EVERYTHING, clock=clock, kept=KEPT)


def test_nothing(buried: Tombstones) -> None:
    """At first nothing is covered."""
    assert not buried.cover(("a",), EPOCH)


@pytest.mark.parametrize(
    ("started", "covered"), [(-3600, True), (-1, True), (0, True), (CLOCKS_APART, True), (CLOCKS_APART + 0.001, False)]
)
async def test_since(buried: Tombstones, started: float, covered: bool) -> None:
    """What was asked for before the burial is covered, or so shortly after it that another clock may have told it as before."""
    await buried.bury(("a",))

    assert buried.cover(("a",), EPOCH + started) is covered


async def test_names(buried: Tombstones) -> None:
    """One name that was buried is enough; others are not concerned."""
    await buried.bury(("a", "b"))

    assert buried.cover(("b",), EPOCH)
    assert buried.cover(("x", "a"), EPOCH)
    assert not buried.cover(("x", "y"), EPOCH)
    assert not buried.cover((), EPOCH)


async def test_everything(buried: Tombstones, clock: Clock) -> None:
    """Everything can be buried at once; what is asked for afterwards isn't covered."""
    assert await buried.bury_everything()
    assert buried.cover(("a",), EPOCH)

    clock.now += 10
    assert not buried.cover(("a",), clock.now)


@pytest.mark.parametrize("reachable", [True, False])
async def test_announced(buried: Tombstones, told: Told, reachable: bool) -> None:
    """Other replicas are told, and whether they could be; here it holds either way."""
    told.reachable = reachable

    assert await buried.bury(("a", "b")) is reachable
    assert told.announced == [(("a", "b"), EPOCH)]
    assert buried.cover(("a",), EPOCH)


def test_heard(buried: Tombstones, told: Told) -> None:
    """What another replica buried is covered from when that was, and isn't told again."""
    buried.heard(("a",), EPOCH - 100)

    assert buried.cover(("a",), EPOCH - 100 + CLOCKS_APART)
    assert not buried.cover(("a",), EPOCH)
    assert told.announced == []


def test_late_tidings(buried: Tombstones) -> None:
    """Tidings that come late don't take back what was buried since."""
    buried.heard(("a",), EPOCH)
    buried.heard(("a",), EPOCH - 100)

    assert buried.cover(("a",), EPOCH)


async def test_no_longer_than_copies(buried: Tombstones, clock: Clock) -> None:
    """A tombstone lasts for as long as a copy may, of a flight that had just begun; then all that it could cover is gone too."""
    await buried.bury(("a",))
    clock.now += KEPT + LONGEST_FLIGHT + CLOCKS_APART
    await buried.bury(("b",))
    assert buried.cover(("a",), EPOCH)

    clock.now += 1
    await buried.bury(("c",))
    assert not buried.cover(("a",), EPOCH)
    assert buried.cover(("b",), EPOCH)


def test_bounded(buried: Tombstones) -> None:
    """However many are buried, memory is bounded: the oldest tombstones go first."""
    buried.heard(tuple(str(number) for number in range(MOST)), EPOCH)
    assert buried.cover(("0",), EPOCH)

    buried.heard(("one more",), EPOCH)
    assert [buried.cover((name,), EPOCH) for name in ("0", "1", "one more")] == [False, True, True]
