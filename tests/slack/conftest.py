"""Slack's side for a test, the service in either transport, and what it logs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.opened import TRANSPORTS, Opened, opened
from tests.slack_side import SlackSide


@pytest.fixture(autouse=True)
def events() -> Iterator[list[EventDict]]:
    """What is logged, instead of printing it."""
    with capture_logs() as events:
        yield events


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def service(slack: SlackSide, transport: str) -> AsyncIterator[Opened]:
    """In no hurry, so that on a busy machine too what is at hand is in the ack."""
    async with opened(slack, transport, ack_budget=2.0, deadline=5.0, locale_patience=1.0) as service:
        yield service
