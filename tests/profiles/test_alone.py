"""A process that shares with nobody has what the ports promise, and nothing is in it."""

from __future__ import annotations

from bot.errors import Unreachable
from bot.profiles.alone import Alone
from bot.profiles.ports import Copy, Leases, SharedCopies, Tidings
from tests.factories import EPOCH

NAMES = ("a", "b")
COPY = Copy(None, EPOCH, EPOCH, EPOCH + 1, EPOCH + 1, EPOCH + 1)


async def test_nothing_is_shared() -> None:
    """Neither copies nor failures come back."""
    shared: SharedCopies = Alone()
    await shared.put(NAMES, COPY)
    await shared.fail(NAMES, Unreachable(), 60)
    assert await shared.get(NAMES) is None

    await shared.drop(NAMES, ())
    await shared.drop_all()
    assert await shared.get(NAMES) is None


async def test_always_leading() -> None:
    """Nobody else could ask, not even while it asks itself."""
    leases: Leases = Alone()
    async with leases.lease(NAMES) as first, leases.lease(NAMES) as second:
        assert (first, second) == (True, True)


async def test_everybody_knows() -> None:
    """There is nobody who had to be told."""
    tidings: Tidings = Alone()

    assert await tidings.announce(NAMES, EPOCH)
