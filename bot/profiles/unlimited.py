"""Leave to ask for those who ask so seldom that no quota is kept for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unlimited:
    """A `Turn` with a permit at any time, `until` then on the event loop's clock."""

    until: float

    async def permit(self) -> None:
        """At once."""

    async def throttled(self, retry_after: float | None, sent: float) -> None:
        """Nobody else is to be slowed down."""
