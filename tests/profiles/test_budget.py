"""A warning before the day's budget is spent."""

from __future__ import annotations

from bot.profiles.budget import BudgetWarning


def test_once_a_day() -> None:
    """It comes once when the part is reached, and again the next day, also if replicas' counts come out of order."""
    warned: list[int] = []
    budget = BudgetWarning(100, 0.8, warned.append)
    for spent in (79, 80, 81, 78, 95, 1, 79, 82):
        budget.spent(spent)

    assert warned == [80, 82]


def test_without_a_budget() -> None:
    """Where there is none, there is nothing to warn of."""
    warned: list[int] = []
    BudgetWarning(None, 0.8, warned.append).spent(10**9)

    assert warned == []
