"""`make bench`: this service beside the app everyone writes, what Bolt costs, and the floor, in turns within one run.

Each server is one process on a core of its own; the generator, with Adobe's and Slack's sides, runs on another. What counts is
the whole card received, in the ack or at the response_url. Ratios carry over to other machines; absolute times don't.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tests.bench.generator import Load, NoCard, Slack, Switchboard
from tests.bench.outside import Outside, name, outside
from tests.bench.process import GENERATOR, Server, running
from tests.bench.report import Goal, Measured, heading, judged, table

KNOWN = 20
"""Customers whose cards are asked for again and again. Each is refreshed behind once a minute, which these runs hardly feel."""

EVERYBODY, COUNTED_FROM = 100_000, 20_000
GROWTH = 20e6
CACHE_BYTES = 32_000_000
"""For the measurement of memory: this bound is reached long before the 20,000th customer, so that what grows then is no cache."""


@dataclass(frozen=True)
class Scenario:
    """`rounds` rounds of `seconds`, each server in its turn; Adobe answers after `latency` seconds."""

    title: str
    in_flight: int
    seconds: float
    rounds: int
    latency: float = 0.0


WARM = Scenario("kept customers, 32 in flight", in_flight=32, seconds=1.5, rounds=10)
ALONE = Scenario("kept customers, one at a time", in_flight=1, seconds=0.5, rounds=20)
COLD = Scenario("each command another customer, Adobe takes 100 ms, 64 in flight", in_flight=64, seconds=4, rounds=5, latency=0.1)


@dataclass(frozen=True)
class Contestant:
    """A server in a scenario, and whom it is asked about. Those with a fixed card are asked about the customer who is on it."""

    label: str
    server: Server
    slack: Slack
    customers: Callable[[], Iterable[int]]

    async def round(self, scenario: Scenario, measured: Measured) -> None:
        """One round."""
        cpu = self.server.cpu
        load = Load(scenario.in_flight, scenario.seconds, self.customers(), name)
        measured.rounds.append(await load.run(self.slack))
        measured.cpu += self.server.cpu - cpu


async def contest(scenario: Scenario, contestants: Mapping[str, Contestant], world: Outside) -> dict[str, Measured]:
    """All rounds, in turns, after one that doesn't count."""
    world.latency = scenario.latency
    for each in contestants.values():
        await each.round(replace(scenario, seconds=min(1.0, scenario.seconds)), Measured(each.label))
    results = {key: Measured(each.label) for key, each in contestants.items()}
    for _ in range(scenario.rounds):
        for key, each in contestants.items():
            await each.round(scenario, results[key])
    sys.stdout.write(table(f"{scenario.title}; {scenario.rounds} rounds of {scenario.seconds} s", results.values()))
    return results


@asynccontextmanager
async def contestants(world: Outside) -> AsyncIterator[dict[str, tuple[Server, Slack]]]:
    """All servers, by name. The fixed card is the service's own for customer 0."""
    board = Switchboard(world)
    async with running("service", outside=world.url) as service:
        slack = board.towards(service.url)
        card = (await slack.ask(0)).message
        if name(0) not in card:
            raise SystemExit(f"no card: {card[:200]!r}")
        sys.stdout.write(f"the card has {len(card):,} bytes\n")
        fixed = card.decode()
        async with (
            running("everyone", outside=world.url) as everyone,
            running("bare", outside=world.url, BENCH_CARD=fixed) as bare,
            running("handler", outside=world.url, BENCH_CARD=fixed) as handler,
            running("floor", outside=world.url, BENCH_CARD=fixed) as floor,
        ):
            others = {"everyone": everyone, "bare": bare, "handler": handler, "floor": floor}
            yield {"service": (service, slack)} | {key: (each, board.towards(each.url)) for key, each in others.items()}


def known() -> Iterable[int]:
    return itertools.cycle(range(KNOWN))


def the_one_on_the_card() -> Iterable[int]:
    return itertools.repeat(0)


async def speed(world: Outside) -> list[Goal]:
    """Both warm scenarios and the cold one."""
    strangers = itertools.count(KNOWN)
    async with contestants(world) as servers:
        warm = {
            "a": Contestant("(a) the app everyone writes", *servers["everyone"], known),
            "b": Contestant("(b) Bolt, fixed card in the ack", *servers["bare"], the_one_on_the_card),
            "c": Contestant("(c) bare handler, fixed card", *servers["handler"], the_one_on_the_card),
            "e": Contestant("(e) this service, warm", *servers["service"], known),
        }
        cold = {
            "a": Contestant("(a) the app everyone writes", *servers["everyone"], lambda: strangers),
            "floor": Contestant("(c) bare handler that asks Adobe", *servers["floor"], the_one_on_the_card),
            "d": Contestant("(d) this service, cold", *servers["service"], lambda: strangers),
        }
        many = await contest(WARM, warm, world)
        alone = await contest(ALONE, warm, world)
        uncached = await contest(COLD, cold, world)
    most = COLD.in_flight / COLD.latency
    return [
        Goal("(e) cards/s at 32 in flight, of (b)'s", many["e"].rate / many["b"].rate, at_least=0.9),
        Goal("(e) cards/s at 32 in flight, of (a)'s", many["e"].rate / many["a"].rate, at_least=3),
        Goal("(e) one at a time, p50, of (b)'s", alone["e"].card(0.5) / alone["b"].card(0.5), at_most=1.3),
        Goal("(e) p99 to the ack at 32 in flight, of (b)'s", many["e"].ack(0.99) / many["b"].ack(0.99), at_most=1.5),
        Goal(f"(d) cards/s, of the {most:.0f} that {COLD.latency} s allow", uncached["d"].rate / most, at_least=0.85),
        Goal("(d) cards/s, of (a)'s", uncached["d"].rate / uncached["a"].rate, at_least=6),
        Goal("(d) p99, of the floor's", uncached["d"].card(0.99) / uncached["floor"].card(0.99), at_most=1.5),
    ]


async def memory(world: Outside) -> list[Goal]:
    """A hundred thousand different customers, none of whom has events, so that it takes minutes."""
    world.latency, world.eventless = 0.0, True
    board = Switchboard(world)
    sizes: dict[int, int] = {}
    async with running("service", outside=world.url, BENCH_SETTINGS=f'{{"cache_bytes": {CACHE_BYTES}}}') as service:
        slack = board.towards(service.url)
        for asked in range(0, EVERYBODY, COUNTED_FROM):
            await Load(32, float("inf"), range(asked, asked + COUNTED_FROM), name).run(slack)
            sizes[asked + COUNTED_FROM] = service.memory
    sys.stdout.write(heading(f"{EVERYBODY:,} different customers, {CACHE_BYTES / 1e6:.0f} MB of cache"))
    sys.stdout.writelines(f"after {count:>7,}: {size / 1e6:6.1f} MB resident\n" for count, size in sizes.items())
    grown = sizes[EVERYBODY] - sizes[COUNTED_FROM]
    return [Goal(f"memory from the {COUNTED_FROM:,}th customer to the last, MB", grown / 1e6, at_most=GROWTH / 1e6)]


async def main() -> None:
    """Measure, and say whether the goals are met (exit code 1 if not)."""
    os.sched_setaffinity(0, {GENERATOR})
    try:
        async with outside() as world:
            goals = [*await speed(world), *await memory(world)]
    except NoCard as error:
        raise SystemExit(f"no card: {error}") from None
    judged(goals)


if __name__ == "__main__":
    asyncio.run(main())
