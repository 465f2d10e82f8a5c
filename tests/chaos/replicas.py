"""Replicas of the real service, each a process of its own: `python -m bot run`, settings in the environment."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 30.0
STOPS_WITHIN = 20.0


@dataclass(eq=False)
class Replica:
    """One process. `lines` are what it logged; `killed` and `stopped` say that it was our doing."""

    name: str
    process: asyncio.subprocess.Process
    url: str = ""
    lines: list[bytes] = field(default_factory=list)
    killed: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: bool = False
    reading: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str | None:
        """What was wrong with its end, if it has come."""
        status = self.process.returncode
        if status is None or self.killed.is_set():
            return None
        if not self.stopped:
            return f"Replica {self.name} ended by itself, with status {status}."
        return f"Replica {self.name} was asked to stop, and ended with status {status}." if status else None


class Replicas:
    """The replicas that serve, and those that did: `serving` is what Slack's side reaches, `all` has every one that ever ran.

    Use `replicas()`.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self.serving: dict[str, Replica] = {}
        self.all: list[Replica] = []

    async def start(self, name: str) -> Replica:
        """Start the replica `name`; it serves from when it says that it listens."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self._folder,
            env=dict(self._environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        replica = Replica(name, process)
        self.all.append(replica)
        listening = asyncio.get_running_loop().create_future()
        replica.reading = asyncio.create_task(_read(replica, listening))
        async with asyncio.timeout(STARTS_WITHIN):
            replica.url = await listening
        self.serving[name] = replica
        return replica

    async def kill(self, name: str) -> Replica:
        """End the replica `name` without a warning. Slack's side notices by itself."""
        replica = self.serving[name]
        replica.killed.set()
        replica.process.kill()
        await replica.process.wait()
        return replica

    async def stop(self) -> None:
        """Ask all that run to stop, and wait until they have, and all that they logged has been read.

        Raises:
            TimeoutError: one does not.
        """
        running = [each for each in self.all if each.process.returncode is None]
        for replica in running:
            replica.stopped = True
            replica.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOPS_WITHIN):
            await asyncio.gather(*(each.process.wait() for each in running))
            await asyncio.gather(*(each.reading for each in self.all if each.reading))

    async def aclose(self) -> None:
        """End whatever still runs."""
        for replica in self.all:
            if replica.process.returncode is None:
                replica.stopped = True
                replica.process.kill()
            await replica.process.wait()
            if replica.reading:
                await replica.reading


async def _read(replica: Replica, listening: asyncio.Future[str]) -> None:
    stream = replica.process.stderr
    assert stream
    async for line in stream:
        replica.lines.append(line)
        if not listening.done() and b'"listening"' in line:
            listening.set_result(orjson.loads(line)["address"])
    if not listening.done():
        listening.set_exception(RuntimeError(f"replica {replica.name} did not start: {b''.join(replica.lines).decode()}"))


@asynccontextmanager
async def replicas(count: int, environment: Mapping[str, str], folder: Path) -> AsyncIterator[Replicas]:
    """`count` replicas named A, B, …, started in `folder`."""
    fleet = Replicas(environment, folder)
    try:
        for number in range(count):
            await fleet.start(chr(ord("A") + number))
        yield fleet
    finally:
        await fleet.aclose()
