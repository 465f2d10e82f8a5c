"""A warning before the day's budget of licensed calls is spent."""

from __future__ import annotations

from collections.abc import Callable


class BudgetWarning:
    """Calls `warn` once a day, when the part `warning` of the budget is spent."""

    def __init__(self, budget: int | None, warning: float, warn: Callable[[int], None]) -> None:
        self._from = None if budget is None else budget * warning
        self._warn = warn
        self._warned = False

    def spent(self, spent: int) -> None:
        """So many are spent today. Replicas' counts may come out of order, but by half of it only if another day has begun."""
        if self._from is None:
            return
        if spent >= self._from and not self._warned:
            self._warned = True
            self._warn(spent)
        elif spent < self._from / 2:
            self._warned = False
