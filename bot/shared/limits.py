"""How often somebody may, counted for all replicas: the arithmetic of `bot.limits`, step by step, where Redis runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.limits import TOLERANCE, Claim, Denied, Limiter
from bot.shared.connection import Guard, Unavailable
from bot.shared.script import EXACT, REDIS_TIME, Script

MOST_AT_ONCE = 500
"""Questions that are counted in one exchange: Redis serves nobody else meanwhile, for some 3 ms."""

TAKE = f"""
local TOLERANCE = {TOLERANCE!r}
{EXACT}
local arrivals, changed, outcomes = {{}}, {{}}, {{}}
local key, number = 0, 0
while number < #ARGV do
  number = number + 1
  local denied, longest, taken = 0, 0, {{}}
  for claim = 1, tonumber(ARGV[number]) do
    key = key + 1
    local name, interval, burst = KEYS[key], tonumber(ARGV[number + 1]), tonumber(ARGV[number + 2])
    number = number + 2
    arrivals[name] = arrivals[name] or tonumber(redis.call('GET', name) or now)
    local after = math.max(taken[name] or arrivals[name], now) + interval
    local wait = after - now - burst * interval
    if wait > TOLERANCE and wait > longest then denied, longest = claim, wait end
    taken[name] = after
  end
  if denied == 0 then
    for name, after in pairs(taken) do arrivals[name], changed[name] = after, after end
  end
  table.insert(outcomes, {{denied, exact(longest)}})
end
for name, after in pairs(changed) do
  redis.call('SET', name, exact(after), 'PX', math.ceil((after - now) * 1000))
end
return outcomes
"""
"""Takes for each of several who ask, one after the other, all of their claims or none. A key that has its whole burst again is
forgotten: that is what its expiry says.
"""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Somebody who asks. The outcome is None while Redis is away."""

    claims: Sequence[Claim]
    outcome: asyncio.Future[tuple[int, float] | None]


class SharedLimiter:
    """Counts in Redis, and with `local` while there is none.

    Whoever asks while an exchange is under way is counted in the next one, all of them together: a crowd costs Redis, and this
    process, hardly more than one. `name` gives the hash under which a claim's key is kept, so that Redis knows nobody. `time` is
    the Lua that sets `now`.
    """

    def __init__(self, guard: Guard, local: Limiter, name: Callable[[str], str], *, time: str = REDIS_TIME) -> None:
        self._guard = guard
        self._local = local
        self._name = name
        self._take = Script(time + TAKE)
        self._waiting: list[_Waiting] = []
        self._counting: asyncio.Task[None] | None = None

    async def take(self, claims: Sequence[Claim]) -> Denied | None:
        """Take one of each, or of none: then the claim with the longest wait is denied."""
        waiting = _Waiting(claims, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._counting is None:
            self._counting = asyncio.create_task(self._count())
        outcome = await waiting.outcome
        if outcome is None:
            return await self._local.take(claims)
        denied, wait = outcome
        return Denied(claims[denied - 1], wait) if denied else None

    async def _count(self) -> None:
        """Runs while somebody waits."""
        some: list[_Waiting] = []
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                _tell(some, await self._outcomes(some))
        finally:
            self._counting = None
            left, self._waiting = [*some, *self._waiting], []
            _tell(left, [None] * len(left))

    async def _outcomes(self, some: Sequence[_Waiting]) -> Sequence[tuple[int, float] | None]:
        keys = [f"cc:limit:{self._name(claim.key)}" for waiting in some for claim in waiting.claims]
        arguments = [number for waiting in some for number in _numbers(waiting.claims)]

        async def call(redis: Redis) -> Any:
            return await self._take(redis, keys, arguments)

        try:
            return [(int(denied), float(wait)) for denied, wait in await self._guard.run(call)]
        except Unavailable:
            return [None] * len(some)


def _tell(some: Sequence[_Waiting], outcomes: Sequence[tuple[int, float] | None]) -> None:
    for waiting, outcome in zip(some, outcomes, strict=True):
        if not waiting.outcome.done():
            waiting.outcome.set_result(outcome)


def _numbers(claims: Sequence[Claim]) -> Iterator[float]:
    yield len(claims)
    for claim in claims:
        yield claim.rate.interval
        yield claim.rate.burst
