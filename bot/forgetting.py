"""Forgetting a customer, or everybody, and what may be said about it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.config import CustomerConfig
from bot.profiles.cache import ProfileCache
from bot.profiles.ports import Names
from bot.question import Identity
from bot.reading import parse


class Reach(StrEnum):
    """Which other replicas have been told."""

    ALL = "all"
    LATER = "later"
    """Redis is away: none yet, all of them once it is back."""
    ALONE = "alone"
    """This process shares with no others. If there are any, each has to be told by itself."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it: how many copies this process had, and who else was told."""

    copies: int
    shared: Reach


class Forgetting:
    """Has `cache` forget.

    Args:
        cache: this process's, which tells the replicas.
        config: how what was typed is read.
        names_of: an identity's names in the cache.
        alone: whether there is no Redis by which others could be told.
    """

    def __init__(
        self, cache: ProfileCache, *, config: Callable[[], CustomerConfig], names_of: Callable[[Identity], Names], alone: bool
    ) -> None:
        self._cache = cache
        self._config = config
        self._names_of = names_of
        self._alone = alone

    async def __call__(self, typed: str) -> Forgotten:
        """Forget whoever was typed, as after the command, and all else that is known of that person.

        Raises:
            NotUnderstood: it is no identity.
        """
        question = parse(typed, self._config())
        came = await self._cache.forget(self._names_of(question.identity))
        return Forgotten(came.copies, self._reach(came.told))

    async def everything(self) -> Forgotten:
        """Forget all copies of all customers."""
        came = await self._cache.forget_everything()
        return Forgotten(came.copies, self._reach(came.told))

    def _reach(self, told: bool) -> Reach:
        if self._alone:
            return Reach.ALONE
        return Reach.ALL if told else Reach.LATER
