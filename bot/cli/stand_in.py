"""A stand-in for Slack, for the demo: it takes what the service sends, and signs what a person types.

It answers the Web API methods that the service calls and takes what is posted to response_urls.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import time
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

TEAM, USER = "T0DEMO", "U0DEMO"


class StandIn:
    """Slack's side of one workspace with one member. `locale` and `tz` are the member's."""

    def __init__(self, *, signing_secret: str, locale: str, tz: str) -> None:
        self._secret = signing_secret.encode()
        self._member = {"id": USER, "locale": locale, "tz": tz}
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self.asgi = Starlette(
            routes=[
                Route("/api/auth.test", self._auth_test, methods=["POST"]),
                Route("/api/users.info", self._users_info, methods=["GET", "POST"]),
                Route("/response/{number}", self._response, methods=["POST"]),
            ]
        )

    async def command(self, text: str, *, service: str, here: str) -> Any:
        """Send a signed `/customer <text>` to the service at `service` and give the message that a member would see.

        `here` is this stand-in's own address.
        """
        number = str(next(self._numbers))
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        form = {
            "command": "/customer",
            "text": text,
            "team_id": TEAM,
            "user_id": USER,
            "channel_id": "C0DEMO",
            "response_url": f"{here}/response/{number}",
        }
        async with httpx.AsyncClient(trust_env=False) as http:
            acked = await http.post(f"{service}/slack/events", **self.signed(urlencode(form).encode()))
        acked.raise_for_status()
        message = orjson.loads(acked.content)
        if "blocks" in message:
            return message
        return await answer

    def signed(self, body: bytes) -> dict[str, Any]:
        """`body` with the headers of a request that Slack sent just now."""
        timestamp = str(int(time.time()))
        signature = hmac.digest(self._secret, f"v0:{timestamp}:".encode() + body, "sha256").hex()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": f"v0={signature}",
        }
        return {"content": body, "headers": headers}

    async def _auth_test(self, _request: Request) -> Response:
        return JSONResponse({"ok": True, "team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT"})

    async def _users_info(self, _request: Request) -> Response:
        return JSONResponse({"ok": True, "user": self._member})

    async def _response(self, request: Request) -> Response:
        self._waiting[request.path_params["number"]].set_result(orjson.loads(await request.body()))
        return PlainTextResponse("ok")
