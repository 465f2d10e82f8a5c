"""`customer-bot demo`: hub, service and a stand-in for Slack on this machine."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.cli.stand_in import StandIn
from bot.serving import served
from tests.opened import DEAD_PROXY, PROXIES

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
DEMO = (sys.executable, "-m", "bot", "demo")


def environment() -> dict[str, str]:
    """As behind a company's proxy, which leads nowhere from here."""
    ours = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "default"}
    return ours | dict.fromkeys(PROXIES, DEAD_PROXY)


def shown(*arguments: str) -> str:
    command = [*DEMO, "--once", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=PATIENCE, check=False)  # noqa: S603 - ours
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_once() -> None:
    """`demo --once` prints the card that arrived and the address, and ends, whatever proxy the environment names. If its port is
    taken, it uses a free one.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = shown("--port", str(port))

    assert output.startswith("/customer ada@example.com\n\nAda Lovelace\n")
    assert "High value, high churn risk." in output
    assert "Sample data: this customer is invented." in output
    assert "The service listens at http://127.0.0.1:" in output
    assert f":{port}/" not in output


@asynccontextmanager
async def conversation() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(*DEMO, "--port", "0", "--locale", "de-DE"),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(process: asyncio.subprocess.Process, words: str) -> str:
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        return (await process.stdout.readuntil(words.encode())).decode()


async def test_conversation() -> None:
    """What is typed is answered as in Slack, in the language that was chosen; Ctrl-C ends it."""
    async with conversation() as process:
        assert process.stdin
        first = await until(process, "Ctrl-C ends the demo.")
        process.stdin.write(b"crm:C-10010\n")
        card = await until(process, "CRM-Nummer")
        process.stdin.write(b"nobody@example.com\n")
        notice = await until(process, "Niemanden gefunden")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            code = await process.wait()
            errors = await process.stderr.read() if process.stderr else b""

    assert "Abwanderungsrisiko: 82 von 100" in first
    assert "Ada Lovelace" not in card
    assert "C-10010" not in notice
    assert (code, b"Traceback" in errors) == (0, False)


@pytest.mark.parametrize("text", ["ada@example.com", "help"])
async def test_stand_in_that_is_not_answered(text: str) -> None:
    """The stand-in shows what arrived, and raises when the service refuses its request."""
    slack = StandIn(signing_secret="wrong", locale="en-US", tz="UTC")

    async with served(slack.asgi, "127.0.0.1", 0) as here:
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            await slack.command(text, service=here, here=here)
