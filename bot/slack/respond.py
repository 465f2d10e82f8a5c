"""The ways out: a finished body in an ack, or through a response_url.

(Slack: "Handling user interaction", response_url: five uses in thirty minutes, no token, so the URL itself is a secret.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import httpx
import orjson
import structlog
from slack_bolt.response import BoltResponse

from bot.answering import Content
from bot.telemetry import unobserved
from bot.tracing import Trace, untraced
from formatters import blocks
from formatters.form import Form
from formatters.locale import Reader

log = structlog.get_logger()

SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
POSTS = 4
"""Of the five uses that a response_url has, over all forms and tries of one answer."""

PAUSES = (1, 12, 12, 12)
"""After each post, in units of the shortest: one for a mishap, then long enough for Slack to be away for some seconds."""

KEPT_FOR_TEXT = 1
"""Of these, so that one line of text may follow when no form was taken."""

LONGEST_WAIT = 10.0
"""Seconds. Whoever is asked to wait for longer has failed: the asker has gone by then."""

OVERALL = 3
"""Times the timeout of one post that a whole delivery may take."""

NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
"""What surely did not arrive. The transport calls a connection that was reset or cut after sending `httpx.ConnectTimeout` too,
just as a refused one, so that only aiohttp's own error, its cause, tells them apart.
"""

_JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json;charset=utf-8"]}


def finished(content: Content, reader: Reader, form: Form) -> str:
    """The message as Slack takes it, for the asker's eyes alone."""
    return orjson.dumps({"response_type": "ephemeral", **blocks.message(content, reader, form)}).decode()


def ack(body: str = "") -> BoltResponse:
    """The answer to Slack's own request. (Bolt takes text, not bytes, and needs the content type.)"""
    return BoltResponse(status=200, body=body, headers=_JSON if body else None)


class Forms:
    """Which form an installation takes; `home` is its id. The new blocks reach workspaces in phases, and an error in an ack's
    body never comes back to the app, so acks carry the classic form until a rich card has been accepted where errors are told.
    """

    def __init__(self) -> None:
        self._accepted: dict[str, Form] = {}

    def for_ack(self, home: str) -> Form:
        """The form that is safe where nobody tells of an error."""
        return self._accepted.get(home, Form.CLASSIC)

    def to_try(self, home: str) -> Form:
        """The form to send where errors are told."""
        return self._accepted.get(home, Form.RICH)

    def learn(self, home: str, form: Form) -> None:
        """`form` was accepted, and is the best this installation takes."""
        self._accepted[home] = form


class Delivery(StrEnum):
    """What became of a message. UNKNOWN was sent, and nobody said whether it arrived: to send it again might show it twice."""

    ACCEPTED = "accepted"
    INVALID_BLOCKS = "invalid_blocks"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One post: what became of it, and how many seconds to wait before another, None if another can't help."""

    delivery: Delivery
    again_after: float | None = None


@dataclass(slots=True)
class Uses:
    """What is left of a response_url for one answer."""

    left: int = POSTS

    @property
    def spent(self) -> int:
        """Posts so far."""
        return POSTS - self.left


class Deliverable(Protocol):
    """What is delivered of an answer; see `bot.answering.Answer`."""

    @property
    def outcome(self) -> str:
        """Notices tell nothing of which form is taken."""
        ...

    async def body(self, reader: Reader, form: Form, /) -> str:
        """The finished message."""
        ...


class Responder:
    """Posts answers to response_urls.

    `api_url` is Slack's API or the stand-in that takes its place, whose host may serve response_urls too; `timeout` (of one post;
    a whole delivery has three times as long) and `pause` (before another try) are in seconds. `observe` is told what became of
    each message, and `trace` records each delivery.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        forms: Forms,
        *,
        api_url: str,
        timeout: float,
        pause: float = 0.5,
        observe: Callable[[Delivery], None] = unobserved,
        trace: Trace = untraced,
    ) -> None:
        self._http = http
        self._forms = forms
        self._stand_in = urlsplit(api_url)
        self._timeout = timeout
        self._pause = pause
        self._observe = observe
        self._trace = trace

    async def respond(self, url: str, answer: Deliverable, reader: Reader, *, home: str, replace: bool = False) -> bool:
        """Send `answer` in the best form that the installation `home` takes; `replace` puts it in place of the message whose
        button was pressed. False if it was not delivered, or nobody knows, which is logged.
        """
        return await self._deliver(self._respond(url, answer, reader, home, replace), team=home)

    async def post(self, url: str, body: str) -> bool:
        """Send a finished message as it is. False if it was not delivered, which is logged."""
        return await self._deliver(self._posted(url, body))

    async def _deliver(self, work: Coroutine[None, None, Delivery], team: str | None = None) -> bool:
        with self._trace("delivery") as span:
            try:
                async with asyncio.timeout(OVERALL * self._timeout):
                    delivery = await work
            except TimeoutError:
                log.error("undelivered", problem="timeout", team=team)
                delivery = Delivery.UNKNOWN
            span.tell(outcome=delivery)
        self._observe(delivery)
        return delivery is Delivery.ACCEPTED

    async def _posted(self, url: str, body: str) -> Delivery:
        delivery = await self._post(url, body, Uses())
        if delivery is not Delivery.ACCEPTED:
            log.error("undelivered", problem=delivery)
        return delivery

    async def _respond(self, url: str, answer: Deliverable, reader: Reader, home: str, replace: bool) -> Delivery:
        uses = Uses()
        form = self._forms.to_try(home)
        delivery = await self._post(url, await answer.body(reader, form), uses, replace=replace)
        if delivery is Delivery.INVALID_BLOCKS and form is Form.RICH and uses.left > KEPT_FOR_TEXT:
            form = Form.CLASSIC
            delivery = await self._post(url, await answer.body(reader, form), uses, replace=replace)
        if delivery is Delivery.ACCEPTED:
            if answer.outcome != "notice":
                self._forms.learn(home, form)
            return delivery
        log.error("undelivered", problem=delivery, form=form, team=home)
        if delivery is Delivery.INVALID_BLOCKS:
            # One line is better than nothing.
            line = _without_blocks(await answer.body(reader, form))
            delivery = await self._post(url, line, uses, keep=0, replace=replace)
        return delivery

    async def _post(self, url: str, body: str, uses: Uses, *, keep: int = KEPT_FOR_TEXT, replace: bool = False) -> Delivery:
        """Post until it is known what became of it, or only `keep` uses are left."""
        if not self._allowed(url):
            log.error("response_url_refused")
            return Delivery.FAILED
        content = f'{{"replace_original":true,{body[1:]}' if replace else body
        while True:
            uses.left -= 1
            attempt = await self._post_once(url, content, self._pause * PAUSES[uses.spent - 1])
            if attempt.again_after is None or uses.left <= keep:
                return attempt.delivery
            await asyncio.sleep(attempt.again_after)

    async def _post_once(self, url: str, content: str, pause: float) -> Attempt:
        """One post; `pause` is how long to wait before another where Slack does not say."""
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._http.post(
                    url, content=content, headers={"content-type": "application/json; charset=utf-8"}
                )
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.warning("response_url_failed", exception=type(error).__name__)
            return _attempt_without_answer(error, pause)
        return _attempt(response, pause)

    def _allowed(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            if parts.hostname in SLACK_HOSTS:
                return parts.scheme == "https" and parts.port in {None, 443}
            stand_in = self._stand_in.hostname not in {None, "slack.com", "www.slack.com"}
            return stand_in and (parts.scheme, parts.netloc) == (self._stand_in.scheme, self._stand_in.netloc)
        except ValueError:
            return False


def _attempt_without_answer(error: Exception, pause: float) -> Attempt:
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return Attempt(Delivery.FAILED)
    if isinstance(error, httpx.ConnectError) or isinstance(error.__cause__ or error, NEVER_CONNECTED):
        return Attempt(Delivery.FAILED, pause)
    return Attempt(Delivery.UNKNOWN)


def _attempt(response: httpx.Response, pause: float) -> Attempt:
    if "invalid_blocks" in response.text:
        return Attempt(Delivery.INVALID_BLOCKS)
    if response.is_success and not _told_otherwise(response.text):
        return Attempt(Delivery.ACCEPTED)
    log.warning("response_url_failed", status=response.status_code)
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        wait = _seconds(response.headers.get("retry-after"), pause)
        return Attempt(Delivery.FAILED, wait if wait <= LONGEST_WAIT else None)
    return Attempt(Delivery.FAILED, pause if response.is_server_error else None)


def _without_blocks(body: str) -> str:
    message: dict[str, object] = orjson.loads(body)
    return orjson.dumps({key: value for key, value in message.items() if key != "blocks"}).decode()


def _told_otherwise(text: str) -> bool:
    return text.startswith("{") and '"ok":false' in text.replace(" ", "")


def _seconds(header: str | None, otherwise: float) -> float:
    return float(header) if header is not None and header.isdecimal() else otherwise
