"""What the look-up and the client expect of their neighbours, whoever they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import LookupFailed
from bot.profiles.model import Profile
from bot.question import Identity

Names = tuple[str, ...]
"""Keyed hashes that all stand for the same thing, one for each application key, the newest key's first."""

Heard = Callable[[Names, float], Awaitable[None]]
"""Acts on tidings: called with the names, and when they were buried (epoch). More than once with the same, now and then."""

Remembered = Callable[[Names, float], None]
"""Takes note of tidings that are old news, and does nothing that takes time."""


class Storage(Protocol):
    """Where entries are kept, by key: an aiocache back end that keeps values as they are, or one that speaks like it."""

    async def get(self, key: str) -> Any:
        """What is kept under `key`, None if nothing is."""
        ...

    async def set(self, key: str, value: object, ttl: float) -> Any:
        """Keep `value` for `ttl` seconds."""
        ...


class Memory(Storage, Protocol):
    """A storage in this process, which can be looked through."""

    async def delete(self, key: str) -> Any:
        """Keep nothing under `key`."""
        ...

    async def reweigh(self, key: str) -> None:
        """Count what is kept under `key` anew: it takes more or less than before."""
        ...

    async def discard(self, unwanted: Callable[[Any], bool]) -> int:
        """Drop all values that are `unwanted`, and tell how many they were."""
        ...


@dataclass(frozen=True, slots=True)
class Copy:
    """An answer of the source as replicas share it. Times are seconds since the epoch.

    `profile` is the profile as JSON, None if nobody has the identity; `marks` are names of whatever else the person may be asked
    for; `started` is when the flight that brought it did.
    """

    profile: bytes | None
    started: float
    fetched: float
    fresh_until: float
    stale_until: float
    expires: float
    marks: Names = ()


class SharedCopies(Protocol):
    """What replicas share of the answers. None of these raises: where nothing can be shared, nothing is."""

    async def get(self, names: Names, /) -> Copy | LookupFailed | None:
        """The copy kept under any of `names`, or else the failure that was shared a moment ago."""
        ...

    async def put(self, names: Names, copy: Copy, /) -> None:
        """Keep `copy` until it expires."""
        ...

    async def fail(self, names: Names, error: LookupFailed, ttl: float, /) -> None:
        """Share, for `ttl` seconds, that asking failed."""
        ...

    async def drop(self, names: Names, marks: Names, /) -> None:
        """Delete what is kept under `names`, and every copy with one of `marks`."""
        ...

    async def drop_all(self) -> None:
        """Delete every copy."""
        ...


class Leases(Protocol):
    """Which replica asks the source."""

    def lease(self, names: Names, /) -> AbstractAsyncContextManager[bool]:
        """Try to be the one who asks for `names`: False while another replica is. True as well where nobody can tell.

        A lease is kept alive while the block runs, given back after it, and runs out by itself soon after its holder died.
        """
        ...


class Tidings(Protocol):
    """Tells other replicas what is to be forgotten."""

    async def announce(self, names: Names, at: float, /) -> bool:
        """Tell all replicas that what is called `names` was buried at `at` (epoch). False if they can't be told now."""
        ...


class Turn(Protocol):
    """Leave to ask the source on behalf of one flight, within the quota."""

    @property
    def until(self) -> float:
        """When the flight ends, on the event loop's clock."""
        ...

    async def permit(self) -> None:
        """Wait for one permit. Each call that is sent needs one, retries too.

        Raises:
            Busy, BudgetSpent, SourceDown: there will be none in time.
        """
        ...

    async def throttled(self, retry_after: float | None, sent: float) -> None:
        """A call that was sent at `sent` (event loop's clock) was answered 429."""
        ...


class ProfileSource(Protocol):
    """Where profiles come from."""

    @property
    def calls(self) -> int:
        """How many calls one customer usually takes."""
        ...

    async def prepare(self, turn: Turn) -> None:
        """Get ready to call at once, so that permits aren't taken long before they are used.

        Raises:
            LookupFailed: there is no way to call.
        """
        ...

    async def fetch(self, identity: Identity, turn: Turn) -> Profile:
        """Ask for one customer. The caller sets the deadline.

        Raises:
            LookupFailed: there is no profile to show; the leaf says why.
        """
        ...


class Tokens(Protocol):
    """Where access tokens come from."""

    async def token(self, refused: str | None = None) -> str:
        """A token to send. Naming the one that was `refused` asks for another.

        Raises:
            LookupFailed: no token is to be had.
        """
        ...
