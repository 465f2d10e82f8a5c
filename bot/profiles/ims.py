"""Access tokens from Adobe's Identity Management Service (IMS), by client credentials ("OAuth Server-to-Server").

This is no `httpx.Auth`: httpx reads the answers inside an auth flow whole, whatever their size, and a flow ends with its
request, while a renewal should outlive the look-up that began it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

import orjson

from bot.breaker import Breaker
from bot.errors import LookupFailed, NotSetUp, SourceFailed, Unreachable
from bot.profiles.guard import admitted, judged
from bot.profiles.http import Outgoing, Send
from bot.profiles.refusals import refusal
from bot.profiles.wire import Answer, read_json

FORM = "application/x-www-form-urlencoded"
SCOPE = "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext"
MOST_BYTES = 65_536
PATIENCE = 10.0
"""Seconds that a whole answer may take."""

LONGEST_LIFE = 86_400.0
"""Adobe's tokens last a day (86,399 s)."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_ERROR = re.compile(r"[a-z_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of a project in Adobe's Developer Console. `url` is IMS's address."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = SCOPE


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; times are on the clock that `ImsTokens` was given."""

    value: str = field(repr=False)
    renew_at: float
    dead_at: float


class ImsTokens:
    """Keeps one token, and renews it before it dies: one renewal at a time, and whoever waits shares its outcome.

    Args:
        send: sends requests.
        credentials: whose token.
        breaker: IMS's own.
        clock: monotonic, in seconds.
        renew_after: the part of a token's life after which it is renewed, behind the look-ups.
        margin: seconds before its end in which a token is no longer sent.
        pause: seconds between renewals that fail while the token still serves.
    """

    def __init__(
        self,
        send: Send,
        credentials: Credentials,
        *,
        breaker: Breaker,
        clock: Callable[[], float],
        renew_after: float = 0.9,
        margin: float = 30.0,
        pause: float = 30.0,
    ) -> None:
        self._send = send
        self._credentials = credentials
        self._breaker = breaker
        self._clock = clock
        self._renew_after = renew_after
        self._margin = margin
        self._pause = pause
        self._token: Token | None = None
        self._renewal: asyncio.Task[Token] | None = None
        self._not_before = float("-inf")

    async def token(self, refused: str | None = None) -> str:
        """The token at hand; a new one if there is none, it is at its end, or it is the one that was `refused`.

        Raises:
            NotSetUp: IMS doesn't accept the credentials.
            Throttled: too many tokens were asked for.
            SourceDown: IMS failed too often to be asked just now.
            SourceFailed: IMS failed, or its answer can't be read.
            Unreachable: no answer came.
        """
        if self._token and self._token.value == refused:
            self._token = None
        held, now = self._token, self._clock()
        if held and now < held.dead_at:
            if now >= held.renew_at and now >= self._not_before:
                self._renewing()
            return held.value
        return (await asyncio.shield(self._renewing())).value

    async def aclose(self) -> None:
        """End a renewal that is under way."""
        if self._renewal:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])

    def _renewing(self) -> asyncio.Task[Token]:
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew())
            self._renewal.add_done_callback(self._renewed)
        return self._renewal

    def _renewed(self, renewal: asyncio.Task[Token]) -> None:
        """Takes the outcome even if nobody waits for it any more."""
        self._renewal = None
        if renewal.cancelled():
            return
        if renewal.exception():
            self._not_before = self._clock() + self._pause
        else:
            self._token = renewal.result()

    async def _renew(self) -> Token:
        began = self._clock()
        with admitted(self._breaker, self), judged(self._breaker, self):
            value, life = read_token(await self._answer())
        return Token(value, began + life * self._renew_after, began + max(life - self._margin, life / 2))

    async def _answer(self) -> Answer:
        """All of it, in time: bytes that trickle would hold up every look-up that waits for a token."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._send(self._request(), most_bytes=MOST_BYTES)
        except TimeoutError:
            raise Unreachable from None

    def _request(self) -> Outgoing:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
            "scope": self._credentials.scope,
        }
        url = f"{self._credentials.url.rstrip('/')}/ims/token/v3"
        return Outgoing("POST", url, {"accept": "application/json", "content-type": FORM}, urlencode(form).encode())


def read_token(answer: Answer) -> tuple[str, float]:
    """The token and its life in seconds.

    Raises:
        LookupFailed: IMS refused, or its answer can't be read.
    """
    if answer.status != HTTPStatus.OK:
        raise _refusal(answer)
    body = read_json(answer)
    token, life = (body.get("access_token"), body.get("expires_in")) if isinstance(body, dict) else (None, None)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise SourceFailed
    if isinstance(life, bool) or not isinstance(life, (int, float)) or life <= 0:
        raise SourceFailed
    return token, min(life, LONGEST_LIFE)


def _refusal(answer: Answer) -> LookupFailed:
    """IMS words its refusals as OAuth does: `{error, error_description}`."""
    error = refusal(answer.status, answer.headers, answer.body)
    if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return NotSetUp(answer.status, _code(answer.body))
    return error


def _code(body: bytes) -> str | None:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    code = content.get("error") if isinstance(content, dict) else None
    return code if isinstance(code, str) and _ERROR.fullmatch(code) else None
