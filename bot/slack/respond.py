"""The ways out: a finished body in an ack, or through a response_url.

(Slack: "Handling user interaction", response_url: five uses in thirty minutes, no token, so the URL itself is a secret.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import urlsplit

import httpx
import orjson
import structlog
from slack_bolt.response import BoltResponse

from bot.answering import Answer, Content
from formatters import blocks
from formatters.form import Form
from formatters.locale import Reader

log = structlog.get_logger()

SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
TRIES = 3
"""Of the five uses that a response_url has, so that the classic form still has its own."""

_JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json;charset=utf-8"]}


def finished(content: Content, reader: Reader, form: Form) -> str:
    """The message as Slack takes it, for the asker's eyes alone."""
    return orjson.dumps({"response_type": "ephemeral", **blocks.message(content, reader, form)}).decode()


def ack(body: str = "") -> BoltResponse:
    """The answer to Slack's own request. (Bolt takes text, not bytes, and needs the content type.)"""
    return BoltResponse(status=200, body=body, headers=_JSON if body else None)


class Forms:
    """Which form a workspace takes. The new blocks reach workspaces in phases, and an error in an ack's body never comes back to
    the app, so acks carry the classic form until a rich card has been accepted where errors are told.
    """

    def __init__(self) -> None:
        self._accepted: dict[str, Form] = {}

    def for_ack(self, team: str) -> Form:
        """The form that is safe where nobody tells of an error."""
        return self._accepted.get(team, Form.CLASSIC)

    def to_try(self, team: str) -> Form:
        """The form to send where errors are told."""
        return self._accepted.get(team, Form.RICH)

    def learn(self, team: str, form: Form) -> None:
        """`form` was accepted, and is the best this workspace takes."""
        self._accepted[team] = form


class Delivery(StrEnum):
    """What became of a message."""

    ACCEPTED = "accepted"
    INVALID_BLOCKS = "invalid_blocks"
    FAILED = "failed"


class Responder:
    """Posts answers to response_urls.

    `api_url` is Slack's API or the stand-in that takes its place, whose host may serve response_urls too; `timeout` and `pause`
    (before another try) are in seconds.
    """

    def __init__(self, http: httpx.AsyncClient, forms: Forms, *, api_url: str, timeout: float, pause: float = 0.5) -> None:
        self._http = http
        self._forms = forms
        self._stand_in = urlsplit(api_url)
        self._timeout = timeout
        self._pause = pause

    async def respond(self, url: str, answer: Answer, reader: Reader, *, team: str, replace: bool = False) -> bool:
        """Send `answer` in the best form that the workspace takes; `replace` puts it in place of the message whose button was
        pressed. False if it could not be delivered, which is logged.
        """
        form = self._forms.to_try(team)
        delivery = await self._post(url, await answer.body(reader, form), replace)
        if delivery is Delivery.INVALID_BLOCKS and form is Form.RICH:
            form = Form.CLASSIC
            delivery = await self._post(url, await answer.body(reader, form), replace)
        if delivery is Delivery.ACCEPTED:
            if answer.outcome != "notice":
                self._forms.learn(team, form)
            return True
        log.error("undelivered", problem=delivery, form=form, team=team)
        if delivery is Delivery.INVALID_BLOCKS:
            # One line is better than nothing.
            delivery = await self._post(url, _without_blocks(await answer.body(reader, form)), replace)
        return delivery is Delivery.ACCEPTED

    async def _post(self, url: str, body: str, replace: bool) -> Delivery:
        if not self._allowed(url):
            log.error("response_url_refused")
            return Delivery.FAILED
        content = f'{{"replace_original":true,{body[1:]}' if replace else body
        for attempt in range(1, TRIES + 1):
            delivery, wait = await self._post_once(url, content)
            if delivery is not None:
                return delivery
            if attempt < TRIES:
                await asyncio.sleep(self._pause * attempt if wait is None else wait)
        return Delivery.FAILED

    async def _post_once(self, url: str, content: str) -> tuple[Delivery | None, float | None]:
        """What became of it, None if another try may help; and the wait that Slack asked for."""
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._http.post(
                    url, content=content, headers={"content-type": "application/json; charset=utf-8"}
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, ValueError) as error:
            log.warning("response_url_failed", exception=type(error).__name__)
            return None, None
        if "invalid_blocks" in response.text:
            return Delivery.INVALID_BLOCKS, None
        if response.is_success and not _told_otherwise(response.text):
            return Delivery.ACCEPTED, None
        log.warning("response_url_failed", status=response.status_code)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return None, _seconds(response.headers.get("retry-after"))
        return (None, None) if response.is_server_error else (Delivery.FAILED, None)

    def _allowed(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            if parts.hostname in SLACK_HOSTS:
                return parts.scheme == "https" and parts.port in {None, 443}
            stand_in = self._stand_in.hostname not in {None, "slack.com", "www.slack.com"}
            return stand_in and (parts.scheme, parts.netloc) == (self._stand_in.scheme, self._stand_in.netloc)
        except ValueError:
            return False


def _without_blocks(body: str) -> str:
    message: dict[str, object] = orjson.loads(body)
    return orjson.dumps({key: value for key, value in message.items() if key != "blocks"}).decode()


def _told_otherwise(text: str) -> bool:
    return text.startswith("{") and '"ok":false' in text.replace(" ", "")


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdecimal() else None
