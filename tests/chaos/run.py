"""A run: the whole rig, a steady load, one fault after the other."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import aiohttp

from tests.chaos import adobe, logs, slack
from tests.chaos.balancer import Balancer
from tests.chaos.faults import Fault, Rig
from tests.chaos.ledger import Spell, recovery, rows
from tests.chaos.load import Load, Plan
from tests.chaos.proxy import HOST, FaultProxy, fault_proxy
from tests.chaos.replicas import ROOT, Replicas, replicas
from tests.chaos.report import Account
from tests.opened import APP_KEY
from tests.redis_server import RedisServer
from tests.slack_side import BOT_TOKEN, SIGNING_SECRET
from tests.upstream import CREDENTIALS

DEADLINE = 8.0
"""Seconds an answer may take: the service's own default, which this run leaves as it is."""

LONGEST_CALM = 15.0

OWED = 2.0
"""Seconds from an ack to its answer, while nothing else is wrong."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a run goes: each fault lasts `lasting` seconds, then there is a calm of at least `calm` seconds, longer while the
    service has not recovered. `count` is how many replicas there are.
    """

    faults: Sequence[Fault]
    lasting: float
    calm: float
    plan: Plan
    count: int = 2

    @property
    def promised(self) -> int:
        """How many answers one replica owes at a time, at most: its share of what is asked in OWED seconds."""
        return math.ceil(self.plan.rate * OWED / self.count)

    @property
    def seconds(self) -> float:
        """How long the load runs, at most."""
        faults = sum(self.lasting * each.longer + LONGEST_CALM for each in self.faults)
        return self.plan.known / self.plan.warming + faults


Tell = Callable[[str], None]


async def run(course: Course, tell: Tell) -> Account:
    """Run it, and `tell` how it goes."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with rig(course) as running, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        load = Load(course.plan, Balancer(session, lambda: running.replicas.serving), running.slack)
        tell(f"{course.count} replicas serve; the load begins")
        await load.warm_up()
        async with load.steady():
            spells = [await _endured(fault, course, running, load, tell) for fault in course.faults]
        tell("the load ends")
        await load.finish()
        await running.replicas.stop()
        troubles = [each.trouble for each in running.replicas.all if each.trouble]
        lines = [line for each in running.replicas.all for line in each.lines]
    calls = running.adobe.calls | {f"Slack {name}": count for name, count in running.slack.calls.items()}
    calm = Spell("nothing yet", began, began, DEADLINE + 2.0)
    first, *others = rows(load.questions, [calm, *spells], running.adobe.times)
    deadly = frozenset(fault.name for fault in course.faults if fault.replica)
    return Account(first, others, logs.read(lines), troubles, calls, loop.time() - began, deadly, course.promised)


async def _endured(fault: Fault, course: Course, running: Rig, load: Load, tell: Tell) -> Spell:
    """One fault, and the calm after it."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    tell(f"{fault.name} …")
    lasting = course.lasting * fault.longer
    async with fault.comes(running, lasting):
        await asyncio.sleep(lasting)
    ended = loop.time()  # what was taken away is back
    spell = Spell(fault.name, began, ended, DEADLINE + fault.delivery, fault.replica)
    while loop.time() < ended + LONGEST_CALM:
        await asyncio.sleep(0.1)
        recovered = recovery(spell, load.questions)
        if recovered is not None and loop.time() >= ended + max(course.calm, recovered + 1.0):
            break
    tell(f"{fault.name}: over, " + ("not recovered" if recovered is None else f"recovered after {recovered:.1f} s"))
    return spell


@asynccontextmanager
async def rig(course: Course) -> AsyncIterator[Rig]:
    """The whole of it: other sides, networks, replicas."""
    async with AsyncExitStack() as stack:
        adobe_side, adobe_url = await stack.enter_async_context(adobe.adobe(course.plan.customers(course.seconds)))
        slack_side, slack_url = await stack.enter_async_context(slack.slack(course.plan.members))
        redis = await asyncio.to_thread(RedisServer)
        stack.callback(redis.stop)
        to_adobe = await stack.enter_async_context(fault_proxy(_target(adobe_url)))
        to_slack = await stack.enter_async_context(fault_proxy(_target(slack_url)))
        to_redis = await stack.enter_async_context(fault_proxy((HOST, redis.port)))
        slack_side.side.url = f"http://{HOST}:{to_slack.port}"
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="chaos-")))
        environment = settings(to_adobe, slack_side, to_redis)
        fleet: Replicas = await stack.enter_async_context(replicas(course.count, environment, folder))
        yield Rig(adobe_side, slack_side, redis, fleet, to_adobe, to_slack, to_redis)


def settings(to_adobe: FaultProxy, slack_side: slack.MoodySlack, to_redis: FaultProxy) -> dict[str, str]:
    """The environment of a replica: who is where, and no more. Every number is the service's own default."""
    adobe_url = f"http://{HOST}:{to_adobe.port}"
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "PORT": "0",
        "ADMIN_PORT": "0",
        "SLACK_API_URL": slack_side.side.api_url,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "APP_KEYS": APP_KEY,
        "REDIS_URL": f"redis://{HOST}:{to_redis.port}/0",
        "PROFILE_URL": adobe_url,
        "ADOBE_IMS_URL": adobe_url,
        "ADOBE_CLIENT_ID": CREDENTIALS.client_id,
        "ADOBE_CLIENT_SECRET": CREDENTIALS.client_secret,
        "ADOBE_ORG_ID": CREDENTIALS.org_id,
        "ADOBE_SANDBOX": CREDENTIALS.sandbox,
    }


def _target(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0
