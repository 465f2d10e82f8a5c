"""What replicas share: through Redis if there is one, else nothing."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from bot.breaker import Breaker, State
from bot.limits import Limiter, MemoryLimiter
from bot.profiles.alone import Alone
from bot.profiles.pace import MemoryPace, Pace, Quota
from bot.profiles.ports import Heard, Leases, Remembered, SharedCopies, Tidings
from bot.profiles.tombstones import CLOCKS_APART, LONGEST_FLIGHT
from bot.seal import Seal
from bot.settings import Settings, secret
from bot.shared.connection import open_redis
from bot.shared.copies import RedisCopies
from bot.shared.leases import RedisLeases
from bot.shared.limits import SharedLimiter
from bot.shared.pace import SharedPace
from bot.shared.tombstones import RedisTidings


@dataclass(frozen=True, slots=True)
class Replicas:
    """This process among its like.

    `listening` tells of what others forget, while it is open, and reminds of what was forgotten before; `state` is that of the
    link, None where there is nobody to link to.
    """

    copies: SharedCopies
    leases: Leases
    tidings: Tidings
    limiter: Limiter
    pace: Pace
    quota: Quota
    listening: Callable[[Heard, Remembered], AbstractAsyncContextManager[None]]
    state: Callable[[], State | None]


@asynccontextmanager
async def open_replicas(
    settings: Settings, seal: Seal, breaker: Breaker, *, clock: Callable[[], float]
) -> AsyncIterator[Replicas]:
    """The link to the other replicas. `breaker` is Redis's, which need not be there at the start; `clock` is the epoch's."""
    quota = Quota.within(settings.quota_rate, settings.quota_burst, settings.daily_budget)
    limiter = MemoryLimiter(clock=time.monotonic)
    url = secret(settings.redis_url)
    if not url:
        alone = Alone()
        yield Replicas(alone, alone, alone, limiter, MemoryPace(quota), quota, listening=_silence, state=lambda: None)
        return
    ca_bundle = str(settings.ca_bundle) if settings.ca_bundle else None
    async with open_redis(url, timeout=settings.redis_timeout, ca_bundle=ca_bundle, breaker=breaker) as guard:
        tidings = RedisTidings(guard, kept=settings.kept + LONGEST_FLIGHT + CLOCKS_APART, clock=clock)
        yield Replicas(
            RedisCopies(guard, seal, clock=clock),
            RedisLeases(guard),
            tidings,
            SharedLimiter(guard, limiter, name=lambda key: seal.names(key)[-1]),
            SharedPace(
                guard,
                quota,
                name=seal.names("quota", settings.profile_url or "", settings.adobe_org_id or "")[-1],
                replica=secrets.token_hex(8),
                alone=MemoryPace,
            ),
            quota,
            listening=tidings.listening,
            state=lambda: breaker.state,
        )


@asynccontextmanager
async def _silence(_heard: Heard, _remembered: Remembered) -> AsyncIterator[None]:
    """There is nobody to hear of."""
    yield
