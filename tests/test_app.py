"""The composition root: every dependency replaceable, and everything closed at the end in the right order."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import aiohttp
import httpx
import pytest
from structlog.testing import capture_logs

from bot.app import open_service, web_client
from bot.errors import SlackRefused
from bot.profiles.wire import Account
from bot.serving import served
from bot.upstream import network_of, upstream_of
from tests.factories import config
from tests.opened import AUTHORITY, DEAD_PROXY, PROXIES, TRANSPORTS, opened, settings_of
from tests.slack_side import BOT_TOKEN, Reply, SlackSide, buttons, command, title, words
from tests.upstream import Turn, Upstream


async def test_embedded_hub(slack: SlackSide) -> None:
    """With `hub:` the service has invented customers of its own, and says so on each card."""
    async with opened(slack, network=True, profile_url="hub:") as service:
        card = await service.shown("ada@example.com")

    assert title(card) == "Ada Lovelace"
    assert "Sample data: this customer is invented." in words(card)


async def test_real_transport(slack: SlackSide) -> None:
    """With an address the service goes there over the network, and the card doesn't say that it is invented."""
    upstream = Upstream()
    async with (
        served(upstream, "127.0.0.1", 0) as url,
        opened(slack, network=True, profile_url=url, adobe_ims_url=url) as service,
    ):
        card = await service.shown("ada@example.com")

    assert title(card) == "Ada Lovelace"
    assert "Sample data" not in words(card)
    assert upstream.calls == {"token": 1, "profile": 1, "events": 1, "audiences": 1}


async def test_merge_policy(slack: SlackSide) -> None:
    """A configured merge policy goes along with each call; one that Adobe doesn't know ends as a notice."""
    async with opened(slack, adobe_merge_policy_id="no-such-policy") as service:
        assert title(await service.shown("ada@example.com")) == "Adobe isn't fully set up"


async def test_account(slack: SlackSide) -> None:
    """Whose profiles are asked for is what the settings say, or the hub's own."""
    assert upstream_of(settings_of(slack)).account == Account("ORG@AdobeOrg", "prod", "key-1", None)
    assert upstream_of(settings_of(slack, profile_url="hub:")).account.org_id == "embedded@AdobeOrg"


async def test_refused_token(slack: SlackSide) -> None:
    """A bot token that Slack refuses stops the start, and leaves nothing open."""
    with pytest.raises(SlackRefused, match="invalid_auth"):
        async with open_service(settings_of(slack, slack_bot_token="xoxb-wrong"), config):
            pass


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_end_with_an_answer_under_way(slack: SlackSide, transport: str) -> None:
    """At the end, what was promised is delivered first."""
    gate, upstream = asyncio.Event(), Upstream()
    async with opened(slack, transport, upstream=upstream, deadline=5) as service:
        upstream.always["profile"] = Turn(gate=gate)
        asked = await service.ask("ada@example.com")
        asyncio.get_running_loop().call_later(0.05, gate.set)
    card = await asked.shown()

    assert "blocks" not in asked.ack.message
    assert title(card) == "Ada Lovelace"


async def test_answers_that_are_lost(slack: SlackSide) -> None:
    """What can't be delivered before the deadline and its margin is given up, counted and logged."""
    mailbox = slack.mailbox()
    with capture_logs() as events:
        async with opened(slack, deadline=0.1, respond_timeout=30, ack_budget=0.01) as service:
            service.upstream.always["profile"] = Turn(gate=asyncio.Event())
            mailbox.script.append(Reply(after=asyncio.Event()))
            await service.wire.send("slash_commands", command("ada@example.com", mailbox.url))

    assert [each["count"] for each in events if each["event"] == "answers_lost"] == [1]


async def test_cached_until_the_verdict_changes(slack: SlackSide) -> None:
    """A copy isn't fresh beyond the moment at which time alone would change what its card says."""
    now = [time.time()]
    async with opened(slack, "socket", clock=lambda: now[0], fresh=10**9, stale=10**9, kept=10**9) as service:
        await service.shown("ada@example.com")
        now[0] += timedelta(days=300).total_seconds()
        await service.shown("ada@example.com")
        await service.quiet()

        assert service.upstream.calls["profile"] == 1
        now[0] += timedelta(days=100).total_seconds()
        await service.shown("ada@example.com")
        await service.quiet()

        assert service.upstream.calls["profile"] == 2


async def test_cache_is_bounded(slack: SlackSide) -> None:
    """Memory for copies has a bound in bytes: what doesn't fit is asked for again."""
    async with opened(slack, cache_bytes=1) as service:
        await service.shown("ada@example.com")
        await service.shown("ada@example.com")

        assert service.upstream.calls["profile"] == 2


async def test_one_session(slack: SlackSide) -> None:
    """Proxy and certificates are the same for the Web API, Socket Mode and response_urls."""
    settings = settings_of(slack, ca_bundle=AUTHORITY, https_proxy="http://proxy.example.com:3128")
    async with aiohttp.ClientSession() as session:
        client = web_client(settings, session, token=BOT_TOKEN)

    assert client.proxy == "http://proxy.example.com:3128"
    assert client.ssl is not None
    assert [each["subject"] for each in client.ssl.get_ca_certs()] == [((("commonName", "Invented CA"),),)]
    assert network_of(settings).ca_bundle == str(AUTHORITY)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_proxies_of_the_environment(slack: SlackSide, monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    """Only the setting says through which proxy Slack is reached, whatever the environment has for others."""
    settings = settings_of(slack, transport)
    for name in PROXIES:
        monkeypatch.setenv(name, DEAD_PROXY)
    async with opened(slack, transport, https_proxy=None, ack_budget=2.0) as service:
        card = await service.shown("ada@example.com")
        fresh = await (await service.press(buttons(card)["Refresh"])).shown()
        async with aiohttp.ClientSession() as session:
            client = web_client(settings, session, token=BOT_TOKEN)

    assert title(card) == title(fresh) == "Ada Lovelace"
    assert slack.calls["users.info"] == 1
    assert client.proxy is None


async def test_no_bundle(slack: SlackSide) -> None:
    """Without a bundle the system's authorities are trusted."""
    async with aiohttp.ClientSession() as session:
        assert web_client(settings_of(slack, ca_bundle=None), session, token=None).ssl is None


async def test_only_one_address(slack: SlackSide) -> None:
    """The service answers at /slack/events, to POST alone."""
    async with opened(slack) as service:
        transport = httpx.ASGITransport(app=service.service.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="https://bot.example.com") as client:
            statuses = [(await client.get("/slack/events")).status_code, (await client.post("/")).status_code]

    assert statuses == [405, 404]
