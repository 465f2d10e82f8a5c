"""response_urls: five uses, no token, and Slack's word on what it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import aiohttp
import httpx
import orjson
import pytest
from aiohttp.client_reqrep import ConnectionKey

from bot.network import Network, create_client
from bot.slack.respond import Forms, Responder
from formatters.form import Form
from formatters.locale import Reader
from tests.broken import broken_server
from tests.opened import Opened, opened
from tests.slack_side import EXPIRED, FAILED, INVALID_BLOCKS, TEAM, THROTTLED, Reply, SlackSide, buttons, form_of, title
from tests.upstream import Turn

Events = list[MutableMapping[str, Any]]
URL = "https://hooks.slack.com/commands/1"


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


async def test_silence(slow: Opened, events: Events) -> None:
    """A post that Slack doesn't answer in time isn't sent again: it may have arrived, and would then be shown twice."""
    asked = await slow.ask("ada@example.com")
    asked.mailbox.script.append(Reply(after=asyncio.Event()))
    await slow.quiet()

    assert title(await asked.shown()) == "Ada Lovelace"
    assert len(asked.mailbox.posts) == 1
    assert [each["problem"] for each in events if each["event"] == "undelivered"] == ["unknown"]


@pytest.mark.parametrize("wait", ["11", "9999", "9" * 400, "9" * 5000])
async def test_long_wait(slow: Opened, events: Events, wait: str) -> None:
    """If Slack asks for a longer wait than anybody has, the answer is given up at once."""
    asked = await slow.ask("ada@example.com")
    asked.mailbox.script.append(Reply(429, "rate_limited", {"Retry-After": wait}))
    await slow.quiet()

    assert len(asked.mailbox.posts) == 1
    assert [each["problem"] for each in events if each["event"] == "undelivered"] == ["failed"]


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
    async with opened(slack, transport, ack_budget=2.0, deadline=5.0) as service:
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
        self.forms: list[str] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.urls.append(str(request.url))
        message = orjson.loads(request.content)
        self.forms.append(message["form"] if "blocks" in message else "text")
        answer = self._answers.pop(0) if self._answers else httpx.Response(200, text="ok")
        if isinstance(answer, Exception):
            raise answer
        return answer


class Said:
    """An answer that is always the same."""

    outcome = "card"

    async def body(self, _reader: Reader, form: Form) -> str:
        return f'{{"form":"{form}","text":"one line","blocks":[]}}'


async def responded(sent: Sent, url: str = URL, api_url: str = "https://slack.com/api/") -> bool:
    async with httpx.AsyncClient(transport=httpx.MockTransport(sent)) as http:
        responder = Responder(http, Forms(), api_url=api_url, timeout=5.0, pause=0.0)
        return await responder.respond(url, Said(), Reader(), home=TEAM)


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


def caused_by(cause: Exception) -> httpx.ConnectTimeout:
    """As httpx-aiohttp raises it, for all of these alike."""
    error = httpx.ConnectTimeout("invented")
    error.__cause__ = cause
    return error


KEY = ConnectionKey("hooks.slack.com", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("invented"),
        caused_by(aiohttp.ClientConnectorError(KEY, OSError("refused"))),
        caused_by(aiohttp.ClientConnectorDNSError(KEY, OSError("unknown"))),
        caused_by(aiohttp.ConnectionTimeoutError()),
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(429, headers={b"retry-after": "²".encode()}),
        httpx.Response(429, headers={"retry-after": "soon"}),
        httpx.Response(429),
    ],
)
async def test_surely_not_arrived(trouble: httpx.Response | Exception) -> None:
    """What surely did not arrive is sent again."""
    sent = Sent(trouble)

    assert await responded(sent)
    assert len(sent.urls) == 2


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        (caused_by(aiohttp.ServerDisconnectedError()), "unknown"),
        (caused_by(aiohttp.ClientOSError()), "unknown"),
        (httpx.ReadTimeout("invented"), "unknown"),
        (httpx.DecodingError("invented"), "unknown"),
        (OSError("invented"), "unknown"),
        (ValueError("invented"), "unknown"),
        (aiohttp.ClientPayloadError(), "unknown"),
        (TimeoutError(), "unknown"),
        (httpx.InvalidURL("invented"), "failed"),
        (httpx.UnsupportedProtocol("invented"), "failed"),
        (httpx.Response(404), "failed"),
    ],
)
async def test_not_sent_again(events: Events, trouble: httpx.Response | Exception, problem: str) -> None:
    """What may have arrived isn't sent again, nor what never will."""
    sent = Sent(trouble)

    assert not await responded(sent)
    assert len(sent.urls) == 1
    assert (events[-1]["event"], events[-1]["problem"]) == ("undelivered", problem)


@pytest.mark.parametrize(("kind", "tries"), [("close at once", 1), ("reset", 1), ("503", 3)])
async def test_broken_server(events: Events, kind: str, tries: int) -> None:
    """Over real sockets too: a connection that ends once the post was sent may have delivered it."""
    async with create_client(Network(connect=0.5, read=0.2)) as http, broken_server(kind) as url:
        responder = Responder(http, Forms(), api_url=url, timeout=5.0, pause=0.0)

        assert not await responder.respond(f"{url}/commands/1", Said(), Reader(), home=TEAM)
    assert [each["event"] for each in events] == ["response_url_failed"] * tries + ["undelivered"]


async def test_nobody_listens(events: Events) -> None:
    """Over real sockets too: a refused connection is tried again."""
    async with create_client(Network(connect=0.5, read=0.2)) as http:
        responder = Responder(http, Forms(), api_url="http://127.0.0.1:1/api/", timeout=5.0, pause=0.0)

        assert not await responder.respond("http://127.0.0.1:1/commands/1", Said(), Reader(), home=TEAM)
    assert [each["event"] for each in events] == ["response_url_failed"] * 3 + ["undelivered"]


REFUSED, BUSY = httpx.Response(400, text="invalid_blocks"), httpx.Response(500)


@pytest.mark.parametrize(
    ("answers", "forms"),
    [
        ([BUSY] * 9, ["rich", "rich", "rich"]),
        ([REFUSED] * 9, ["rich", "classic", "text"]),
        ([BUSY, REFUSED, BUSY, BUSY], ["rich", "rich", "classic"]),
        ([BUSY, BUSY, REFUSED, BUSY], ["rich", "rich", "rich", "text"]),
        ([BUSY, REFUSED, REFUSED, BUSY, BUSY], ["rich", "rich", "classic", "text"]),
        ([REFUSED, REFUSED, BUSY, BUSY, BUSY], ["rich", "classic", "text", "text"]),
    ],
)
async def test_budget(answers: list[httpx.Response], forms: list[str]) -> None:
    """Of the five uses of a response_url one answer takes four at most, over all forms, and one of them is kept for the text."""
    sent = Sent(*answers)
    await responded(sent)

    assert sent.forms == forms


@pytest.mark.looptime
async def test_whole_delivery(events: Events) -> None:
    """A whole delivery, with its waits, takes three times as long as one post at most."""
    sent = Sent(*[httpx.Response(429, headers={"retry-after": "9"})] * 3)

    assert not await responded(sent)
    assert asyncio.get_running_loop().time() == pytest.approx(15, abs=0.1)
    assert (events[-1]["event"], events[-1]["problem"]) == ("undelivered", "timeout")


@pytest.mark.parametrize(("answer", "delivered"), [(httpx.Response(200, text="ok"), True), (httpx.Response(404), False)])
async def test_finished_message(events: Events, answer: httpx.Response, delivered: bool) -> None:
    """A finished message can be sent as it is; what becomes of it is known, and logged if nothing did."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(Sent(answer))) as http:
        responder = Responder(http, Forms(), api_url="", timeout=5.0, pause=0.0)

        assert await responder.post(URL, "{}") is delivered
    assert ("undelivered" in [each["event"] for each in events]) is not delivered


async def test_url_that_no_client_can_read(events: Events) -> None:
    """A URL of Slack's host that isn't one is logged as undelivered, and raises nothing."""
    assert not await responded(Sent(), "https://hooks.slack.com/\x00")
    assert events[-1]["event"] == "undelivered"
