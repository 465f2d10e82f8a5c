"""What the look-up and the client expect of their neighbours, whoever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.profiles.model import Profile
    from bot.question import Identity


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
