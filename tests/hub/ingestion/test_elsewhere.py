"""Records are stored by a process of their own, and acknowledged when they are durable."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from contextlib import closing
from pathlib import Path

import pytest

from bot.hub.ingestion.elsewhere import Elsewhere, open_elsewhere
from bot.hub.ingestion.inlet import InletDown
from bot.hub.ingestion.submission import ACCEPTED, Outcome, Submission
from bot.hub.model import Xdm
from tests.hub.ingestion.conftest import ORDERS, VISITS, Hub, children_running, order


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


async def test_killed_while_storing(hub: Hub) -> None:
    """Killed at any moment, what was acknowledged is there once, the rest can be sent again, and the file is sound."""
    dice = random.Random(7)  # noqa: S311 - moments, not secrets
    acknowledged: set[str] = set()
    async with open_elsewhere(hub.database.path, pause=0.01) as inlet:
        for turn in range(8):
            await running(inlet)
            sent = [[submission(order(turn * 1000 + each * 20 + number)) for number in range(20)] for each in range(50)]
            asking = [asyncio.create_task(inlet.take(each)) for each in sent]
            await asyncio.sleep(dice.uniform(0, 0.1))
            for child in children():
                os.kill(child, signal.SIGKILL)
            answers = await asyncio.gather(*asking, return_exceptions=True)
            for each, answer in zip(sent, answers, strict=True):
                if isinstance(answer, InletDown):
                    continue
                assert answer == [ACCEPTED] * 20
                acknowledged |= {json.loads(one.body)["_id"] for one in each}
            there = {event.id for event in hub.events("ada@example.com")}
            assert acknowledged <= there
        await running(inlet)
        await asyncio.gather(*(inlet.take([submission(order(number))]) for number in range(8000)))

    assert 0 < len(acknowledged) < 8000
    with closing(hub.database.reader()) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM event").fetchall() == [(8000,)]


async def test_never_started(tmp_path: Path) -> None:
    """Without a process that starts, a record is refused after a while, not kept for ever."""
    async with open_elsewhere(tmp_path / "none" / "hub.db", starting=0.05) as inlet:
        with pytest.raises(InletDown):
            await inlet.take([Submission(ORDERS, b"{}")])


async def running(inlet: Elsewhere) -> None:
    """Return when the process that stores runs (again)."""
    while True:
        try:
            return await inlet.settle()
        except InletDown:
            await asyncio.sleep(0.01)


def children() -> list[int]:
    """The processes that store."""
    return children_running("bot.hub.ingestion.working")
