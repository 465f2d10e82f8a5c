"""Several replicas over one real Redis: they ask Adobe once, share what they know, and don't mind when Redis goes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bot.serving import served
from tests.cli.test_run import environment, started, wired, with_adobe
from tests.opened import APP_KEY, Opened, opened
from tests.redis_server import RedisServer
from tests.slack_side import PATIENCE, SlackSide, command, title
from tests.upstream import Turn, Upstream

NEXT_KEY = "another-application-key-of-32-letters"
DEAD_CUSTOMER = Turn(404, {"statusCode": "404"})


@asynccontextmanager
async def replicas(
    slack: SlackSide, redis: RedisServer, count: int, upstream: Upstream, **settings: Any
) -> AsyncIterator[list[Opened]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(opened(slack, upstream=upstream, redis_url=redis.url, **settings))
            for _ in range(count)
        ]


async def test_one_call_for_all_replicas(slack: SlackSide, redis: RedisServer) -> None:
    """A thousand members ask four replicas for the same customer at once: Adobe is asked once."""
    upstream, members = Upstream(), [f"U{number:06}" for number in range(1000)]
    upstream.always["profile"] = Turn(latency=0.3)
    slack.members |= {user: {"locale": "en-US", "tz": "America/New_York"} for user in members}
    async with replicas(slack, redis, 4, upstream, deadline=20, redis_timeout=5) as four:
        asked = await asyncio.gather(*(four[number % 4].ask("ada@example.com", user=user) for number, user in enumerate(members)))
        shown = await asyncio.gather(*(each.shown() for each in asked))

    assert Counter(map(title, shown)) == {"Ada Lovelace": 1000}
    assert upstream.calls["profile"] == 1


async def test_leader_killed(slack: SlackSide, redis: RedisServer, tmp_path: Path) -> None:
    """If the replica that asks is killed in the middle, another takes its place: two calls, and everyone else has a card."""
    upstream, never = Upstream(), asyncio.Event()
    upstream.script["profile"].append(Turn(gate=never))
    async with AsyncExitStack() as stack:
        adobe = await stack.enter_async_context(served(upstream, "127.0.0.1", 0, grace=1))
        shared = with_adobe(adobe) | {"REDIS_URL": redis.url}
        leader = await stack.enter_async_context(started(environment(slack, **shared), tmp_path))
        wire = await stack.enter_async_context(wired(slack, "http", (await leader.until("listening"))["address"]))
        three = await stack.enter_async_context(
            replicas(slack, redis, 3, upstream, deadline=8, redis_timeout=5, network=True, profile_url=adobe, adobe_ims_url=adobe)
        )
        await wire.send("slash_commands", command("ada@example.com", slack.mailbox().url))
        async with asyncio.timeout(PATIENCE):
            await upstream.asked.wait()
        asked = await asyncio.gather(*(each.ask("ada@example.com") for each in three * 100))
        leader.process.kill()
        shown = await asyncio.gather(*(each.shown() for each in asked))
        never.set()

    assert Counter(map(title, shown)) == {"Ada Lovelace": 300}
    assert upstream.calls["profile"] == 2


async def test_shared_copies(slack: SlackSide, redis: RedisServer) -> None:
    """What one replica has learnt the other shows without asking, and nothing of it can be read in Redis."""
    upstream = Upstream()
    async with replicas(slack, redis, 2, upstream) as (one, other):
        assert title(await one.shown("ada@example.com")) == "Ada Lovelace"
        assert title(await other.shown("ada@example.com")) == "Ada Lovelace"
        assert upstream.calls["profile"] == 1
        with redis.client() as client:
            kept = repr([(key, client.execute_command("DUMP", key, NEVER_DECODE=True)) for key in client.scan_iter()]).lower()
    assert not any(word in kept for word in ("ada@", "lovelace", "example.com"))
    assert {key: life for key, life in redis.kept().items() if not 0 < life <= 3 * 86_400} == {}


async def test_forgotten_everywhere(slack: SlackSide, redis: RedisServer) -> None:
    """A customer whom Adobe no longer has is gone from every replica, under each of their identities."""
    upstream = Upstream()
    async with replicas(slack, redis, 2, upstream, fresh=0.001, stale=0.002) as (one, other):
        assert title(await one.shown("crm:C-10001")) == title(await other.shown("ada@example.com"))
        upstream.script["profile"].append(DEAD_CUSTOMER)
        assert title(await one.shown("crm:C-10001")) == "No customer found"
        upstream.always["profile"] = Turn(503, {})
        async with asyncio.timeout(PATIENCE):
            while (shown := title(await other.shown("ada@example.com"))) == "Ada Lovelace":  # an old copy, until it has heard
                pass

    assert shown in {"Adobe has a problem", "Adobe isn't answering just now"}


async def test_redis_gone(slack: SlackSide, redis: RedisServer) -> None:
    """When Redis is stopped, replicas go on by themselves, without a notice; when it is back, they share again."""
    upstream = Upstream()
    async with replicas(slack, redis, 2, upstream, redis_timeout=0.1) as (one, other):
        await one.shown("ada@example.com")
        redis.stop()
        assert [title(await each.shown("crm:C-10005")) for each in (one, other)] == ["Leandro Lagunilla-Paz"] * 2
        assert upstream.calls["profile"] == 3
        redis.start()
        number = 10_003
        async with asyncio.timeout(PATIENCE):
            while True:  # until both have noticed
                before = upstream.calls["profile"]
                for each in (one, other):
                    await each.shown(f"crm:C-{number}")
                if upstream.calls["profile"] == before + 1:
                    break
                number += 1


async def test_redis_hangs(slack: SlackSide, redis: RedisServer) -> None:
    """A Redis that takes connections and answers nothing holds up the first few questions for a moment, and no other."""
    upstream = Upstream()
    loop = asyncio.get_running_loop()
    async with replicas(slack, redis, 1, upstream, redis_timeout=0.05, breaker_pause=60, deadline=8, ack_budget=2.0) as (one,):
        with redis.hung():
            for number in range(10_001, 10_006):
                assert "found" not in title(await one.shown(f"crm:C-{number}"))
            began = loop.time()
            for number in range(10_006, 10_026):
                await one.shown(f"crm:C-{number}")

    assert loop.time() - began < 20 * 0.05


async def test_redis_flushed(slack: SlackSide, redis: RedisServer) -> None:
    """A Redis that was emptied is filled anew."""
    upstream = Upstream()
    async with replicas(slack, redis, 2, upstream) as (one, other):
        await one.shown("ada@example.com")
        redis.flush()
        assert title(await other.shown("ada@example.com")) == "Ada Lovelace"
        assert upstream.calls["profile"] == 2
        assert any(key.startswith("cc:") for key in redis.kept())


async def test_key_rotation(slack: SlackSide, redis: RedisServer) -> None:
    """While a key is rotated, replicas with the new key in front and with the old one alone share flights; copies of the old key
    serve both.
    """
    upstream = Upstream()
    both = f"{NEXT_KEY},{APP_KEY}"
    async with (
        opened(slack, upstream=upstream, redis_url=redis.url) as old,
        opened(slack, upstream=upstream, redis_url=redis.url, app_keys=both) as new,
    ):
        await old.shown("ada@example.com")
        assert title(await new.shown("ada@example.com")) == "Ada Lovelace"
        assert upstream.calls["profile"] == 1

        await new.shown("crm:C-10005")  # kept under the new key, which the other doesn't have
        assert title(await old.shown("crm:C-10005")) == "Leandro Lagunilla-Paz"
        assert upstream.calls["profile"] == 3


async def test_entries_moved(slack: SlackSide, redis: RedisServer) -> None:
    """Whoever can write to Redis can't make one customer's copy pass for another's."""
    upstream = Upstream()
    async with replicas(slack, redis, 2, upstream) as (one, other):
        for who in ("ada@example.com", "crm:C-10005"):
            await one.shown(who)
        with redis.client() as client:
            ada, jonas = sorted(
                key for key in client.scan_iter() if client.type(key) == "string" and client.pttl(key) > 3_600_000
            )
            client.rename(ada, "cc:aside")
            client.rename(jonas, ada)
            client.rename("cc:aside", jonas)
        assert title(await other.shown("ada@example.com")) == "Ada Lovelace"
        assert title(await other.shown("crm:C-10005")) == "Leandro Lagunilla-Paz"
        assert upstream.calls["profile"] == 4
