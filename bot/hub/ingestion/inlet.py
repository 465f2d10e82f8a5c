"""Where records go in: the seam, and the inlet that stores in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from bot.hub.database.connection import Database
from bot.hub.ingestion.submission import Outcome, Submission
from bot.hub.ingestion.taking import Evaluating, Taking

__all__ = ["Here", "Inlet", "InletDown", "Outcome", "Submission"]


class InletDown(Exception):
    """Nothing can be stored at the moment."""


class Inlet(Protocol):
    """Where records go in, whichever process stores them."""

    async def take(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        """Store what is valid, durably, and say of each submission, in their order, what became of it.

        Raises:
            InletDown: it isn't known to be stored. Sending it again is harmless.
        """

    async def settle(self) -> None:
        """Return when all that is due was done: what waited for its dataset admitted, what arrived evaluated.

        Raises:
            InletDown: as above.
        """


class Here:
    """Stores in this process, before `take` returns: for tests, samples and tools. Nothing else runs meanwhile.

    `now` gives whole milliseconds since 1970; without `evaluating` audiences and computed attributes stay as they are.
    """

    def __init__(self, database: Database, now: Callable[[], int], evaluating: Evaluating | None = None) -> None:
        self._taking = Taking(database, evaluating)
        self._now = now

    async def take(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        """Store what is valid, durably, and say of each submission, in their order, what became of it."""
        return self._taking.take(submissions, now=self._now())

    async def settle(self) -> None:
        """Admit what waited for its dataset to be enabled, and evaluate what arrived."""
        self._taking.settle(now=self._now())

    def close(self) -> None:
        """Close the connection that wrote."""
        self._taking.close()
