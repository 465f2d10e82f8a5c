"""`make bench-burst`: everybody at once. A thousand agents for one customer; 500 customers against a quota; four replicas."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import orjson

from tests.bench.generator import Asked, Slack, Switchboard
from tests.bench.outside import Outside, Quota, name, outside
from tests.bench.process import GENERATOR, Server, many_files, running
from tests.bench.report import Goal, heading, judged, quantile
from tests.redis_server import RedisServer

AGENTS = 1_000
LATENCY = 0.1
"""Seconds that Adobe takes."""

SLOWLY = 2.0
"""Seconds that Adobe takes when there must be time to kill the replica that asks."""

CUSTOMERS = 500
KEPT = 999_999
"""Whom everybody has asked for before, so that the service knows who they are."""

RATE, BURST, DEADLINE, CALLS = 50, 20, 8.0, 2
"""Of the quota, calls a second and at once; of an answer, seconds; of one customer, calls (attributes and events)."""

TRUE_WITHIN = 1.0
REPLICAS = 4

_WAIT = re.compile(r"\bin (\d+) (second|minute)")
_ENDED = re.compile(rb'"(?:text|title)":"([^"]{1,60})"')


def is_card(asked: Asked) -> bool:
    return name(asked.number) in asked.message


async def everybody(slacks: Sequence[Slack], number: int) -> list[Asked]:
    """A thousand agents ask for the same customer at the same time, each through one of `slacks`."""
    return await asyncio.gather(*(slacks[agent % len(slacks)].ask(number, agent) for agent in range(AGENTS)))


def told(label: str, asked: Sequence[Asked], calls: int) -> None:
    """One line of the table."""
    times = [each.answered for each in asked if each.answered is not None]
    cards = sum(map(is_card, asked))
    sys.stdout.write(f"{label:44}{cards:>6,}{calls:>8}{quantile(times, 0.5):>10.0f}{quantile(times, 1.0):>10.0f}\n")


def crowd_heading(title: str) -> None:
    sys.stdout.write(heading(title) + f"{'':44}{'cards':>6}{'calls':>8}{'p50 ms':>10}{'last ms':>10}\n")


async def crowd(world: Outside, board: Switchboard) -> list[Goal]:
    """One process; `calls` are those for attributes."""
    crowd_heading(f"{AGENTS:,} agents, one customer, one process, Adobe takes {LATENCY} s")
    goals: list[Goal] = []
    async with running("service", outside=world.url) as service:
        slack = board.towards(service.url)
        for label, number in (
            ("cold, of agents never seen before", 1),
            ("cold, of agents who have asked before", 2),
            ("warm", 2),
        ):
            before = world.calls["profile"]
            asked = await everybody([slack], number)
            calls = world.calls["profile"] - before
            told(label, asked, calls)
            goals.append(Goal(f"{label}: cards", sum(map(is_card, asked)), at_least=AGENTS))
            goals.append(Goal(f"{label}: calls", calls, at_most=1 if "cold" in label else 0))
    return goals


@asynccontextmanager
async def replicas(world: Outside, redis: RedisServer) -> AsyncIterator[list[Server]]:
    """Four processes with one Redis, two on each core."""
    settings = orjson.dumps({"redis_url": redis.url}).decode()
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(running("service", outside=world.url, core=number, BENCH_SETTINGS=settings))
            for number in range(REPLICAS)
        ]


async def asked_adobe(world: Outside) -> None:
    """Wait until Adobe has been called, which takes SLOWLY to answer."""
    async with asyncio.timeout(SLOWLY):
        while not world.calls["profile"]:  # noqa: ASYNC110 - a count has no event
            await asyncio.sleep(0.01)


async def spread(world: Outside, board: Switchboard) -> list[Goal]:
    """Four replicas: once as they are, once with the one that asks Adobe killed in the middle."""
    crowd_heading(f"{AGENTS:,} agents, one customer, {REPLICAS} replicas with one Redis")
    redis = RedisServer()
    try:
        async with replicas(world, redis) as servers:
            slacks = [board.towards(each.url) for each in servers]
            world.calls.clear()
            asked = await everybody(slacks, 1)
            once = world.calls["profile"]
            told("cold", asked, once)
            world.calls.clear()
            warm = await everybody(slacks, 1)
            again = world.calls["profile"]
            told("warm", warm, again)
            world.calls.clear()
            world.latency = SLOWLY
            first = asyncio.create_task(slacks[0].ask(2))
            await asked_adobe(world)
            others = asyncio.create_task(everybody(slacks[1:], 2))
            await asyncio.sleep(SLOWLY / 4)
            before = world.calls["profile"]
            servers[0].process.kill()
            survived = await others
            world.latency = LATENCY
            first.cancel()
            twice = world.calls["profile"]
            told("cold, and the one that asks is killed", survived, twice)
    finally:
        redis.stop()
    return [
        Goal(f"{REPLICAS} replicas: cards", sum(map(is_card, asked)), at_least=AGENTS),
        Goal(f"{REPLICAS} replicas: calls", once, at_least=1, at_most=1),
        Goal(f"{REPLICAS} replicas, warm: cards", sum(map(is_card, warm)), at_least=AGENTS),
        Goal(f"{REPLICAS} replicas, warm: calls", again, at_most=0),
        Goal("killed in the middle: cards", sum(map(is_card, survived)), at_least=AGENTS),
        Goal("killed in the middle: calls before", before, at_least=1, at_most=1),
        Goal("killed in the middle: calls", twice, at_least=2, at_most=2),
    ]


@dataclass(frozen=True)
class Return:
    """Somebody who came back when a notice had said: `told` is that wait, `late` how long the card then took, in seconds."""

    told: float
    late: float | None
    asked: Asked


def wait_of(asked: Asked) -> float | None:
    """The wait that a notice tells."""
    found = _WAIT.search(asked.message.decode())
    return float(found[1]) * (60 if found[2] == "minute" else 1) if found else None


async def come_back(slack: Slack, notice: Asked, agent: int) -> Return:
    """Ask again when the notice said."""
    wait = wait_of(notice)
    if wait is None:
        return Return(0.0, None, notice)
    await asyncio.sleep(wait)
    again = await slack.ask(notice.number, agent)
    return Return(wait, again.answered if is_card(again) else None, again)


async def scarce(world: Outside, board: Switchboard) -> list[Goal]:
    """Far more is asked at once than the quota allows within the deadline."""
    settings = {"quota_rate": RATE, "quota_burst": BURST, "deadline": DEADLINE}
    quota = Quota(RATE, BURST)
    async with running("service", outside=world.url, BENCH_SETTINGS=orjson.dumps(settings).decode()) as service:
        slack = board.towards(service.url)
        for first in range(0, CUSTOMERS, BURST):
            await asyncio.gather(*(slack.ask(KEPT, agent) for agent in range(first, first + BURST)))
        await asyncio.sleep(1.0)  # so that the burst is whole again, and Adobe's second empty
        world.quota = quota
        began = time.perf_counter()

        async def asks(number: int) -> tuple[Asked, Return | None]:
            asked = await slack.ask(number, number)
            return asked, None if is_card(asked) else await come_back(slack, asked, number)

        outcomes = await asyncio.gather(*(asks(number) for number in range(CUSTOMERS)))
        lasted = time.perf_counter() - began
    world.quota = None
    cards = [asked for asked, returned in outcomes if returned is None]
    in_time = [each for each in cards if each.answered is not None and each.answered <= DEADLINE]
    returns = [returned for _, returned in outcomes if returned is not None]
    true = [each for each in returns if each.late is not None and each.late <= TRUE_WITHIN]
    fewest = 0.9 * RATE * DEADLINE / CALLS
    _tell_scarce(quota, cards, returns, true, lasted)
    return [
        Goal(f"{CUSTOMERS} customers against {RATE}/s: cards within {DEADLINE:g} s", len(in_time), at_least=fewest),
        Goal("cards that came after the deadline", len(cards) - len(in_time), at_most=0),
        Goal("answered at all", sum(asked.answered is not None for asked, _ in outcomes), at_least=CUSTOMERS),
        Goal("calls refused with 429", quota.refused, at_most=0),
        Goal("most calls in any second", quota.most_in_a_second, at_most=RATE + BURST),
        Goal(f"waits that were true within {TRUE_WITHIN:g} s, of all", len(true) / max(1, len(returns)), at_least=1.0),
    ]


def _tell_scarce(quota: Quota, cards: Sequence[Asked], returns: Sequence[Return], true: Sequence[Return], lasted: float) -> None:
    last = max((each.answered or 0.0 for each in cards), default=0.0)
    waits = [each.told for each in returns if each.told]
    sys.stdout.write(heading(f"{CUSTOMERS} customers at once, quota {RATE}/s and {BURST} at once, deadline {DEADLINE:g} s"))
    sys.stdout.write("Each is asked for by somebody who has asked before: else the languages of 500 members are waited for.\n")
    sys.stdout.write(f"{len(cards)} cards, the last after {last:.1f} s; {len(returns)} notices\n")
    if waits:
        sys.stdout.write(f"told waits: {min(waits):g} to {max(waits):g} s; everybody had a card after {lasted:.1f} s\n")
    sys.stdout.write(f"{len(true)} came back when they were told and had their card within {TRUE_WITHIN:g} s\n")
    sys.stdout.write(f"429: {quota.refused}; at most {quota.most_in_a_second} calls in any second\n")
    for what, often in _otherwise(each.asked for each in returns if each not in true):
        sys.stdout.write(f"  {often} × {what}\n")


def _otherwise(asked: Iterable[Asked]) -> list[tuple[str, int]]:
    """What those had whose wait was not true."""
    titles = (_ENDED.search(each.message) for each in asked)
    return Counter(title[1].decode() if title else "nothing" for title in titles).most_common(5)


async def main() -> None:
    """All three, and whether the goals are met (exit code 1 if not)."""
    os.sched_setaffinity(0, {GENERATOR})
    many_files()
    async with outside() as world:
        world.latency = LATENCY
        board = Switchboard(world)
        goals = [*await crowd(world, board), *await spread(world, board), *await scarce(world, board)]
    judged(goals)


if __name__ == "__main__":
    asyncio.run(main())
