"""The bad days: each comes over a running rig, lasts, and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from tests.chaos import adobe, slack
from tests.chaos.proxy import FAIR, FaultProxy, Weather
from tests.chaos.replicas import Replicas
from tests.redis_server import RedisServer

NOISE = bytes(range(256)) * 4


@dataclass(frozen=True, slots=True)
class Rig:
    """Everything that can go wrong: who is on the other side, and the network towards each."""

    adobe: adobe.Adobe
    slack: slack.MoodySlack
    redis: RedisServer
    replicas: Replicas
    to_adobe: FaultProxy
    to_slack: FaultProxy
    to_redis: FaultProxy


Comes = Callable[[Rig, float], AbstractAsyncContextManager[None]]
"""The fault is there while this is open, which is to be so many seconds."""

Network = Callable[[Rig], FaultProxy]


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad day, `longer` times as long as others. `delivery` is how many seconds beyond its deadline an answer may take on its
    way to Slack; `replica` is the one it takes down, if it does.
    """

    name: str
    comes: Comes
    delivery: float = 2.0
    longer: float = 1.0
    replica: str | None = None


def _bad_weather(network: Network, weather: Weather) -> Comes:
    @asynccontextmanager
    async def comes(rig: Rig, _seconds: float) -> AsyncIterator[None]:
        proxy = network(rig)
        await proxy.turn(weather)
        try:
            yield
        finally:
            await proxy.turn(FAIR)

    return comes


def _adobe_is(mood: Callable[[float], adobe.Mood]) -> Comes:
    @asynccontextmanager
    async def comes(rig: Rig, seconds: float) -> AsyncIterator[None]:
        rig.adobe.mood = mood(seconds)
        try:
            yield
        finally:
            rig.adobe.mood = None

    return comes


def _slack_is(mood: Callable[[float], slack.Mood]) -> Comes:
    @asynccontextmanager
    async def comes(rig: Rig, seconds: float) -> AsyncIterator[None]:
        rig.slack.mood = mood(seconds)
        try:
            yield
        finally:
            rig.slack.mood = None

    return comes


@asynccontextmanager
async def _redis_dies(rig: Rig, _seconds: float) -> AsyncIterator[None]:
    """And comes back with nothing."""
    await asyncio.to_thread(rig.redis.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(rig.redis.start)


@asynccontextmanager
async def _replica_dies(rig: Rig, _seconds: float, *, name: str) -> AsyncIterator[None]:
    """And is started again."""
    await rig.replicas.kill(name)
    try:
        yield
    finally:
        await rig.replicas.start(name)


def _to_adobe(rig: Rig) -> FaultProxy:
    return rig.to_adobe


def _to_slack(rig: Rig) -> FaultProxy:
    return rig.to_slack


def _to_redis(rig: Rig) -> FaultProxy:
    return rig.to_redis


UNNOTICED = 2.25
"""Times as long: whoever waits for an answer notices only after a while that there will be none, and must be met while trying."""

LATE_AT_SLACK = 15.0
"""Seconds that a delivery may take while Slack itself is at fault: it says when to come back, or takes long."""

VICTIM = "A"

FAULTS = (
    Fault("Adobe throttles (429)", _adobe_is(lambda _: adobe.throttling(0.5))),
    Fault("Adobe fails (500)", _adobe_is(lambda _: adobe.failing(500))),
    Fault("Adobe fails (503)", _adobe_is(lambda _: adobe.failing(503))),
    Fault("Adobe hangs", _adobe_is(lambda _: adobe.hanging), longer=UNNOTICED),
    Fault("Adobe answers garbage", _adobe_is(lambda _: adobe.garbling)),
    Fault("Adobe's bytes are noise", _bad_weather(_to_adobe, Weather(noise=NOISE))),
    Fault("Adobe resets connections", _bad_weather(_to_adobe, Weather(reset=True))),
    Fault("Adobe's answers are cut", _bad_weather(_to_adobe, Weather(cut_after=400))),
    Fault("Adobe's bodies are slow", _bad_weather(_to_adobe, Weather(bandwidth=300))),
    Fault("Adobe can't be connected to", _bad_weather(_to_adobe, Weather(refused=True))),
    Fault("Adobe's network is frozen", _bad_weather(_to_adobe, Weather(frozen=True)), longer=UNNOTICED),
    Fault("Slack throttles (429)", _slack_is(slack.throttling), LATE_AT_SLACK),
    Fault("Slack fails (503)", _slack_is(lambda _: slack.failing(503)), LATE_AT_SLACK),
    Fault("Slack is slow", _bad_weather(_to_slack, Weather(latency=1.5)), LATE_AT_SLACK),
    Fault("Redis is gone", _bad_weather(_to_redis, Weather(refused=True))),
    Fault("Redis is slow", _bad_weather(_to_redis, Weather(latency=0.8))),
    Fault("Redis is frozen", _bad_weather(_to_redis, Weather(frozen=True))),
    Fault("Redis dies, and forgets", _redis_dies),
    Fault("a replica is killed", partial(_replica_dies, name=VICTIM), replica=VICTIM),
)
