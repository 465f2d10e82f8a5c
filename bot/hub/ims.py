"""Adobe's identity management: credentials in, token out ("Authenticate and access Experience Platform APIs")."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from starlette.requests import Request

from bot.hub import errors
from bot.hub.answers import Json

LIFETIME = timedelta(seconds=86_399)


@dataclass(frozen=True)
class Credentials:
    """What an OAuth server-to-server credential of the Developer Console holds, and the sandbox it may look into."""

    client_id: str
    client_secret: str = field(repr=False)
    org_id: str
    sandbox: str


class Tokens:
    """The tokens that were minted and haven't expired. There is nothing to revoke and nothing to renew, as with Adobe."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._expiry: dict[str, datetime] = {}

    def mint(self) -> str:
        """A new token, good for `LIFETIME`."""
        now = self._clock()
        self._expiry = {token: expiry for token, expiry in self._expiry.items() if expiry > now}
        token = secrets.token_urlsafe(48)
        self._expiry[token] = now + LIFETIME
        return token

    def good(self, token: str) -> bool:
        """Whether the token was minted here and hasn't expired."""
        expiry = self._expiry.get(token)
        return expiry is not None and self._clock() < expiry


@dataclass(frozen=True)
class TokenEndpoint:
    """`POST /ims/token/v3`."""

    credentials: Credentials
    tokens: Tokens

    async def post(self, request: Request) -> Json:
        """`{access_token, token_type, expires_in}`, the last in seconds. Raises `Refused` (400) for wrong credentials."""
        # Starlette's own form parser wants python-multipart, which nothing else here needs.
        form = parse_qs((await request.body()).decode("latin-1"), encoding="utf-8")
        self._check({name: values[0] for name, values in form.items()})
        return Json({"access_token": self.tokens.mint(), "token_type": "bearer", "expires_in": int(LIFETIME.total_seconds())})

    def _check(self, form: dict[str, str]) -> None:
        if form.get("grant_type") != "client_credentials":
            raise errors.ims("unsupported_grant_type", "unsupported grant_type parameter")
        if not _same(form.get("client_id", ""), self.credentials.client_id):
            raise errors.ims("invalid_client", "invalid client_id parameter")
        if not _same(form.get("client_secret", ""), self.credentials.client_secret):
            raise errors.ims("invalid_client", "invalid client_secret parameter")


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())
