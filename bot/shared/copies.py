"""What replicas share of the answers: sealed, each bound to the name it is kept under, and with an end to its life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial

import orjson
import structlog
from aiocache import RedisCache
from aiocache.base import BaseCache
from aiocache.serializers import NullSerializer
from redis.asyncio import Redis

from bot.errors import LookupFailed, NotFound, leaves
from bot.profiles.ports import Copy, Names
from bot.seal import Seal, SealBroken
from bot.shared.connection import Guard, Unavailable
from bot.shared.script import Script

log = structlog.get_logger()

VERSION = 2
"""Of how copies and failures are written. Those of another version are not there."""

SHORTEST = 0.001
"""Seconds: what would live for a shorter time is not kept."""

PAGE = 500
"""Keys looked through at a time when all are deleted."""

DROP = Script("""
for _, key in ipairs(KEYS) do
  if redis.call('TYPE', key).ok == 'set' then
    for _, marked in ipairs(redis.call('SMEMBERS', key)) do redis.call('UNLINK', marked) end
  end
  redis.call('UNLINK', key)
end
""")


class Bytes(RedisCache):  # type: ignore[misc]  # aiocache ships no types
    """aiocache's Redis back end, for bytes, over a client or pipeline that is there already: it would make one of its own."""

    def __init__(self, client: Redis) -> None:
        BaseCache.__init__(self, serializer=NullSerializer(encoding=None), timeout=None)
        self.client = client


class RedisCopies:
    """Copies and failures in Redis. Copies that belong together are found by their marks.

    While a key is being rotated, replicas have several names for the same thing, not all of them known to every replica. Copies
    are kept under the newest name, looked for under all of them, and dropped by any. `schema` names what profiles look like: a
    copy of another schema is not there, so that releases may run beside each other. `clock` gives seconds since the epoch.
    """

    def __init__(self, guard: Guard, seal: Seal, *, schema: str, clock: Callable[[], float]) -> None:
        self._guard = guard
        self._seal = seal
        self._schema = schema
        self._clock = clock

    async def get(self, names: Names, /) -> Copy | LookupFailed | None:
        """The copy kept under any of `names`, the newest of several, or else the failure that was shared a moment ago."""
        keys = [*map(_kept, names), *map(_failed, names)]
        try:
            values = await self._guard.run(lambda redis: Bytes(redis).multi_get(keys))
        except Unavailable:
            return None
        opened = [await self._opened(key, value) for key, value in zip(keys, values, strict=True) if value is not None]
        found = [each for each in opened if each is not None]
        copies = [each for each in found if isinstance(each, Copy)]
        if copies:
            return max(copies, key=lambda copy: copy.fetched)
        return found[0] if found else None

    async def put(self, names: Names, copy: Copy, /) -> None:
        """Keep `copy` until it expires."""
        newest, *others = names
        key = _kept(newest)
        await self._keep(key, _copy_as_bytes(copy, self._schema), copy.expires - self._clock(), marks=[*others, *copy.marks])

    async def fail(self, names: Names, error: LookupFailed, ttl: float, /) -> None:
        """Share, for `ttl` seconds, that asking failed. That nobody was found is no failure."""
        if not isinstance(error, NotFound):
            await self._keep(_failed(names[0]), _failure_as_bytes(error), ttl)

    async def drop(self, names: Names, marks: Names, /) -> None:
        """Delete what is kept under `names`, and every copy with one of `marks`."""
        keys = [key for name in names for key in (_kept(name), _failed(name), _marked(name))]
        await self._guard.tell(lambda redis: DROP(redis, [*keys, *map(_marked, marks)]))

    async def drop_all(self) -> None:
        """Delete every copy."""
        cursor: int | None = None
        try:
            while cursor != 0:
                cursor = await self._guard.run(partial(_unlink_page, cursor or 0))
        except Unavailable:
            return

    async def _keep(self, key: str, plain: bytes, ttl: float, marks: list[str] | None = None) -> None:
        if ttl < SHORTEST:
            return
        sealed = self._seal.wrap(plain, key)

        async def call(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as together:
                await Bytes(together).set(key, sealed, ttl=float(ttl))
                for mark in map(_marked, marks or ()):
                    together.sadd(mark, key)
                    # A set that was just made has no expiry, which counts as the longest.
                    together.pexpire(mark, int(ttl * 1000) + 1, nx=True)
                    together.pexpire(mark, int(ttl * 1000) + 1, gt=True)
                await together.execute()

        await self._guard.tell(call)

    async def _opened(self, key: str, value: bytes) -> Copy | LookupFailed | None:
        try:
            plain = self._seal.unwrap(value, key)
        except SealBroken:
            await self._refuse(key)
            return None
        return _failure_of(plain) if key.startswith(_failed("")) else _copy_of(plain, self._schema)

    async def _refuse(self, key: str) -> None:
        # Keys that are gone have other names: whoever put it here either can't seal, or moved it. It is told once, and goes.
        log.warning("copy_refused")
        await self._guard.tell(lambda redis: Bytes(redis).delete(key))


def _kept(name: str) -> str:
    return f"cc:copy:at:{name}"


def _failed(name: str) -> str:
    return f"cc:copy:failed:{name}"


def _marked(name: str) -> str:
    return f"cc:copy:marked:{name}"


async def _unlink_page(cursor: int, redis: Redis) -> int:
    cursor, keys = await redis.scan(cursor, match="cc:copy:*", count=PAGE)
    if keys:
        await redis.unlink(*keys)
    return cursor


def _copy_as_bytes(copy: Copy, schema: str) -> bytes:
    """A line of JSON, and the profile after it if there is one."""
    times = (copy.started, copy.fetched, copy.fresh_until, copy.stale_until, copy.expires)
    head = orjson.dumps([VERSION, schema, *times, copy.marks])
    return head if copy.profile is None else head + b"\n" + copy.profile


def _copy_of(plain: bytes, schema: str) -> Copy | None:
    head, has_profile, profile = plain.partition(b"\n")
    told = orjson.loads(head)
    if told[:2] != [VERSION, schema]:
        return None
    started, fetched, fresh_until, stale_until, expires, marks = told[2:]
    return Copy(profile if has_profile else None, started, fetched, fresh_until, stale_until, expires, tuple(marks))


def _failure_as_bytes(error: LookupFailed) -> bytes:
    told = {each.name: getattr(error, each.name) for each in fields(error)}  # type: ignore[arg-type]  # every leaf is a dataclass
    return orjson.dumps([VERSION, error.kind, told, error.flight])


def _failure_of(plain: bytes) -> LookupFailed | None:
    version, *rest = orjson.loads(plain)
    if version != VERSION:
        return None
    kind, told, flight = rest
    leaf = FAILURES.get(kind)
    if leaf is None or {each.name for each in fields(leaf)} != told.keys():  # type: ignore[arg-type]  # as above
        return None
    error: LookupFailed = leaf(**told)
    error.flight = flight
    return error


FAILURES = {leaf.kind: leaf for leaf in leaves(LookupFailed) if leaf is not NotFound}
"""The failures that can be shared, by kind."""
