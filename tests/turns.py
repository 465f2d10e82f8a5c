"""A turn that has as many permits as are needed, counts them, and remembers what it was told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.errors import LookupFailed


@dataclass
class FakeTurn:
    """`until` is on the event loop's clock; a permit takes `wait` seconds, or is refused as `refusal` says."""

    until: float = float("inf")
    wait: float = 0.0
    refusal: LookupFailed | None = None
    permits: int = 0
    throttlings: list[tuple[float | None, float]] = field(default_factory=list)

    async def permit(self) -> None:
        await asyncio.sleep(self.wait)
        if self.refusal:
            raise self.refusal
        self.permits += 1

    async def throttled(self, retry_after: float | None, sent: float) -> None:
        self.throttlings.append((retry_after, sent))
