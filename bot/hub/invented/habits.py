"""Kinds of customers, and how often each comes up: the mix that a company sees in its own data."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Habit:
    """How one kind of customer behaves. Ranges are inclusive; `since` and `quiet` (since the last order) count days."""

    name: str
    weight: int
    orders: Range
    since: Range
    quiet: Range
    touches: Range
    visits: Range
    churn: Range
    tiers: tuple[str | None, ...]


REGULAR = Habit("regular", 34, (3, 9), (300, 1500), (5, 120), (4, 14), (4, 30), (15, 65), ("silver", "silver", "gold", "bronze"))
UNKNOWN = Habit("unknown", 8, (0, 0), (0, 0), (0, 0), (0, 0), (0, 1), (0, 0), (None,))
"""An address that came in somewhere, and next to nothing besides."""

HABITS = (
    REGULAR,
    UNKNOWN,
    Habit("occasional", 20, (1, 3), (60, 900), (20, 300), (2, 8), (1, 12), (30, 75), ("bronze", None)),
    Habit("devoted", 10, (14, 40), (700, 3000), (1, 25), (10, 40), (150, 500), (3, 35), ("gold", "platinum")),
    Habit("leaving", 10, (8, 20), (500, 2500), (60, 200), (8, 20), (2, 12), (70, 96), ("silver", "gold", "platinum")),
    Habit("lapsed", 8, (1, 5), (900, 2500), (380, 700), (2, 10), (0, 3), (75, 98), ("bronze", None)),
    Habit("newcomer", 6, (1, 2), (4, 60), (0, 3), (2, 5), (2, 15), (20, 55), ("bronze", None)),
    Habit("reader", 4, (0, 0), (100, 900), (0, 0), (15, 40), (0, 8), (40, 60), (None,)),
)
