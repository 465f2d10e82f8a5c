"""aiocache's memory back end, which knows no bound, with one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from aiocache import SimpleMemoryCache

SLICE = 500
"""Values that are looked at without a break: about a millisecond."""


class BoundedMemory(SimpleMemoryCache):
    """A memory cache in which the least recently used values leave first once `most` is exceeded.

    `weigh` tells what a value takes, in the unit of `most`: bytes, or 1 each. A value that alone exceeds `most` is not kept.
    """

    def __init__(self, *, most: int, weigh: Callable[[object], int] = lambda _value: 1) -> None:
        super().__init__(timeout=None)
        self._cache: _Weighed = _Weighed(weigh)
        self._most = most

    @property
    def weight(self) -> int:
        """What is kept now, in the unit of `most`."""
        return self._cache.weight

    async def discard(self, unwanted: Callable[[object], bool]) -> int:
        """Drop all values that are `unwanted`, and tell how many they were. Others have their turn in between."""
        count = 0
        for number, key in enumerate(list(self._cache)):
            if number % SLICE == 0:
                await asyncio.sleep(0)
            value = self._cache.get(key)
            if value is not None and unwanted(value):
                await self._delete(key)
                count += 1
        return count

    def __len__(self) -> int:
        return len(self._cache)

    async def reweigh(self, key: str) -> None:
        """Weigh again what is kept under `key`, since it has changed: that counts as a use, and gives it no more time."""
        if key in self._cache:
            self._cache.reweigh(key)
            self._cache.move_to_end(key)
            await self._within_bound()

    async def get(self, key: str, default: object = None, *, namespace: str | None = None, **_options: object) -> object:
        """As the inherited one, without the wrappers for time-outs, plug-ins and serializers, of which none is used here."""
        value = await self._get(self.build_key(key, namespace))
        return default if value is None else value

    async def set(
        self, key: str, value: object, ttl: float | None = None, *, namespace: str | None = None, **_options: object
    ) -> bool:
        """As the inherited one, as `get`."""
        return await self._set(self.build_key(key, namespace), value, ttl=ttl)

    async def _get(self, key: str, **_options: object) -> object:
        value = self._cache.get(key)
        if value is not None:
            self._cache.move_to_end(key)
        return value

    async def _set(self, key: str, value: object, ttl: float | None = None, **_options: object) -> bool:
        await self._delete(key)
        await super()._set(key, value, ttl=ttl)
        await self._within_bound()
        return True

    async def _within_bound(self) -> None:
        while self.weight > self._most:
            await self._delete(next(iter(self._cache)))

    async def _clear(self, namespace: str | None = None, **_options: object) -> bool:
        # The inherited one leaves the expiry timers running, which would then delete newer values of the same keys.
        for key in [key for key in self._cache if key.startswith(namespace or "")]:
            await self._delete(key)
        return True


class _Weighed(OrderedDict[str, object]):
    """Knows what its values weigh, whoever adds or takes them: the back end's expiry timers pop keys by themselves."""

    def __init__(self, weigh: Callable[[object], int]) -> None:
        super().__init__()
        self._weigh = weigh
        self._weights: dict[str, int] = {}
        self.weight = 0

    def __setitem__(self, key: str, value: object) -> None:
        super().__setitem__(key, value)
        self.reweigh(key)

    def reweigh(self, key: str) -> None:
        weight = self._weigh(self[key])
        self.weight += weight - self._weights.get(key, 0)
        self._weights[key] = weight

    # The back end calls it in this form alone.
    def pop(self, key: str, default: object = None) -> object:
        self.weight -= self._weights.pop(key, 0)
        return super().pop(key, default)
