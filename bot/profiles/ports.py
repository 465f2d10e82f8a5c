"""What the look-up and the client expect of their neighbours, whoever they are."""

from __future__ import annotations

from typing import Any, Protocol

from bot.profiles.model import Profile
from bot.question import Identity


class Storage(Protocol):
    """Where entries are kept, by key: an aiocache back end that keeps values as they are, or one that speaks like it."""

    async def get(self, key: str) -> Any:
        """What is kept under `key`, None if nothing is."""
        ...

    async def set(self, key: str, value: object, ttl: float) -> Any:
        """Keep `value` for `ttl` seconds."""
        ...


class ProfileSource(Protocol):
    """Where profiles come from."""

    async def fetch(self, identity: Identity) -> Profile:
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
