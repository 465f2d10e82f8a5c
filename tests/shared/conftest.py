"""Connections of replicas to one Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.redis_server import RedisServer
from tests.shared.replicas import Connect, connecting


@pytest.fixture
async def connect(redis: RedisServer) -> AsyncIterator[Connect]:
    """Connects one more replica, to `redis` if nothing else is said; all are closed at the end."""
    async with AsyncExitStack() as stack:
        yield connecting(stack, redis.url)
