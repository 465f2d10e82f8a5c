"""Single flight across replicas: one of them asks the source, and the others wait for its copy."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bot.profiles.ports import Names
from bot.shared.connection import Guard, Unavailable
from bot.shared.script import Script

TAKE = Script("""
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then return 0 end
end
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
return 1
""")

RENEW = Script("""
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('PEXPIRE', key, ARGV[2]) end
end
""")

GIVE_BACK = Script("""
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
""")


class RedisLeases:
    """Leases in Redis. One whose holder died runs out after `ttl` seconds; one that is held is renewed
    three times in that time.

    A lease is taken under all of its names or none, so replicas exclude each other if they have one application key in common.
    """

    def __init__(self, guard: Guard, *, ttl: float = 1.5) -> None:
        self._guard = guard
        self._ttl = ttl

    @asynccontextmanager
    async def lease(self, names: Names, /) -> AsyncIterator[bool]:
        """Try to be the one who asks for `names`: False while another replica is. True as well where nobody can tell."""
        keys, token = [f"cc:lease:{name}" for name in names], secrets.token_hex(8)
        refused = False
        keeper: asyncio.Task[None] | None = None
        try:
            refused = await self._refused(keys, token)
            if not refused:
                keeper = asyncio.create_task(self._keep(keys, token))
            yield not refused
        finally:
            if keeper is not None:
                keeper.cancel()
            if not refused:  # also if nobody could tell, or waited to be told: it may have been taken
                await self._guard.tell(lambda redis: GIVE_BACK(redis, keys, [token]))

    async def _refused(self, keys: Sequence[str], token: str) -> bool:
        try:
            return not await self._guard.run(lambda redis: TAKE(redis, keys, [token, self._milliseconds]))
        except Unavailable:
            return False

    async def _keep(self, keys: Sequence[str], token: str) -> None:
        while True:
            await asyncio.sleep(self._ttl / 3)
            await self._guard.tell(lambda redis: RENEW(redis, keys, [token, self._milliseconds]))

    @property
    def _milliseconds(self) -> int:
        return round(self._ttl * 1000)
