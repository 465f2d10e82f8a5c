"""How often somebody may: the generic cell rate algorithm (GCRA), which also tells how long to wait.

Pure, but for the limiter in memory, which is given its clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then one each `interval` seconds."""

    interval: float
    burst: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One more for `key`, which may have it at `rate`."""

    key: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Denied:
    """`claim` is exhausted; in `wait` seconds there is one more."""

    claim: Claim
    wait: float


class Limiter(Protocol):
    """Counts who did what how often."""

    async def take(self, claims: Sequence[Claim]) -> Denied | None:
        """Take one of each, or of none: then the claim with the longest wait is denied."""
        ...
