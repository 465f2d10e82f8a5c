"""How the service is: what it was told, what it reads, and when it is not ready."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.breaker import State
from bot.errors import (
    BudgetSpent,
    Busy,
    DeadlinePassed,
    LookupFailed,
    NamespaceRefused,
    NotFound,
    NotSetUp,
    SourceDown,
    SourceFailed,
    Throttled,
    TooManyIdentities,
    Unreachable,
)
from bot.profiles.pace import Standing
from bot.question import Identity
from bot.status import (
    MOST_TROUBLES,
    CacheState,
    Instruments,
    Reason,
    SlackState,
    Snapshot,
    SourceState,
    Status,
    Trouble,
    ready,
    reasons,
)
from tests.factories import Clock

START = datetime(2030, 1, 1, tzinfo=UTC)
NOBODY = NotFound(identity=Identity("Email", "ada@example.com"))


async def standing() -> Standing:
    return Standing(pace=0.5, spent=70, wait=0.25)


INSTRUMENTS = Instruments(
    breaker=lambda: State.HALF_OPEN,
    standing=standing,
    entries=lambda: 3,
    weight=lambda: 4_000,
    tasks=lambda: 2,
    version=lambda: "v1",
    redis=lambda: State.OPEN,
    connected=lambda: True,
    transport="http and socket",
    budget=100,
)


@pytest.fixture
def clock() -> Clock:
    return Clock(START.timestamp())


@pytest.fixture
def status(clock: Clock) -> Status:
    return Status(clock=clock)


async def test_snapshot(status: Status) -> None:
    """A snapshot has what the instruments show at that moment."""
    expected = Snapshot(
        started=START,
        version="v1",
        draining=False,
        tasks=2,
        source=SourceState(refuses=False, breaker=State.HALF_OPEN, pace=0.5, wait=0.25, spent=70, budget=100),
        cache=CacheState(entries=3, bytes=4_000, redis=State.OPEN),
        slack=SlackState(transport="http and socket", connected=True, token_rejected=False),
    )

    assert expected == await status.snapshot(INSTRUMENTS)


async def test_without_redis_and_socket_mode(status: Status) -> None:
    """Without Redis there is no state of it; without Socket Mode there is no connection to tell of."""
    told = await status.snapshot(replace(INSTRUMENTS, redis=lambda: None, connected=lambda: None))

    assert (told.cache.redis, told.slack.connected) == (None, None)


@pytest.mark.parametrize(("budget", "left"), [(None, None), (100, 30), (70, 0), (50, 0)])
async def test_what_is_left(status: Status, budget: int | None, left: int | None) -> None:
    """What is left of the budget is never less than nothing, and unknown without a budget."""
    assert left == (await status.snapshot(replace(INSTRUMENTS, budget=budget))).source.left


@pytest.mark.parametrize(
    "error",
    [Throttled(), Busy(1), BudgetSpent(1), SourceDown(1), SourceFailed(502), Unreachable(), DeadlinePassed(8), NOBODY],
    ids=lambda error: error.kind,
)
async def test_others_troubles_leave_us_ready(status: Status, error: LookupFailed) -> None:
    """A source that is down, throttles or is left alone is no reason to go: another replica would do no better."""
    status.asked(error)
    status.posted("failed")

    assert ready(await status.snapshot(INSTRUMENTS))


async def test_the_source_refuses(status: Status) -> None:
    """Settings that the source refuses make the service unready."""
    status.asked(NotSetUp(403, "403025"))
    told = await status.snapshot(INSTRUMENTS)

    assert (ready(told), reasons(told)) == (False, (Reason.SOURCE_REFUSES,))


@pytest.mark.parametrize("error", [None, NOBODY, TooManyIdentities(51, 50), NamespaceRefused(400, "CRMID")])
async def test_the_source_accepts_again(status: Status, error: LookupFailed | None) -> None:
    """An answer that only a source gives that took our key makes the service ready again."""
    status.asked(NotSetUp(401))
    status.asked(error)

    assert ready(await status.snapshot(INSTRUMENTS))


@pytest.mark.parametrize("error", [Unreachable(), SourceFailed(503), Busy(2.0)], ids=lambda error: error.kind)
async def test_no_word_takes_nothing_back(status: Status, error: LookupFailed) -> None:
    """A call that got no word about our key leaves the last word as it is."""
    status.asked(NotSetUp(401))
    status.asked(error)

    assert not ready(await status.snapshot(INSTRUMENTS))


async def test_a_refusal_ends(status: Status, clock: Clock) -> None:
    """A refusal that is not met again ends by itself: where nobody asks us, nobody could find out that it was mended."""
    status.asked(NotSetUp(401))
    clock.now += 59
    before = ready(await status.snapshot(INSTRUMENTS))
    clock.now += 1
    after = ready(await status.snapshot(INSTRUMENTS))

    assert (before, after) == (False, True)


async def test_slack_rejects_the_token(status: Status, clock: Clock) -> None:
    """A token that Slack doesn't take any more needs a restart."""
    status.token_rejected()
    clock.now += 86_400

    assert reasons(await status.snapshot(INSTRUMENTS)) == (Reason.TOKEN_REJECTED,)


async def test_draining(status: Status) -> None:
    """A service that is being stopped isn't ready, and each reason is told."""
    status.token_rejected()
    status.drain()

    assert status.draining
    assert reasons(await status.snapshot(INSTRUMENTS)) == (Reason.TOKEN_REJECTED, Reason.DRAINING)


async def test_troubles(status: Status, clock: Clock) -> None:
    """Errors are told by kind, with how often and when last, the newest first; that nobody was found is none."""
    for error in (Throttled(), Unreachable(), NOBODY, None, Throttled()):
        status.asked(error)
        clock.now += 1

    expected = (Trouble("throttled", 2, START + timedelta(seconds=4)), Trouble("unreachable", 1, START + timedelta(seconds=1)))

    assert expected == (await status.snapshot(INSTRUMENTS)).source.troubles


async def test_what_was_not_delivered(status: Status) -> None:
    """Messages that did not arrive are told by what became of them."""
    for delivery in ("accepted", "unknown", "failed", "unknown"):
        status.posted(delivery)
    told = (await status.snapshot(INSTRUMENTS)).slack.troubles

    assert [(each.kind, each.count) for each in told] == [("unknown", 2), ("failed", 1)]


async def test_troubles_are_few(status: Status) -> None:
    """Only so many kinds are remembered; the one that has been quiet for longest leaves first."""
    for number in range(MOST_TROUBLES + 2):
        status.posted(f"kind {number}")
    told = (await status.snapshot(INSTRUMENTS)).slack.troubles

    assert (len(told), told[0].kind, told[-1].kind) == (MOST_TROUBLES, "kind 9", "kind 2")
