"""Servers in processes of their own, each pinned to a core, with their logs in a file."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

GENERATOR, SERVER = 0, 1
"""The cores of the generator (with everything outside) and of the server that is asked."""


def many_files() -> None:
    """Let this process hold a connection for everybody."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@dataclass(frozen=True)
class Server:
    """A running server. `log` is where its standard error goes."""

    url: str
    process: asyncio.subprocess.Process
    log: Path

    @property
    def cpu(self) -> float:
        """Processor time until now, in seconds, the kernel's on its behalf included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> int:
        """Resident memory now, in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def running(name: str, *, outside: str, core: int = SERVER, **environment: str) -> AsyncIterator[Server]:
    """The server `name` of `tests.bench.servers`, while this is open."""
    with TemporaryDirectory() as directory:
        log = Path(directory) / "log"
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.bench.servers", name, str(core)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=os.environ | {"BENCH_OUTSIDE": outside} | environment,
            )
        assert process.stdin
        assert process.stdout
        url = (await process.stdout.readline()).decode().strip()
        if not url:
            raise SystemExit(f"{name} did not start:\n{log.read_text()[-2000:]}")
        try:
            yield Server(url, process, log)
        finally:
            process.stdin.close()
            await process.wait()
            if kept := os.environ.get("BENCH_LOGS"):
                shutil.copy(log, Path(kept) / f"{name}-{process.pid}.log")
