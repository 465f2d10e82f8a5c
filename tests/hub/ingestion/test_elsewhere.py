"""Records are stored by a process of their own, and acknowledged when they are durable."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from bot.hub.ingestion.elsewhere import open_elsewhere
from bot.hub.ingestion.inlet import InletDown
from bot.hub.ingestion.submission import ACCEPTED, Outcome, Submission
from bot.hub.model import Xdm
from tests.hub.ingestion.conftest import ORDERS, VISITS, Hub, order


def submission(record: Xdm, dataset: str = ORDERS) -> Submission:
    return Submission(dataset, json.dumps(record).encode())


async def test_taken(hub: Hub) -> None:
    """Each record is answered for in its place; those that are accepted are there."""
    async with open_elsewhere(hub.database.path) as inlet:
        outcomes = await inlet.take([submission(order(1)), submission(order(2, level="medium")), submission(order(3))])

    assert outcomes[::2] == [ACCEPTED, ACCEPTED]
    assert outcomes[1] == Outcome(accepted=False, path="_demo.level", reason="isn't one of high or low")
    assert [event.id for event in hub.events("ada@example.com")] == ["order-1", "order-3"]


async def test_many_at_once(hub: Hub) -> None:
    """Whoever asks gets the answer to what was asked, however many ask at once."""
    async with open_elsewhere(hub.database.path) as inlet:
        answers = await asyncio.gather(
            *(inlet.take([submission(order(number, level="low" if number % 3 else "none"))]) for number in range(200))
        )

    assert [outcome.accepted for [outcome] in answers] == [bool(number % 3) for number in range(200)]
    assert len(hub.events("ada@example.com")) == 133


async def test_enabled_later(hub: Hub) -> None:
    """What was kept for a dataset is in the profile once the dataset is enabled, without being sent again."""
    async with open_elsewhere(hub.database.path) as inlet:
        await inlet.take([submission(order(1), VISITS)])
        before = hub.events("ada@example.com")
        hub.enable(VISITS)
        await inlet.settle()

    assert (before, [event.id for event in hub.events("ada@example.com")]) == ([], ["order-1"])


async def test_process_killed(hub: Hub) -> None:
    """When the process is killed whoever waits is told so, and the next one is served by a new process."""
    async with open_elsewhere(hub.database.path, pause=0.01) as inlet:
        await inlet.take([submission(order(1))])
        for child in children():
            os.kill(child, signal.SIGSTOP)
        asking = asyncio.create_task(inlet.take([submission(order(2))]))
        await asyncio.sleep(0)
        for child in children():
            os.kill(child, signal.SIGKILL)
        with pytest.raises(InletDown):
            await asking
        again = await inlet.take([submission(order(2))])

    assert again == [ACCEPTED]
    assert [event.id for event in hub.events("ada@example.com")] == ["order-1", "order-2"]


async def test_never_started(tmp_path: Path) -> None:
    """Without a process that starts, a record is refused after a while, not kept for ever."""
    async with open_elsewhere(tmp_path / "none" / "hub.db", starting=0.05) as inlet:
        with pytest.raises(InletDown):
            await inlet.take([Submission(ORDERS, b"{}")])


def children() -> list[int]:
    """The processes that store, by what the kernel tells of ours."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]
