"""The pace of all replicas together: the arithmetic of `bot.profiles.pace`, step by step, where Redis runs it."""

from __future__ import annotations

import time as system
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from redis.asyncio import Redis

from bot.profiles.pace import CREEP, DAY, FLOOR, LONGEST_HOLD, Pace, Quota, Slot, Standing
from bot.shared.connection import Guard, Unavailable
from bot.shared.script import EXACT, REDIS_TIME, Script

SEEN = 60.0
"""Seconds for which a replica counts that was seen."""

KEPT = 2 * DAY
"""Seconds for which the state is kept at least: today's calls must outlast today."""

FLOW = f"""
local CREEP, FLOOR, LONGEST_HOLD, DAY = {CREEP!r}, {FLOOR!r}, {LONGEST_HOLD!r}, {DAY!r}
{EXACT}
local rate, burst, replica = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local known_day, known_spent = tonumber(ARGV[4]), tonumber(ARGV[5])

local kept = redis.call('HMGET', KEYS[1], 'arrival', 'low', 'since', 'day', 'spent')
local arrival, low, since = tonumber(kept[1] or 0), tonumber(kept[2] or 1), tonumber(kept[3] or now)
local day, spent = tonumber(kept[4] or 0), tonumber(kept[5] or 0)
if math.floor(now / DAY) > day then day, spent = math.floor(now / DAY), 0 end
if known_day == day then spent = math.max(spent, known_spent) end

local function pace_at(moment)
  return math.min(1, low + CREEP * math.max(0, moment - since))
end

local function permits_until(moment)
  local passed, missing, full = math.max(0, moment - since), 1 - low, nil
  if passed * CREEP < missing then
    full = passed * (low + CREEP * passed / 2)
  else
    full = passed - missing * missing / (2 * CREEP)
  end
  return full * rate
end

local function time_of(permits)
  local full, missing = permits / rate, 1 - low
  local passed = full + missing * missing / (2 * CREEP)
  if passed * CREEP < missing then
    passed = (math.sqrt(low * low + 2 * CREEP * full) - low) / CREEP
  end
  return since + passed
end

local function wait()
  local shown = permits_until(now)
  local due = math.max(arrival, shown) + 1 - burst
  if due > shown then return math.max(0, time_of(due) - now) end
  return 0
end

local function keep()
  redis.call('HSET', KEYS[1], 'arrival', exact(arrival), 'low', exact(low), 'since', exact(since), 'day', day, 'spent', spent)
  redis.call('EXPIRE', KEYS[1], {KEPT:.0f} + math.ceil(wait()))
end

local function replicas()
  redis.call('ZADD', KEYS[2], exact(now), replica)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', exact(now - {SEEN!r}))
  redis.call('EXPIRE', KEYS[2], {SEEN:.0f})
  return redis.call('ZCARD', KEYS[2])
end
"""

RESERVE = f"""
{FLOW}
local most = tonumber(ARGV[6])
if most >= 0 and spent >= most then
  return {{0, exact(DAY - now % DAY), day, spent, replicas()}}
end
local wait_before = wait()
arrival = math.max(arrival, permits_until(now)) + 1
spent = spent + 1
keep()
return {{1, exact(wait_before), day, spent, replicas()}}
"""

THROTTLED = f"""
{FLOW}
local retry_after, age = tonumber(ARGV[6]), tonumber(ARGV[7])
if low == 1 or now - age >= since then
  local ahead = math.max(0, arrival - permits_until(now))
  arrival, low, since = ahead, math.max(FLOOR, pace_at(now) / 2), now
end
arrival = math.max(arrival, permits_until(now + math.min(math.max(0, retry_after), LONGEST_HOLD)) + burst - 1)
keep()
"""

STANDING = f"""
{FLOW}
return {{exact(pace_at(now)), exact(wait()), day, spent, replicas()}}
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a replica knows of all: the calls of that day (counted from the epoch), and how many replicas there are."""

    day: int = 0
    spent: int = 0
    replicas: int = 1


class SharedPace:
    """Reserves permits in Redis for all replicas, of which this one is called `replica`.

    While Redis is away, each replica keeps to its part of the rate, without a burst (the shared one may just have been used up),
    at the pace that `alone` makes for such a quota; and it counts today's calls as if the others sent as many. `name` tells this
    quota from others, in the same way on every replica. `epoch` gives seconds since the epoch; `time` is the Lua that sets `now`.
    """

    def __init__(
        self,
        guard: Guard,
        quota: Quota,
        *,
        name: str,
        replica: str,
        alone: Callable[[Quota], Pace],
        epoch: Callable[[], float] = system.time,
        time: str = REDIS_TIME,
    ) -> None:
        self._guard = guard
        self._quota = quota
        self._keys = (f"cc:pace:{name}", f"cc:pace:{name}:replicas")
        self._replica = replica
        self._alone = alone
        self._epoch = epoch
        self._reserve, self._throttled, self._standing = (Script(time + text) for text in (RESERVE, THROTTLED, STANDING))
        self._known = _Known()
        self._part = self._quota
        self._fallback: Pace | None = None

    async def reserve(self, most: int | None) -> Slot:
        """The next free slot, taken. With `most`, only while fewer calls than that were spent today."""
        try:
            granted, wait, *known = await self._guard.run(self._call(self._reserve, -1 if most is None else most))
        except Unavailable:
            return await self._reserve_alone(most)
        self._known = _Known(*map(int, known))
        return Slot(wait=float(wait), spent=self._known.spent, granted=bool(granted))

    async def throttled(self, retry_after: float | None, age: float) -> None:
        """A call that was sent `age` seconds ago was answered 429. Known here as well, in case Redis goes."""
        await self._by_itself().throttled(retry_after, age)
        await self._guard.tell(self._call(self._throttled, retry_after or 0.0, age))

    async def standing(self) -> Standing:
        """How things are, without reserving anything."""
        try:
            pace, wait, *known = await self._guard.run(self._call(self._standing))
        except Unavailable:
            own = await self._by_itself().standing()
            return replace(own, spent=self._today().spent, share=1 / self._known.replicas)
        self._known = _Known(*map(int, known))
        return Standing(pace=float(pace), spent=self._known.spent, wait=float(wait))

    def _call(self, script: Script, *more: float) -> Callable[[Redis], Awaitable[Any]]:
        quota, known = self._quota, self._known
        return lambda redis: script(redis, self._keys, (quota.rate, quota.burst, self._replica, known.day, known.spent, *more))

    async def _reserve_alone(self, most: int | None) -> Slot:
        known = self._today()
        if most is not None and known.spent >= most:
            return Slot(wait=DAY - self._epoch() % DAY, spent=known.spent, granted=False)
        slot = await self._by_itself().reserve(None)
        self._known = replace(known, spent=known.spent + known.replicas)
        return replace(slot, spent=self._known.spent)

    def _today(self) -> _Known:
        day = int(self._epoch() // DAY)
        return self._known if day <= self._known.day else replace(self._known, day=day, spent=0)

    def _by_itself(self) -> Pace:
        part = replace(self._quota, rate=self._quota.rate / self._known.replicas, burst=1)
        if self._fallback is None or part != self._part:
            self._fallback, self._part = self._alone(part), part
        return self._fallback
