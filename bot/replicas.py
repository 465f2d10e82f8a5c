"""What replicas share: through Redis if there is one, else nothing."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter

from bot.breaker import Breaker, State
from bot.limits import Limiter, MemoryLimiter
from bot.profiles.alone import Alone
from bot.profiles.cache import PROFILE
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
            RedisCopies(guard, seal, schema=schema_of(PROFILE), clock=clock),
            RedisLeases(guard),
            tidings,
            # The oldest key's names are those that every replica knows while keys are rotated. When that key is taken away,
            # everybody has a whole burst again, once: that does no harm.
            SharedLimiter(guard, limiter, name=lambda key: seal.names(key)[-1]),
            SharedPace(
                guard,
                quota,
                name=_quota_name(settings),
                replica=secrets.token_hex(8),
                alone=MemoryPace,
            ),
            quota,
            listening=tidings.listening,
            state=lambda: breaker.state,
        )


def schema_of(values: TypeAdapter[Any]) -> str:
    """A name for what `values` look like as JSON, which is another one when a release changes that."""
    return hashlib.sha256(orjson.dumps(values.json_schema(), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _quota_name(settings: Settings) -> str:
    """Whose quota it is. No application key is part of it: rotating one must neither split the quota nor renew the budget."""
    return hashlib.sha256(orjson.dumps([settings.profile_url, settings.adobe_org_id])).hexdigest()


@asynccontextmanager
async def _silence(_heard: Heard, _remembered: Remembered) -> AsyncIterator[None]:
    """There is nobody to hear of."""
    yield
