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

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
DEMO = (sys.executable, "-m", "bot", "demo")


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "default"}


def shown(*arguments: str) -> str:
    command = [*DEMO, "--once", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=PATIENCE, check=False)  # noqa: S603 - ours
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_once() -> None:
    """`demo --once` prints the card that arrived and the address, and ends. If its port is taken, it uses a free one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = shown("--port", str(port))

    assert output.startswith("/customer ada@example.com\n\nAda Lovelace\n")
    assert "High value, high churn risk." in output
    assert "Sample data: this customer is invented." in output
    assert "The service listens at http://127.0.0.1:" in output
    assert f":{port}/" not in output


def test_locale() -> None:
    """The card comes in the language of whoever asks."""
    assert "Abwanderungsrisiko: 82 von 100" in shown("--port", "0", "--locale", "de-DE")


@asynccontextmanager
async def conversation() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(*DEMO, "--port", "0"), env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
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
    """What is typed is answered as in Slack; a line at a time."""
    async with conversation() as process:
        assert process.stdin
        await until(process, "Ctrl-C ends the demo.")
        process.stdin.write(b"crm:C-10010\n")
        card = await until(process, "found by CRM ID")
        process.stdin.write(b"nobody@example.com\n")
        notice = await until(process, "No customer found")

    assert "Ada Lovelace" not in card
    assert "Sample data" in notice


async def test_interrupted() -> None:
    """Ctrl-C ends the demo."""
    async with conversation() as process:
        await until(process, "Ctrl-C ends the demo.")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            _, errors = await process.communicate()

    assert process.returncode == 0
    assert b"Traceback" not in errors


@pytest.mark.parametrize("text", ["ada@example.com", "help"])
async def test_stand_in_that_is_not_answered(text: str) -> None:
    """The stand-in shows what arrived, and raises when the service refuses its request."""
    slack = StandIn(signing_secret="wrong", locale="en-US", tz="UTC")

    async with served(slack.asgi, "127.0.0.1", 0) as here:
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            await slack.command(text, service=here, here=here)
