"""Lua that Redis runs as one step: nobody sees, or changes, anything in between."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

REDIS_TIME = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
"""
"""Sets `now`, in seconds since the epoch: by Redis's clock, so replicas need not agree on the time."""

EXACT = """
local function exact(number) return string.format('%.17g', number) end
"""
"""Writes a number so that none of it is lost: Lua itself writes 14 digits, which is too short for a time."""


class Script:
    """Sent in full only to a server that doesn't know it, which is one that was just started."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, redis: Redis, keys: Sequence[str], arguments: Sequence[str | int | float] = ()) -> Any:
        """What the script returns."""
        given = (*keys, *map(str, arguments))
        try:
            return await redis.evalsha(self._digest, len(keys), *given)
        except NoScriptError:
            return await redis.eval(self._text, len(keys), *given)
