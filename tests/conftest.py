"""For all tests."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from bot.settings import Settings
from tests.redis_server import RedisServer, redis_server
from tests.slack_side import MEMBER, SlackSide, slack_side


@pytest.fixture(scope="session", autouse=True)
def no_loop_of_its_own() -> None:
    """looptime asks for a loop even for tests without one; asyncio would make one that nobody closes."""
    asyncio.set_event_loop(None)


@pytest.fixture
async def slack() -> AsyncIterator[SlackSide]:
    """Slack's side, with one member."""
    async with slack_side() as slack:
        slack.members[MEMBER] = {"locale": "en-GB", "tz": "Europe/Berlin"}
        yield slack


@pytest.fixture(scope="session")
def one_redis_server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def redis(one_redis_server: RedisServer) -> RedisServer:
    """A real server, running and empty."""
    one_redis_server.as_new()
    return one_redis_server


@pytest.fixture
def restored() -> Iterator[None]:
    """Global logging as it was."""
    factory, root = logging.getLogRecordFactory(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    logging.setLogRecordFactory(factory)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory, and an environment without any setting of ours."""
    ours = {name.upper() for name in Settings.model_fields}
    for name in list(os.environ):
        if name.upper().removesuffix("_FILE") in ours:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
