"""response_urls: five uses, no token, and Slack's word on what it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
import pytest

from bot.slack.respond import Forms, Responder
from formatters.form import Form
from formatters.locale import Reader
from tests.opened import Opened, opened
from tests.slack_side import EXPIRED, FAILED, INVALID_BLOCKS, TEAM, THROTTLED, Reply, SlackSide, buttons, form_of, title
from tests.upstream import Turn

Events = list[MutableMapping[str, Any]]


@pytest.fixture
async def slow(slack: SlackSide, transport: str) -> AsyncIterator[Opened]:
    """The service, with an Adobe that is too slow for the ack."""
    async with opened(slack, transport, ack_budget=0.02, locale_patience=0.02, fresh=0, stale=0, respond_timeout=0.3) as service:
        service.upstream.always["profile"] = Turn(latency=0.1)
        yield service


@pytest.mark.parametrize("trouble", [[FAILED], [THROTTLED], [THROTTLED, THROTTLED]])
async def test_tried_again(slow: Opened, trouble: list[Reply]) -> None:
    """A post that Slack throttles or fails to take is sent again, and arrives once."""
    asked = await slow.ask("ada@example.com")
    asked.mailbox.script += trouble
    card = await asked.shown()
    await slow.quiet()

    assert title(card) == "Ada Lovelace"
    assert len(asked.mailbox.posts) == len(trouble) + 1
    assert asked.mailbox.waiting == 0


async def test_tried_again_after_silence(slow: Opened) -> None:
    """A post that Slack doesn't answer in time is sent again."""
    asked = await slow.ask("ada@example.com")
    gate = asyncio.Event()
    asked.mailbox.script.append(Reply(500, after=gate))
    card = await asked.shown()
    gate.set()

    assert title(card) == "Ada Lovelace"


@pytest.mark.parametrize("trouble", [EXPIRED, Reply(404, "used_url"), Reply(200, '{"ok": false, "error": "no_text"}')])
async def test_refused(slow: Opened, events: Events, trouble: Reply) -> None:
    """What Slack refuses for good isn't sent again; it is logged as undelivered, without its URL."""
    asked = await slow.ask("ada@example.com")
    asked.mailbox.script.append(trouble)
    await slow.quiet()

    assert len(asked.mailbox.posts) == 1
    assert [each["event"] for each in events if each["log_level"] == "error"] == ["undelivered"]
    assert asked.mailbox.url not in str(events)


async def test_given_up(slow: Opened, events: Events) -> None:
    """After three tries the answer is logged as undelivered: a response_url has five uses."""
    asked = await slow.ask("ada@example.com")
    asked.mailbox.script += [THROTTLED] * 4
    await slow.quiet()

    assert len(asked.mailbox.posts) == 3
    assert "undelivered" in [each["event"] for each in events]


async def test_rich_first(slow: Opened) -> None:
    """The rich form is tried where Slack tells of errors."""
    assert form_of(await slow.shown("ada@example.com")) == "rich"


async def test_rich_acks_once_accepted(slack: SlackSide, transport: str) -> None:
    """A cached card is classic in the ack until a rich one was accepted at a response_url, for that team alone."""
    async with opened(slack, transport) as service:
        before = await service.ask("ada@example.com")
        await (await service.press(buttons(before.ack.message)["Refresh"])).shown()
        await service.quiet()
        after = await service.ask("ada@example.com")

        assert form_of(before.ack.message) == "classic"
        assert form_of(after.ack.message) == "rich"


async def test_classic_after_invalid_blocks(slow: Opened) -> None:
    """Where the workspace doesn't take the rich form yet, the classic one follows at once, and is what it gets from then on."""
    first = await slow.ask("ada@example.com")
    first.mailbox.script.append(INVALID_BLOCKS)
    card = await first.shown()
    await slow.quiet()
    second = await slow.ask("ada@example.com")
    await second.shown()

    assert form_of(card) == "classic"
    assert [form_of(post) for post in first.mailbox.posts] == ["rich", "classic"]
    assert [form_of(post) for post in second.mailbox.posts] == ["classic"]


async def test_classic_refused_too(slow: Opened, events: Events) -> None:
    """If neither form is taken, one line of text is sent at least; that is logged, and nothing was learnt."""
    first = await slow.ask("ada@example.com")
    first.mailbox.script += [INVALID_BLOCKS, INVALID_BLOCKS]
    line = await first.shown()
    await slow.quiet()
    second = await slow.ask("ada@example.com")

    assert [each["problem"] for each in events if each["event"] == "undelivered"] == ["invalid_blocks"]
    assert "blocks" not in line
    assert line["text"].startswith("Ada Lovelace: ")
    assert form_of(await second.shown()) == "rich"


@pytest.mark.parametrize(
    "url",
    [
        "https://attacker.example/commands/1",
        "https://hooks.slack.com.attacker.example/1",
        "https://hooks.slack.com@attacker.example/1",
        "http://hooks.slack.com/commands/1",
        "https://hooks.slack.com:8443/commands/1",
        "http://127.0.0.1:1/commands/1",
        "https://[::1",
        "ftp://hooks.slack.com/1",
        "//hooks.slack.com/1",
        "not a url",
    ],
)
async def test_foreign_url(slow: Opened, events: Events, url: str) -> None:
    """A response_url of anyone but Slack (or the stand-in in its place) is never called."""
    await slow.ask("ada@example.com", response_url=url)
    await slow.quiet()

    assert "response_url_refused" in [each["event"] for each in events]
    assert "response_url_failed" not in [each["event"] for each in events]
    assert url not in str(events)


class Sent:
    """Takes every post, and remembers where it went."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.urls: list[str] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.urls.append(str(request.url))
        answer = self._answers.pop(0) if self._answers else httpx.Response(200, text="ok")
        if isinstance(answer, Exception):
            raise answer
        return answer


class Said:
    """An answer that is always the same."""

    outcome = "card"

    async def body(self, _reader: object, form: Form) -> str:
        return f'{{"text":"{form}"}}'


async def responded(sent: Sent, url: str, api_url: str = "https://slack.com/api/") -> bool:
    async with httpx.AsyncClient(transport=httpx.MockTransport(sent)) as http:
        responder = Responder(http, Forms(), api_url=api_url, timeout=5.0, pause=0.0)
        return await responder.respond(url, Said(), Reader(), team=TEAM)  # type: ignore[arg-type]  # a fake with what is used


@pytest.mark.parametrize("url", ["https://hooks.slack.com/commands/1", "https://hooks.slack-gov.com:443/commands/1"])
async def test_slacks_own_hosts(url: str) -> None:
    """Slack's own hosts are called, GovSlack's among them."""
    sent = Sent()

    assert await responded(sent, url)
    assert len(sent.urls) == 1


@pytest.mark.parametrize("api_url", ["https://slack.com/api/", "https://www.slack.com/api/", ""])
async def test_no_stand_in(api_url: str) -> None:
    """With the real Slack, its API's host serves no response_urls."""
    sent = Sent()

    assert not await responded(sent, "https://slack.com/commands/1", api_url)
    assert sent.urls == []


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("invented"),
        httpx.InvalidURL("invented"),
        httpx.DecodingError("invented"),
        OSError("invented"),
        ValueError("invented"),
        httpx.Response(429, headers={b"retry-after": "²".encode()}),
        httpx.Response(429, headers={"retry-after": "soon"}),
        httpx.Response(429),
    ],
)
async def test_other_trouble(trouble: httpx.Response | Exception) -> None:
    """Whatever goes wrong on the way, the post is tried again."""
    sent = Sent(trouble)

    assert await responded(sent, "https://hooks.slack.com/commands/1")
    assert len(sent.urls) == 2


async def test_url_that_no_client_can_read(events: Events) -> None:
    """A URL of Slack's host that isn't one is logged as undelivered, and raises nothing."""
    assert not await responded(Sent(), "https://hooks.slack.com/\x00")
    assert events[-1]["event"] == "undelivered"
