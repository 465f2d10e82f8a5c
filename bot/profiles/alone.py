"""What replicas share, where there is only one: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.errors import LookupFailed
from bot.profiles.ports import Copy, Names


class Alone:
    """`SharedCopies`, `Leases` and `Tidings` of a process that shares with nobody."""

    async def get(self, _names: Names) -> Copy | LookupFailed | None:
        """Nothing."""
        return None

    async def put(self, _names: Names, _copy: Copy) -> None:
        """Share nothing."""

    async def fail(self, _names: Names, _error: LookupFailed, _ttl: float) -> None:
        """Share nothing."""

    async def drop(self, _names: Names, _marks: Names) -> None:
        """There is nothing to delete."""

    async def drop_all(self) -> None:
        """There is nothing to delete."""

    @asynccontextmanager
    async def lease(self, _names: Names) -> AsyncIterator[bool]:
        """Nobody else could ask."""
        yield True

    async def announce(self, _names: Names, _at: float) -> bool:
        """Everybody knows."""
        return True
