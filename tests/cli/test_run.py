"""`customer-bot run`, as a process: signals, settings, and sentences for what is wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from bot.hub.invented.customers import customers, oddity
from bot.serving import served
from tests.opened import APP_KEY, settings_of
from tests.slack_side import (
    APP_TOKEN,
    BOT_TOKEN,
    MEMBER,
    SIGNING_SECRET,
    Ack,
    Http,
    Reply,
    SlackSide,
    Socket,
    Wire,
    buttons,
    command,
    title,
    words,
)
from tests.upstream import CREDENTIALS, Turn, Upstream

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


class Running:
    """The process, and its log lines as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.logged: list[dict[str, Any]] = []

    async def until(self, event: str) -> dict[str, Any]:
        """Read the log until `event`."""
        assert self.process.stderr
        async with asyncio.timeout(PATIENCE):
            async for line in self.process.stderr:
                assert line.startswith(b"{"), line + await self.process.stderr.read()
                self.logged.append(orjson.loads(line))
                if self.logged[-1]["event"] == event:
                    return self.logged[-1]
        raise AssertionError(f"no {event} in {self.logged}")

    async def ended(self) -> tuple[int, str]:
        """Exit code, and what was left to say."""
        async with asyncio.timeout(PATIENCE):
            _, said = await self.process.communicate()
        return self.process.returncode or 0, said.decode()


def environment(slack: SlackSide, transport: str = "http", **changes: str) -> dict[str, str]:
    secrets = {"SLACK_SIGNING_SECRET": SIGNING_SECRET} if transport == "http" else {"SLACK_APP_TOKEN": APP_TOKEN}
    ours = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "default",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_API_URL": slack.api_url,
        "APP_KEYS": APP_KEY,
        "PROFILE_URL": "hub:",
        "PORT": "0",
        "ADMIN_PORT": "0",
    }
    return ours | secrets | changes


def with_adobe(url: str) -> dict[str, str]:
    return {
        "PROFILE_URL": url,
        "ADOBE_IMS_URL": url,
        "ADOBE_CLIENT_ID": CREDENTIALS.client_id,
        "ADOBE_CLIENT_SECRET": CREDENTIALS.client_secret,
        "ADOBE_ORG_ID": CREDENTIALS.org_id,
        "ADOBE_SANDBOX": CREDENTIALS.sandbox,
        "ACK_BUDGET": "0.1",
    }


@asynccontextmanager
async def started(environ: dict[str, str], directory: Path) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"), env=environ, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def wired(slack: SlackSide, transport: str, address: str) -> AsyncIterator[Wire]:
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE) as client:
        yield Http(client) if transport == "http" else Socket(slack)


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_end_with_an_answer_under_way(slack: SlackSide, tmp_path: Path, transport: str) -> None:
    """Told to stop by SIGTERM, it delivers the answers under way, and ends with 0."""
    upstream, gate = Upstream(), asyncio.Event()
    upstream.always["profile"] = Turn(gate=gate)
    mailbox = slack.mailbox()
    async with AsyncExitStack() as stack:
        adobe = await stack.enter_async_context(served(upstream, "127.0.0.1", 0))
        running = await stack.enter_async_context(started(environment(slack, transport, **with_adobe(adobe)), tmp_path))
        listening = await running.until("listening")
        wire = await stack.enter_async_context(wired(slack, transport, listening["address"]))
        acked: Ack = await wire.send("slash_commands", command("ada@example.com", mailbox.url))
        running.process.send_signal(signal.SIGTERM)
        await running.until("stopping")
        gate.set()
        card = await mailbox.take(PATIENCE)
        code, said = await running.ended()

    assert listening["transport"] == transport
    assert acked.message["text"] == "Looking, the card follows."
    assert title(card) == "Ada Lovelace"
    assert code == 0
    assert "Traceback" not in said


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_end_with_a_hundred_answers_under_way(slack: SlackSide, tmp_path: Path, transport: str) -> None:
    """Told to stop while a hundred answers are under way, it delivers each of them before it ends."""
    upstream, gate = Upstream(), asyncio.Event()
    upstream.always["profile"] = Turn(gate=gate)
    mailboxes = [slack.mailbox() for _ in range(100)]
    members = [f"U{number:06}" for number in range(100)]
    invented = (each for each in customers(1, datetime.now(UTC)) if each.person.crm_id and oddity(each) != "many")
    asked_for = [f"crm:{each.person.crm_id}" for each in islice(invented, 100)]
    slack.members |= dict.fromkeys(members, slack.members[MEMBER])
    async with AsyncExitStack() as stack:
        adobe = await stack.enter_async_context(served(upstream, "127.0.0.1", 0))
        quota = {"QUOTA_RATE": "1000", "QUOTA_BURST": "1000", "DEADLINE": "20"}
        running = await stack.enter_async_context(started(environment(slack, transport, **with_adobe(adobe), **quota), tmp_path))
        listening = await running.until("listening")
        wire = await stack.enter_async_context(wired(slack, transport, listening["address"]))
        asked = (
            wire.send("slash_commands", command(customer, box.url, user=member))
            for customer, box, member in zip(asked_for, mailboxes, members, strict=True)
        )
        acks = await asyncio.gather(*asked)
        running.process.send_signal(signal.SIGTERM)
        await running.until("stopping")
        gate.set()
        cards = await asyncio.gather(*(box.take(PATIENCE) for box in mailboxes))
        code, said = await running.ended()

    assert {ack.message["text"] for ack in acks} == {"Looking, the card follows."}
    assert all("Refresh" in buttons(card) for card in cards)
    assert [len(box.posts) for box in mailboxes] == [1] * 100
    assert (code, "answers_lost" in said) == (0, False)


async def test_readiness(slack: SlackSide, tmp_path: Path) -> None:
    """The admin address says "ready" while questions may come, and "draining" from SIGTERM on until the last answer has left."""
    upstream, gate = Upstream(), asyncio.Event()
    upstream.always["profile"] = Turn(gate=gate)
    async with AsyncExitStack() as stack:
        adobe = await stack.enter_async_context(served(upstream, "127.0.0.1", 0))
        running = await stack.enter_async_context(started(environment(slack, **with_adobe(adobe)), tmp_path))
        admin = await stack.enter_async_context(
            httpx.AsyncClient(base_url=(await running.until("administered"))["address"], trust_env=False, timeout=PATIENCE)
        )
        listening = await running.until("listening")
        wire = await stack.enter_async_context(wired(slack, "http", listening["address"]))
        before = await admin.get("/ready")
        await wire.send("slash_commands", command("ada@example.com", (mailbox := slack.mailbox()).url))
        running.process.send_signal(signal.SIGTERM)
        await running.until("stopping")
        while (meanwhile := await admin.get("/ready")).is_success:  # for as long as the signal takes
            pass
        gate.set()
        await mailbox.take(PATIENCE)
        code, _ = await running.ended()

    assert (before.status_code, before.json()["reasons"]) == (200, [])
    assert (meanwhile.status_code, meanwhile.json()["reasons"]) == (503, ["draining"])
    assert code == 0


async def test_stopped_while_starting(slack: SlackSide, tmp_path: Path) -> None:
    """Told to stop while Slack doesn't answer the first call, it ends at once: nothing is under way yet."""
    gate = asyncio.Event()
    slack.replies["auth.test"].append(Reply(after=gate))
    async with started(environment(slack), tmp_path) as running:
        async with asyncio.timeout(PATIENCE):
            await slack.called.wait()
        running.process.send_signal(signal.SIGTERM)
        code, _ = await running.ended()
        gate.set()

    assert code != 0


async def test_reload(slack: SlackSide, sample: dict[str, str], tmp_path: Path) -> None:
    """SIGHUP reads customer.yml again; a broken one is told with its line, and the last good one stays."""
    file = tmp_path / "customer.yml"
    file.write_text(FACTS.format(label="Spent so far"))
    async with AsyncExitStack() as stack:
        environ = environment(slack, **sample | {"CUSTOMER_CONFIG": str(file)})
        running = await stack.enter_async_context(started(environ, tmp_path))
        wire = await stack.enter_async_context(wired(slack, "http", (await running.until("listening"))["address"]))

        async def shown() -> str:
            return words((await wire.send("slash_commands", command("ada@example.com", slack.mailbox().url))).message)

        before = await shown()
        file.write_text(FACTS.format(label="Worth"))
        running.process.send_signal(signal.SIGHUP)
        await running.until("configuration_reloaded")
        after = await shown()
        file.write_text("facts: 5\n")
        running.process.send_signal(signal.SIGHUP)
        kept = await running.until("configuration_kept")
        last = await shown()

    assert "Spent so far" in before
    assert "Worth" in after
    assert "customer.yml:1: facts" in kept["problem"]
    assert "Worth" in last


FACTS = """
facts:
  - {{key: lifetime_value, label: {label}, path: _demo.lifetimeValue.amount, currency: EUR, format: money}}
propensities: []
verdict: []
cards:
  standard: {{fields: [lifetime_value], sections: []}}
  compact: {{fields: [lifetime_value], sections: []}}
"""


async def test_nothing_is_told(slack: SlackSide, tmp_path: Path) -> None:
    """What the process writes, at DEBUG, says who asked and what came of it, and nothing about the customer. Ctrl-C ends it."""
    async with started(environment(slack, LOG_LEVEL="DEBUG"), tmp_path) as running:
        async with wired(slack, "http", (await running.until("listening"))["address"]) as wire:
            await wire.send("slash_commands", command("ada@example.com", slack.mailbox().url))
        answered = await running.until("answered")
        running.process.send_signal(signal.SIGINT)
        code, said = await running.ended()

    everything = said + str(running.logged)
    assert code == 0
    assert (answered["outcome"], answered["asker"], answered["door"]) == ("card", MEMBER, "command")
    assert [
        each for each in ("ada@", "Lovelace", "4930", "xoxb", SIGNING_SECRET, "invented-response") if each in everything
    ] == []


def refused(environ: dict[str, str], directory: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "bot", "run"]
    ran = subprocess.run(  # noqa: S603 - ours
        command, env=environ, cwd=directory, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return ran.returncode, ran.stderr


async def test_refused_tokens(slack: SlackSide, sample: dict[str, str], tmp_path: Path) -> None:
    """A token that Slack refuses ends the start with a sentence and code 2, in either transport."""
    bot_token = await asyncio.to_thread(refused, environment(slack, **sample, SLACK_BOT_TOKEN="xoxb-wrong"), tmp_path)
    app_token = await asyncio.to_thread(refused, environment(slack, "socket", **sample, SLACK_APP_TOKEN="xapp-wrong"), tmp_path)

    assert bot_token[0] == app_token[0] == 2
    assert bot_token[1].startswith("Slack's auth.test said invalid_auth. ")
    assert "Slack's apps.connections.open said invalid_auth. " in app_token[1]
    assert "Traceback" not in bot_token[1] + app_token[1]


async def test_taken_port(slack: SlackSide, sample: dict[str, str], tmp_path: Path) -> None:
    """A port that is taken ends the start with a sentence and code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = await asyncio.to_thread(refused, environment(slack, **sample, PORT=port), tmp_path)

    assert code == 2
    assert f"127.0.0.1:{port} can't be listened on" in said


def test_nothing_set(tmp_path: Path) -> None:
    """Without settings, each one that is missing is named, with code 2."""
    code, said = refused({"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, tmp_path)

    assert code == 2
    assert [line.split()[0] for line in said.splitlines()] == [
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "APP_KEYS",
        "PROFILE_URL",
    ]


async def test_transports(slack: SlackSide) -> None:
    """How Slack reaches the service is in the log."""
    both = settings_of(slack, "socket", slack_signing_secret=SIGNING_SECRET)

    assert [each.transports for each in (settings_of(slack), settings_of(slack, "socket"), both)] == [
        "http",
        "socket",
        "http and socket",
    ]
