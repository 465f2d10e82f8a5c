"""Everything outside of what is measured, in one cheap server: Adobe's API, and Slack's Web API and response_urls.

It shares a core with the generator, so it speaks just enough HTTP, and its answers are finished bytes: those of the embedded hub
for one customer, with another name put into them for each.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote

import httpx
import orjson

from bot import customer_file, settings
from bot.cli.stand_in import TEAM
from bot.profiles import catalogue, wire
from bot.profiles.paths import event_fields, profile_fields
from bot.profiles.xdm import audience_ids
from bot.question import Identity
from tests.upstream import CREDENTIALS, URL, Upstream

ADDRESS, NAME = b"ada@example.com", b"Ada Lovelace"
"""Of the customer whose answers are the pattern."""

PLATFORM = b"/data/core/ups/"
RESPONSE = b"/response/"
DOMAIN = "customers.example"
MOST_EVENTS = 50

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WHO = re.compile(rb"[?&]entityId=([^&]*)")
_NUMBER = re.compile(rb"(\d+)")


def customer(number: int) -> str:
    """The address of customer `number`."""
    return f"c{number:06}@{DOMAIN}"


def name(number: int) -> bytes:
    """What stands on the card of customer `number`, and on nobody else's."""
    return b"Customer %06d" % number


@dataclass(frozen=True)
class Pattern:
    """One answer of the hub's, cut where customers differ."""

    status: int
    body: bytes
    xid: bytes

    def about(self, number: int) -> bytes:
        """The same of customer `number`."""
        personal = (self.xid, b"A%024d" % number), (ADDRESS, customer(number).encode()), (NAME, name(number))
        body = self.body
        for pattern, own in personal:
            body = body.replace(pattern, own)
        return response(self.status, body)


def response(status: int, body: bytes, *headers: bytes) -> bytes:
    """An answer over HTTP, whole."""
    more = b"".join(b"%b\r\n" % each for each in headers)
    head = b"HTTP/1.1 %d -\r\ncontent-type: application/json\r\n%bcontent-length: %d\r\n\r\n" % (status, more, len(body))
    return head + body


_NO_EVENTS = response(200, b'{"_page":{"orderby":"-timestamp","count":0,"next":""},"children":[]}')


async def patterns() -> dict[str, Pattern]:
    """The hub's answers to what this service asks, by kind of call."""
    config = customer_file.of(settings.load(slack=False, profile_url=settings.HUB, app_keys="b" * 32))
    account = wire.Account(CREDENTIALS.org_id, CREDENTIALS.sandbox, CREDENTIALS.client_id)
    who = Identity("Email", ADDRESS.decode())
    async with httpx.AsyncClient(transport=Upstream().transport(), base_url=URL) as http:
        secrets = {"client_id": CREDENTIALS.client_id, "client_secret": CREDENTIALS.client_secret}
        token = await http.post("/ims/token/v3", data={"grant_type": "client_credentials", "scope": "openid", **secrets})
        bearer = {"authorization": f"Bearer {token.json()['access_token']}"}

        async def ask(request: wire.Request) -> httpx.Response:
            headers = {**request.headers, **bearer}
            answer = await http.request(request.method, request.path, headers=headers, content=request.body)
            return answer.raise_for_status()

        profile = await ask(wire.profile_request(account, who, profile_fields(config)))
        ((xid, found),) = profile.json().items()
        events = await ask(wire.events_request(account, who, event_fields(config), MOST_EVENTS))
        audiences = await ask(catalogue.audiences_request(account, audience_ids(found["entity"])))
    answers = {"token": token, "profile": profile, "events": events, "audiences": audiences}
    return {kind: Pattern(answer.status_code, answer.content, xid.encode()) for kind, answer in answers.items()}


class Quota:
    """`rate` calls a second and `burst` besides: what would be more than that in any one second is refused."""

    def __init__(self, rate: int, burst: int) -> None:
        self._most = rate + burst
        self._last_second: deque[float] = deque()
        self.most_in_a_second = 0
        self.refused = 0

    def take(self) -> bool:
        """Whether one more may be answered now. Those that are refused count as well."""
        now = time.monotonic()
        self._last_second.append(now)
        while self._last_second[0] <= now - 1:
            self._last_second.popleft()
        seen = len(self._last_second)
        self.most_in_a_second = max(self.most_in_a_second, seen)
        self.refused += seen > self._most
        return seen <= self._most


class Outside:
    """What the servers under test call.

    `latency` is that of Adobe's answers, in seconds; `eventless` customers have no events; `posted` is told of what comes to
    response_urls, by their numbers.
    """

    def __init__(self, answers: dict[str, Pattern]) -> None:
        self.latency = 0.0
        self.eventless = False
        self.quota: Quota | None = None
        self.calls: Counter[str] = Counter()
        self.posted: Callable[[int, bytes], None] = lambda _number, _body: None
        self.url = ""
        self._patterns = answers
        self._same = {kind: response(answers[kind].status, answers[kind].body) for kind in ("token", "audiences")}
        self._auth = response(200, orjson.dumps({"ok": True, "team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT"}))
        self._member = response(200, orjson.dumps({"ok": True, "user": {"locale": "en-US", "tz": "America/New_York"}}))
        self._taken = response(200, b"ok")

    def answer(self, target: bytes, body: bytes) -> tuple[bytes, float]:
        """What is answered to a call of `target`, and after how many seconds."""
        if target.startswith(RESPONSE):
            self.posted(int(target[len(RESPONSE) :]), body)
            return self._taken, 0.0
        if not target.startswith(PLATFORM):
            return self._small(target), 0.0
        kind = "audiences" if b"bulk-get" in target else "events" if b"experienceevent" in target else "profile"
        self.calls[kind] += 1
        if self.quota and not self.quota.take():
            return response(429, b'{"title":"Too many requests"}', b"retry-after: 1"), self.latency
        if kind == "audiences":
            return self._same[kind], self.latency
        if kind == "events" and self.eventless:
            return _NO_EVENTS, self.latency
        return self._patterns[kind].about(_asked(target)), self.latency

    def _small(self, target: bytes) -> bytes:
        if target.startswith(b"/ims/"):
            return self._same["token"]
        return self._member if b"users.info" in target else self._auth


def _asked(target: bytes) -> int:
    who = _WHO.search(target)
    number = _NUMBER.search(unquote(who[1].decode()).encode()) if who else None
    return int(number[1]) if number else 0


class _Caller(asyncio.Protocol):
    """One connection to it."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < end:
                return
            target, body = self._buffer.split(b" ", 2)[1], self._buffer[head + 4 : end]
            self._buffer = self._buffer[end:]
            self._answer(*self._outside.answer(target, body))

    def _answer(self, content: bytes, after: float) -> None:
        assert self._transport
        if after:
            asyncio.get_running_loop().call_later(after, self._transport.write, content)
        else:
            self._transport.write(content)


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """It, on a port of this machine."""
    made = Outside(await patterns())
    server = await asyncio.get_running_loop().create_server(lambda: _Caller(made), "127.0.0.1", 0, backlog=2048)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
