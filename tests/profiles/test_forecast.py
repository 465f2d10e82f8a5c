"""What is told about waits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.profiles.forecast import Forecast
from bot.profiles.pace import Quota, Slot, Standing
from bot.question import Lane

QUOTA = Quota(rate=60, burst=30)
ALONE = Standing(pace=1.0, spent=0, wait=0.0, share=1 / 3)
NOBODY = (0,) * len(Lane)


@pytest.fixture
def forecast() -> Forecast:
    return Forecast(QUOTA, now=0.0)


def test_whole(forecast: Forecast) -> None:
    """The burst is to be had at once, the rest at the quota's rate."""
    assert (forecast.at_once(30, 0.0), forecast.at_once(31, 0.0)) == (True, False)
    assert forecast.due(90, 0.0) == 1


def test_share(forecast: Forecast) -> None:
    """A process that has a share of the rate to itself goes on at that for as long as it has, and has no burst."""
    forecast.learned(ALONE, 0.0)

    assert (forecast.at_once(1, 0.0), forecast.at_once(2, 0.0)) == (True, False)
    assert [forecast.due(1 + permits, 0.0) for permits in (0, 20, 820)] == pytest.approx([0, 1, 41])


def test_halved_share(forecast: Forecast) -> None:
    """A share that is halved creeps back to the share, not to the whole."""
    forecast.learned(Standing(pace=0.5, spent=0, wait=0.0, share=1 / 3), 0.0)

    # In the five seconds until then it is at three quarters of its pace, on average.
    assert forecast.due(1 + 75 + 20 * 10, 0.0) == pytest.approx(5 + 10)


def test_a_held_share(forecast: Forecast) -> None:
    """What the pace says about the next permit holds for a share as well."""
    forecast.learned(Standing(pace=1.0, spent=0, wait=7.0, share=1 / 3), 100.0)

    assert forecast.due(1, 100.0) == pytest.approx(107)
    assert forecast.due(21, 100.0) == pytest.approx(108)


def test_contenders(forecast: Forecast) -> None:
    """Others who take from the same rate make waits longer; from a share nobody else takes, and afterwards they do again."""
    for number in range(50):
        forecast.reserved(Slot(wait=1 + number / 20, spent=0), 0.0)  # two of three go elsewhere
    forecast.learned(Standing(pace=1.0, spent=0, wait=1.0), 0.0)
    shared = forecast.due(21, 0.0)
    forecast.learned(Standing(pace=1.0, spent=0, wait=1.0, share=1 / 3), 0.0)
    for number in range(50):
        forecast.reserved(Slot(wait=1 + number / 20, spent=0), 0.0)
    forecast.learned(Standing(pace=1.0, spent=0, wait=1.0, share=1 / 3), 0.0)
    alone = forecast.due(21, 0.0)
    forecast.learned(Standing(pace=1.0, spent=0, wait=1.0), 0.0)

    assert [shared, alone, forecast.due(21, 0.0)] == pytest.approx([2.03, 2, 2.03], abs=0.01)


WAITING = Standing(pace=1.0, spent=0, wait=1.0)


@pytest.mark.parametrize(
    ("before", "after", "permits"),
    [(WAITING, ALONE, 60), (replace(WAITING, share=1 / 3), replace(ALONE, share=1.0), 20)],
    ids=["shared out", "taken together"],
)
def test_promises(forecast: Forecast, before: Standing, after: Standing, permits: int) -> None:
    """Whoever was sent away keeps the place, with as many permits before it, whether the rate is shared out or taken together."""
    forecast.learned(before, 0.0)
    assert forecast.promise(Lane.NORMAL, NOBODY, 1, 0.0) == pytest.approx(1)

    forecast.learned(after, 0.0)
    assert forecast.promise(Lane.NORMAL, NOBODY, 1, 0.0) == pytest.approx((permits + 1) / (QUOTA.rate * after.share))
