"""Slack's side, for tests: its Web API, its response_urls and its Socket Mode, on a real loopback server.

It is as strict as Slack where a test double is usually too kind: a method is refused for which `app_manifest.yml` asks no scope,
a token of the wrong type is refused, and a response_url takes what it is scripted to take.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import orjson
from aiohttp import WSMsgType, web
from ruamel.yaml import YAML

Payload = dict[str, Any]

TEAM, ELSEWHERE = "T0HOME", "T0ELSEWHERE"
MEMBER = "U0MEMBER"
CHANNEL = "C0CHANNEL"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_TOKEN, APP_TOKEN = "xoxb-invented-bot-token", "xapp-invented-app-token"

SCOPES = {"auth.test": None, "users.info": "users:read"}
"""The scope that each method of the Web API needs (docs.slack.dev/reference/methods)."""

PATIENCE = 10.0
"""Seconds after which a test gives up waiting; nothing that works takes as long."""


@cache
def granted_scopes() -> frozenset[str]:
    manifest = YAML(typ="safe").load(Path(__file__).parents[1] / "app_manifest.yml")
    return frozenset(manifest["oauth_config"]["scopes"]["bot"])


@dataclass
class Reply:
    """How Slack answers once. `after` holds the answer back until it is set."""

    status: int = 200
    body: str = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/plain"
    after: asyncio.Event | None = None

    async def response(self) -> web.Response:
        if self.after:
            await self.after.wait()
        return web.Response(status=self.status, text=self.body, headers=self.headers, content_type=self.content_type)


THROTTLED = Reply(429, "rate_limited", {"Retry-After": "0"})
FAILED = Reply(500, "server_error")
INVALID_BLOCKS = Reply(400, "invalid_blocks")
EXPIRED = Reply(404, "expired_url")


class Mailbox:
    """One response_url. `script` is how the next posts are answered; after it each is accepted."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.posts: list[Payload] = []
        self.script: deque[Reply] = deque()
        self._accepted: asyncio.Queue[Payload] = asyncio.Queue()

    async def take(self, within: float = PATIENCE) -> Payload:
        """The next message that Slack accepted."""
        async with asyncio.timeout(within):
            return await self._accepted.get()

    @property
    def waiting(self) -> int:
        return self._accepted.qsize()

    async def post(self, request: web.Request) -> web.Response:
        message = orjson.loads(await request.read())
        self.posts.append(message)
        reply = self.script.popleft() if self.script else Reply()
        if reply.status == 200 and '"ok":false' not in reply.body:
            self._accepted.put_nowait(message)
        return await reply.response()


@dataclass(frozen=True)
class Ack:
    """What came back on Slack's own request, and how many seconds after its first byte."""

    status: int
    body: bytes
    seconds: float

    @property
    def message(self) -> Payload:
        message: Payload = orjson.loads(self.body) if self.body else {}
        return message


class Wire(Protocol):
    """Either transport: how Slack hands a payload over."""

    async def send(self, kind: str, payload: Payload) -> Ack:
        """`kind` is Socket Mode's word for it: slash_commands, interactive, events_api."""
        ...


class SlackSide:
    """Slack, for one app. Use `slack_side()`.

    `members` say who is known to users.info; `replies` take the place of a method's next answers. The address of a WebSocket is
    good for one connection; of the next `dead_links` ones it is good for none.
    """

    def __init__(self, scopes: frozenset[str]) -> None:
        self.scopes = scopes
        self.url = ""
        self.home: Payload = {"team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT"}
        self.members: dict[str, Payload] = {}
        self.calls: Counter[str] = Counter()
        self.replies: dict[str, deque[Reply]] = {"auth.test": deque(), "users.info": deque(), "apps.connections.open": deque()}
        self._mailboxes: dict[str, Mailbox] = {}
        self._numbers = itertools.count(1)
        self.dead_links = 0
        self._addresses: set[str] = set()
        self._links: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self._acks: dict[str, asyncio.Future[Payload]] = {}
        self.linked, self.called = asyncio.Event(), asyncio.Event()

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    def mailbox(self) -> Mailbox:
        path = f"/commands/{TEAM}/{next(self._numbers)}/invented-response-secret"
        return self._mailboxes.setdefault(path, Mailbox(self.url + path))

    def application(self) -> web.Application:
        application = web.Application(client_max_size=10**7)
        application.router.add_post("/api/apps.connections.open", self._connections_open)
        application.router.add_route("*", "/api/{method}", self._method)
        application.router.add_get("/link", self._link)
        application.router.add_post("/{path:.*}", self._post)
        return application

    # Web API

    async def _method(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] += 1
        self.called.set()
        if self.replies.get(method):
            return await self.replies[method].popleft().response()
        return web.json_response(self._answer(method, request.headers.get("authorization"), await _arguments(request)))

    def _answer(self, method: str, authorization: str | None, arguments: Mapping[str, str]) -> Payload:
        if method not in SCOPES:
            return {"ok": False, "error": "unknown_method"}
        if authorization != f"Bearer {BOT_TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        needed = SCOPES[method]
        if needed and needed not in self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": needed, "provided": ",".join(sorted(self.scopes))}
        if method == "auth.test":
            return {"ok": True, **self.home}
        member = self.members.get(arguments["user"])
        if member is None:
            return {"ok": False, "error": "user_not_found"}
        told = member if arguments.get("include_locale") in {"true", "1"} else member | {"locale": None}
        return {"ok": True, "user": {"id": arguments["user"], **told}}

    # response_urls

    async def _post(self, request: web.Request) -> web.Response:
        mailbox = self._mailboxes.get(request.path)
        return await mailbox.post(request) if mailbox else web.Response(status=404, text="no_such_url")

    # Socket Mode

    async def _connections_open(self, request: web.Request) -> web.Response:
        self.calls["apps.connections.open"] += 1
        if self.replies["apps.connections.open"]:
            return await self.replies["apps.connections.open"].popleft().response()
        if request.headers.get("authorization") != f"Bearer {APP_TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        ticket = f"ticket-{next(self._numbers)}"
        if self.dead_links:
            self.dead_links -= 1
        else:
            self._addresses.add(ticket)
        return web.json_response({"ok": True, "url": f"ws{self.url.removeprefix('http')}/link?ticket={ticket}"})

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        if request.query["ticket"] not in self._addresses:
            raise web.HTTPForbidden
        self._addresses.discard(request.query["ticket"])
        link = web.WebSocketResponse()
        await link.prepare(request)
        await link.send_json({"type": "hello", "num_connections": 1})
        self._links.put_nowait(link)
        self.linked.set()
        async for message in link:
            if message.type is WSMsgType.TEXT:
                told = message.json()
                if (waiting := self._acks.get(told["envelope_id"])) and not waiting.done():
                    waiting.set_result(told)
        return link

    async def link(self) -> web.WebSocketResponse:
        """The newest connection."""
        async with asyncio.timeout(PATIENCE):
            link = await self._links.get()
            while not self._links.empty():
                link = self._links.get_nowait()
        self._links.put_nowait(link)
        return link

    async def envelope(self, kind: str, payload: object, **more: object) -> Payload:
        """Send an envelope and give its acknowledgement."""
        number = f"envelope-{next(self._numbers)}"
        acked: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._acks[number] = acked
        link = await self.link()
        await link.send_json({"type": kind, "envelope_id": number, "payload": payload, "accepts_response_payload": True, **more})
        async with asyncio.timeout(PATIENCE):
            return await acked


async def _arguments(request: web.Request) -> Mapping[str, str]:
    form = await request.post()
    return {name: str(value) for name, value in (*request.query.items(), *form.items())}


@asynccontextmanager
async def slack_side(scopes: frozenset[str] | None = None) -> AsyncIterator[SlackSide]:
    slack = SlackSide(granted_scopes() if scopes is None else scopes)
    runner = web.AppRunner(slack.application(), access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await (site := web.TCPSite(runner, "127.0.0.1", 0, backlog=2048)).start()
    slack.url = site.name
    try:
        yield slack
    finally:
        await runner.cleanup()


class Http:
    """Slack calls us, with truly signed requests. `client` leads to a port, or straight to the ASGI application."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, kind: str, payload: Payload) -> Ack:
        content, content_type = encoded(kind, payload)
        headers = signed(content) | {"content-type": content_type}
        began = asyncio.get_running_loop().time()
        answer = await self._client.post("/slack/events", content=content, headers=headers)
        return Ack(answer.status_code, answer.content, asyncio.get_running_loop().time() - began)


class Socket:
    """Slack's envelopes, over the WebSocket that the service opened."""

    def __init__(self, slack: SlackSide) -> None:
        self._slack = slack

    async def send(self, kind: str, payload: Payload) -> Ack:
        began = asyncio.get_running_loop().time()
        acked = await self._slack.envelope(kind, payload)
        body = orjson.dumps(acked["payload"]) if acked.get("payload") else b""
        return Ack(200, body, asyncio.get_running_loop().time() - began)


FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def encoded(kind: str, payload: Payload) -> tuple[bytes, str]:
    """Body and content type over HTTP."""
    match kind:
        case "slash_commands":
            return urlencode(payload).encode(), FORM
        case "interactive":
            return urlencode({"payload": orjson.dumps(payload)}).encode(), FORM
        case _:
            return orjson.dumps(payload), JSON


def signed(body: bytes, *, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """The headers that make `body` one of Slack's, sent at `at` (epoch; now)."""
    timestamp = str(int(time.time() if at is None else at))
    signature = hmac.digest(secret.encode(), f"v0:{timestamp}:".encode() + body, "sha256").hex()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={signature}"}


def command(text: str, response_url: str, *, user: str = MEMBER, team: str = TEAM, **more: str) -> Payload:
    return {
        "token": "invented-verification-token",
        "team_id": team,
        "team_domain": "invented",
        "channel_id": CHANNEL,
        "channel_name": "directmessage",
        "user_id": user,
        "user_name": "nobody",
        "command": "/customer",
        "text": text,
        "api_app_id": "A0APP",
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": "1.2.invented-trigger",
    } | more


def press(button: Payload, response_url: str, *, user: str = MEMBER, team: str = TEAM, **more: object) -> Payload:
    """Somebody presses a button of a message. `team` is the presser's own."""
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "nobody", "name": "nobody", "team_id": team},
        "api_app_id": "A0APP",
        "token": "invented-verification-token",
        "container": {"type": "message", "message_ts": "1.2", "channel_id": CHANNEL, "is_ephemeral": True},
        "trigger_id": "1.2.invented-trigger",
        "team": {"id": TEAM, "domain": "invented"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "directmessage"},
        "response_url": response_url,
        "actions": [{"type": "button", "block_id": "b1", "action_ts": "1.2", **button}],
    } | more


def event(kind: str = "app_home_opened", **more: object) -> Payload:
    return {
        "token": "invented-verification-token",
        "team_id": TEAM,
        "api_app_id": "A0APP",
        "type": "event_callback",
        "event_id": "Ev0EVENT",
        "event_time": 1,
        "event": {"type": kind, "user": MEMBER, "channel": CHANNEL, "tab": "home", "event_ts": "1.2"},
        "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": "U0BOT", "is_bot": True}],
    } | more


def title(message: Payload) -> str:
    """The headline of a card or a notice."""
    headline: str = next((block["text"]["text"] for block in message.get("blocks", ()) if block["type"] == "header"), "")
    return headline


def form_of(message: Payload) -> str:
    """Rich or classic, by the blocks that only the rich form has."""
    rich = {"container", "table", "data_table", "data_visualization", "rich_text"}
    return "rich" if rich & {block["type"] for block in message["blocks"]} else "classic"


def buttons(message: Payload) -> dict[str, Payload]:
    """The buttons of a message by what is written on them."""
    elements = (each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"])
    return {
        str(each["text"]["text"]): {key: each[key] for key in ("action_id", "value", "url") if key in each} for each in elements
    }


def words(message: object) -> str:
    """All of a message, to look for words in."""
    return orjson.dumps(message).decode()
