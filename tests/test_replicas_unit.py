"""What replicas share belongs to whom it should."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter

from bot.breaker import Breaker
from bot.profiles.cache import PROFILE
from bot.profiles.pace import Quota
from bot.replicas import Replicas, open_replicas, schema_of
from bot.seal import Seal
from bot.settings import Settings
from tests.factories import KEYS
from tests.redis_server import RedisServer

NEW, OLD = KEYS
ORG = "AnInventedOne@AdobeOrg"


async def link(stack: AsyncExitStack, *keys: str, **changes: Any) -> Replicas:
    """One more replica that has these application keys."""
    values: dict[str, Any] = {"profile_url": "https://platform.adobe.io", "adobe_org_id": ORG} | changes
    settings = Settings(_env_file=None, **values)
    breaker = Breaker(clock=time.monotonic, failures=3, pause=0.02)
    return await stack.enter_async_context(open_replicas(settings, Seal(keys), breaker, clock=time.time))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as one:
        yield one


async def test_rotation(stack: AsyncExitStack, redis: RedisServer) -> None:
    """Whatever application keys replicas have, they have one quota and one budget, which no rotation renews."""
    url = SecretStr(redis.url)
    rotations = [(OLD,), (NEW, OLD), (NEW,)]
    replicas = [await link(stack, *keys, redis_url=url) for keys in rotations]
    spent = [(await each.pace.reserve(None)).spent for each in replicas]

    assert spent == [1, 2, 3]


async def test_other_organisation(stack: AsyncExitStack, redis: RedisServer) -> None:
    """Each organisation, at each address, has a quota of its own; neither is readable in Redis."""
    url = SecretStr(redis.url)
    others: list[dict[str, str]] = [{}, {"adobe_org_id": "AnotherOne@AdobeOrg"}, {"profile_url": "https://elsewhere.example"}]
    spent = [(await (await link(stack, OLD, redis_url=url, **other)).pace.reserve(None)).spent for other in others]

    assert spent == [1, 1, 1]
    assert not any("Adobe" in key or "adobe" in key for key in redis.kept())


async def test_less_than_the_quota(stack: AsyncExitStack) -> None:
    """A little less than what Adobe allows is used, alone and together."""
    alone = await link(stack, OLD, quota_rate=50, quota_burst=50, daily_budget=1000)

    assert alone.quota == Quota.within(50, 50, 1000)


def test_schema() -> None:
    """A schema's name is the same wherever it is computed, and another one when a field is added."""

    @dataclass
    class One:
        name: str

    @dataclass
    class More:
        name: str
        age: int

    More.__name__ = "One"

    assert schema_of(PROFILE) == schema_of(PROFILE)
    assert schema_of(TypeAdapter(One)) != schema_of(TypeAdapter(More))
