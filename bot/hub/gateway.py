"""Adobe's gateway: who may reach the services behind it ("Experience Platform FAQ and troubleshooting guide")."""

from __future__ import annotations

import uuid

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.hub import errors
from bot.hub.ims import Credentials, Tokens
from bot.hub.model import Xdm


class Gateway:
    """Middleware that checks the four required headers of each call. Raises `Refused` for the first that is missing or wrong."""

    def __init__(self, app: ASGIApp, *, credentials: Credentials, tokens: Tokens) -> None:
        self._app = app
        self._credentials = credentials
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or refuse it."""
        headers = Headers(scope=scope)
        self._check_token(headers)
        self._check_key(headers)
        self._check_tenant(headers)
        await self._app(scope, receive, send)

    def _check_token(self, headers: Headers) -> None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if not token:
            raise errors.gateway(403, "403010", "Oauth token is missing.")
        if scheme.lower() != "bearer" or not self._tokens.good(token.strip()):
            raise errors.gateway(401, "401013", "Oauth token is not valid")

    def _check_key(self, headers: Headers) -> None:
        key = headers.get("x-api-key")
        if not key:
            raise errors.gateway(403, "403000", "Api Key is required")
        if key != self._credentials.client_id:
            raise errors.gateway(403, "403003", "Api Key is invalid")

    def _check_tenant(self, headers: Headers) -> None:
        org_id, sandbox = headers.get("x-gw-ims-org-id"), headers.get("x-sandbox-name")
        if not org_id or not sandbox:
            raise errors.gateway(400, "400003", "Missing header")
        if org_id != self._credentials.org_id:
            raise errors.gateway(403, "403025", "Profile is not valid")
        # Adobe documents no error for a sandbox that isn't there. Inferred: this is the one for data that was never set up.
        if sandbox != self._credentials.sandbox:
            raise errors.profile(403, "UPS-ACC-1000004: IMS Org is not provisioned.")


def tenant(credentials: Credentials) -> Xdm:
    """The part of every configuration object that says whose it is."""
    return {
        "imsOrgId": credentials.org_id,
        "sandbox": {
            "sandboxId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{credentials.org_id}/{credentials.sandbox}")),
            "sandboxName": credentials.sandbox,
            "type": "development",
            "default": False,
        },
    }
