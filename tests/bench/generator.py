"""Slack's side of the measurement: truly signed commands, and the moment at which the *card* is there, whichever way it comes."""

from __future__ import annotations

import asyncio
import hmac
import itertools
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from bot.cli.stand_in import TEAM
from tests.bench.outside import Outside, customer

SECRET = "bench"
AGENTS = 50
"""Who ask, in turns."""

PATIENCE = 60.0
"""Seconds after which an answer that hasn't come is counted as lost."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class NoCard(Exception):
    """Something else came, or nothing: what is measured doesn't do what it should."""


@dataclass(slots=True)
class Asked:
    """One command about customer `number`. `acked` and `answered` are seconds after the first byte was sent."""

    number: int
    began: float
    acked: float = 0.0
    answered: float | None = None
    message: bytes = b""


class Line(asyncio.Protocol):
    """One kept-alive connection to a server, as Slack's proxies keep theirs: one command at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._waiting: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, head) if head >= 0 else None
        if length and len(self._received) >= head + 4 + int(length[1]):
            whole, self._received = self._received, b""
            if self._waiting and not self._waiting.done():
                self._waiting.set_result(whole[head + 4 :] if whole.startswith(b"HTTP/1.1 200") else b"")

    async def send(self, request: bytes) -> bytes:
        """The body of the answer; empty unless it succeeded."""
        assert self._transport
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        if self._transport:
            self._transport.close()


class Slack:
    """Sends commands to the server at `url`; what comes by response_url comes through `outside`."""

    def __init__(self, url: str, outside: Outside, numbers: Iterator[int]) -> None:
        self._host, self._port = urlsplit(url).hostname or "", urlsplit(url).port or 0
        self._outside = outside
        self._numbers = numbers
        self._idle: list[Line] = []
        self.waiting: dict[int, asyncio.Future[bytes]] = {}

    async def ask(self, number: int, agent: int = 0) -> Asked:
        """One `/customer` about customer `number`, until its answer is there."""
        line = self._idle.pop() if self._idle else await self._connect()
        response = next(self._numbers)
        later = self.waiting[response] = asyncio.get_running_loop().create_future()
        request = signed(self._form(number, agent, response))
        asked = Asked(number, time.perf_counter())
        try:
            acked = await line.send(request)
            asked.acked = time.perf_counter() - asked.began
            self._idle.append(line)
            if b'"blocks"' in acked:
                asked.message, asked.answered = acked, asked.acked
            else:
                async with asyncio.timeout(PATIENCE):
                    asked.message = await later
                asked.answered = time.perf_counter() - asked.began
        except (TimeoutError, OSError):
            line.close()
        finally:
            del self.waiting[response]
        return asked

    async def _connect(self) -> Line:
        _, line = await asyncio.get_running_loop().create_connection(Line, self._host, self._port)
        return line

    def _form(self, number: int, agent: int, response: int) -> bytes:
        return b"%bU0AGENT%04d&text=%b&response_url=%b%d" % (
            _FORM,
            agent,
            customer(number).encode().replace(b"@", b"%40"),
            self._outside.url.replace(":", "%3A").replace("/", "%2F").encode() + b"%2Fresponse%2F",
            response,
        )


# Slack sends these too, and they are part of what a server reads.
_FORM = urlencode(
    {
        "token": "invented-verification-token",
        "team_id": TEAM,
        "team_domain": "invented",
        "channel_id": "C0BENCH",
        "channel_name": "support",
        "user_name": "agent",
        "command": "/customer",
        "api_app_id": "A0BENCH",
        "is_enterprise_install": "false",
        "trigger_id": "1234567890.1234567890.0123456789abcdef",
        "user_id": "",
    }
).encode()


def signed(body: bytes) -> bytes:
    """A whole request that Slack sends just now."""
    timestamp = b"%d" % time.time()
    signature = hmac.digest(SECRET.encode(), b"v0:%b:%b" % (timestamp, body), "sha256").hex().encode()
    return (
        b"POST /slack/events HTTP/1.1\r\nhost: bench\r\naccept: */*\r\n"
        b"user-agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
        b"content-type: application/x-www-form-urlencoded\r\nx-slack-request-timestamp: %b\r\nx-slack-signature: v0=%b\r\n"
        b"content-length: %d\r\n\r\n%b" % (timestamp, signature, len(body), body)
    )


class Switchboard:
    """Hands what is posted to response_urls to whoever waits for it, whichever server it asked."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._numbers = itertools.count(1)
        self._slacks: list[Slack] = []
        outside.posted = self._posted

    def towards(self, url: str) -> Slack:
        """Slack, sending to the server at `url`."""
        self._slacks.append(Slack(url, self._outside, self._numbers))
        return self._slacks[-1]

    def _posted(self, number: int, message: bytes) -> None:
        for slack in self._slacks:
            if (later := slack.waiting.get(number)) and not later.done():
                later.set_result(message)


@dataclass
class Load:
    """Keeps `in_flight` commands under way for `seconds`, and gives those that were answered in this time.

    `customers` are asked about one after another; `proof` is what stands on a customer's card.
    """

    in_flight: int
    seconds: float
    customers: Iterable[int]
    proof: Callable[[int], bytes]
    agents: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(AGENTS)))

    async def run(self, slack: Slack) -> Round:
        """One round."""
        began = time.perf_counter()
        until = began + self.seconds
        taken: list[Asked] = []
        numbers = iter(self.customers)

        async def one_after_another() -> None:
            while (now := time.perf_counter()) < until and (number := next(numbers, None)) is not None:
                asked = await slack.ask(number, next(self.agents))
                if asked.answered is None or self.proof(number) not in asked.message:
                    raise NoCard(f"{asked.message[:200]!r} after {time.perf_counter() - now:.1f} s")
                asked.message = b""  # a hundred thousand of them are a lot
                taken.append(asked)

        await asyncio.gather(*(one_after_another() for _ in range(self.in_flight)))
        return Round(taken, began, min(time.perf_counter() - began, self.seconds))


@dataclass(frozen=True)
class Round:
    """What was asked in one round, which began at `began` and took `seconds`. What came after its end is late, not lost."""

    asked: list[Asked]
    began: float
    seconds: float

    @property
    def rate(self) -> float:
        """Cards a second: those that were there before the round's end, so that stragglers cost nobody."""
        end = self.began + self.seconds
        return sum(each.answered is not None and each.began + each.answered <= end for each in self.asked) / self.seconds
