"""An inlet that has another process store: a thread that writes makes look-ups sixteen times slower, a process doesn't."""

from __future__ import annotations

import asyncio
import itertools
import socket
import subprocess
import sys
from asyncio import Future, StreamReader, StreamWriter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from bot.hub.ingestion import working
from bot.hub.ingestion.frames import Answer, Frames, Question, answer_in, asked
from bot.hub.ingestion.inlet import InletDown
from bot.hub.ingestion.submission import Outcome, Submission

log = structlog.get_logger()

STARTING = 10.0
"""Seconds for which a record waits until the process has started."""

PAUSE = 1.0
"""Seconds until one that has died is started anew."""

_BLOCK = 1 << 16


class Elsewhere:
    """Hands records to the process of `bot.hub.ingestion.working`, which is started anew if it dies. Made by `open_elsewhere`."""

    def __init__(self, path: Path, *, starting: float = STARTING, pause: float = PAUSE) -> None:
        self._path = path
        self._starting = starting
        self._pause = pause
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Answer]] = {}
        self._writer: Future[StreamWriter] = asyncio.get_running_loop().create_future()

    async def take(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        """Have it stored; returns when it is, durably. Raises InletDown."""
        outcomes = (await self._ask(Question(next(self._numbers), submissions))).outcomes
        if outcomes is None:
            raise InletDown
        return outcomes

    async def settle(self) -> None:
        """Return when all that is due was done. Raises InletDown."""
        if (await self._ask(Question(next(self._numbers), settle=True))).outcomes is None:
            raise InletDown

    async def run(self) -> None:
        """Keep a process running, until cancelled."""
        while True:
            try:
                await self._run_one()
            finally:
                self._writer = asyncio.get_running_loop().create_future()
                waiting, self._waiting = self._waiting, {}
                for each in waiting.values():
                    if not each.done():
                        each.set_exception(InletDown())
            log.error("hub_worker_died")
            await asyncio.sleep(self._pause)

    async def _ask(self, question: Question) -> Answer:
        try:
            writer = await asyncio.wait_for(asyncio.shield(self._writer), self._starting)
        except TimeoutError:
            raise InletDown from None
        if writer.is_closing():  # the process has just died
            raise InletDown
        answer: Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[question.number] = answer
        try:
            writer.write(asked(question))
            with suppress(ConnectionError):  # what reads the answers finds that out
                await writer.drain()
            return await answer
        finally:
            self._waiting.pop(question.number, None)

    async def _run_one(self) -> None:
        here, there = socket.socketpair()
        with there:
            process = self._started(there)
        try:
            reader, writer = await asyncio.open_connection(sock=here)
            try:
                self._writer.set_result(writer)
                await self._hear(reader)
            finally:
                # The process ends by itself when nobody is at the other end; what it is about to commit it commits.
                writer.transport.abort()
        finally:
            here.close()
            await asyncio.shield(asyncio.to_thread(_ended, process, self._starting))

    def _started(self, there: socket.socket) -> subprocess.Popen[bytes]:
        # asyncio's own way, cancelled in the middle, would leave a process that nobody waits for.
        command = [sys.executable, "-m", working.__name__, str(self._path), str(there.fileno())]
        return subprocess.Popen(command, pass_fds=(there.fileno(),), stdin=subprocess.DEVNULL)  # noqa: S603 - it is ours

    async def _hear(self, reader: StreamReader) -> None:
        frames = Frames()
        with suppress(ConnectionError):
            while data := await reader.read(_BLOCK):
                for answer in map(answer_in, frames.feed(data)):
                    waiting = self._waiting.get(answer.number)
                    if waiting and not waiting.done():
                        waiting.set_result(answer)


def _ended(process: subprocess.Popen[bytes], patience: float) -> None:
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@asynccontextmanager
async def open_elsewhere(path: Path, *, starting: float = STARTING, pause: float = PAUSE) -> AsyncIterator[Elsewhere]:
    """An inlet into the hub at `path`, whose process runs while this is open. Seconds as STARTING and PAUSE."""
    inlet = Elsewhere(path, starting=starting, pause=pause)
    running = asyncio.create_task(inlet.run())
    try:
        yield inlet
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
