"""What is told of retries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.errors import Busy, LookupFailed, SourceFailed, Throttled, Unreachable
from bot.retries import Retries, Retry

pytestmark = pytest.mark.looptime


async def test_told() -> None:
    """Each retry is told: why, and which. The last failure is no retry."""
    failures: Iterator[LookupFailed] = iter([Throttled(7.0), SourceFailed(503), Unreachable()])
    told: list[Retry] = []

    async def call() -> None:
        raise next(failures)

    with pytest.raises(Unreachable):
        await Retries(3, 0.25, told.append)(call, fits=lambda _: True)

    assert [(each.error.kind, each.count) for each in told] == [("throttled", 1), ("source_failed", 2)]


async def test_no_time() -> None:
    """A retry that doesn't fit isn't one."""
    told: list[Retry] = []

    async def call() -> None:
        raise Throttled(7.0)

    with pytest.raises(Throttled):
        await Retries(3, 0.25, told.append)(call, fits=lambda wait: wait < 7)

    assert told == []


async def test_no_room_for_another_attempt() -> None:
    """If the quota has no room for a retry, whoever asked is told what went wrong, not that many others ask."""
    failures: Iterator[LookupFailed] = iter([SourceFailed(503), Busy(0.0), Busy(0.0)])

    async def call() -> None:
        raise next(failures)

    with pytest.raises(SourceFailed):
        await Retries(3, 0.25)(call, fits=lambda _: True)


async def test_no_room_at_all() -> None:
    """If it has none for the first attempt, that is what is told."""

    async def call() -> None:
        raise Busy(3.0)

    with pytest.raises(Busy):
        await Retries(3, 0.25)(call, fits=lambda _: True)
