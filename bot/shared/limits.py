"""How often somebody may, counted for all replicas: the arithmetic of `bot.limits`, step by step, where Redis runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redis.asyncio import Redis

from bot.limits import TOLERANCE, Claim, Denied, Limiter
from bot.shared.connection import Guard, Unavailable
from bot.shared.script import EXACT, REDIS_TIME, Script

TAKE = f"""
local TOLERANCE = {TOLERANCE!r}
{EXACT}
local denied, longest, taken = 0, 0, {{}}
for claim, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * claim - 1]), tonumber(ARGV[2 * claim])
  local after = math.max(taken[key] or tonumber(redis.call('GET', key) or now), now) + interval
  local wait = after - now - burst * interval
  if wait > TOLERANCE and wait > longest then denied, longest = claim, wait end
  taken[key] = after
end
if denied == 0 then
  for key, after in pairs(taken) do
    redis.call('SET', key, exact(after), 'PX', math.ceil((after - now) * 1000))
  end
end
return {{denied, exact(longest)}}
"""
"""A key that has its whole burst again is forgotten: that is what its expiry says."""


class SharedLimiter:
    """Counts in Redis, and with `local` while there is none.

    `name` gives the hash under which a claim's key is kept, so that Redis knows nobody. `time` is the Lua that sets `now`.
    """

    def __init__(self, guard: Guard, local: Limiter, name: Callable[[str], str], *, time: str = REDIS_TIME) -> None:
        self._guard = guard
        self._local = local
        self._name = name
        self._take = Script(time + TAKE)

    async def take(self, claims: Sequence[Claim]) -> Denied | None:
        """Take one of each, or of none: then the claim with the longest wait is denied."""
        keys = [f"cc:limit:{self._name(claim.key)}" for claim in claims]
        arguments = [number for claim in claims for number in (claim.rate.interval, claim.rate.burst)]

        async def call(redis: Redis) -> tuple[int, float]:
            denied, wait = await self._take(redis, keys, arguments)
            return int(denied), float(wait)

        try:
            denied, wait = await self._guard.run(call)
        except Unavailable:
            return await self._local.take(claims)
        return Denied(claims[denied - 1], wait) if denied else None
