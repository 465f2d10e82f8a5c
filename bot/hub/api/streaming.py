"""Streaming ingestion: `POST /collection/{inlet}` and `/collection/batch/{inlet}` (Adobe's `streaming-ingestion.yaml`).

There is nothing to set up before: any id names an inlet, and each wants the caller's token. As with Adobe, who asks for no
validation learns only that the message was received; a record that turns out to be wrong is kept among the rejects. Here that is
answered after the record is stored, or kept, durably.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.hub.answers import Json
from bot.hub.api.messages import INVALID, UNKNOWN_FORMAT, Unusable, submission_in
from bot.hub.api.services import HubServices
from bot.hub.errors import Refused
from bot.hub.ims import Credentials, Tokens
from bot.hub.ingestion.inlet import InletDown, Submission
from bot.hub.model import Xdm

LARGEST = 1_000_000
"""Bytes of a request ("The payload is larger than 1 MB": 413)."""

_TYPE = "http://ns.adobe.com/adobecloud/problem/data-collection-service"
_PATIENCE = "1"
"""Seconds after which it is worth trying again: as long as a new process takes to start."""


def collection(hub: HubServices, tokens: Tokens) -> Mount:
    """What is below `/collection`, beside `/data`: with Adobe it is a host of its own, whose gateway asks for a token alone."""
    streaming = Streaming(hub)
    return Mount(
        "/collection",
        routes=[
            Route("/batch/{inlet}", streaming.several, methods=["POST"]),
            Route("/{inlet}", streaming.one, methods=["POST"]),
        ],
        middleware=[Middleware(Door, credentials=hub.credentials, tokens=tokens)],
    )


class Door:
    """Middleware that lets in who has a token, and names no other sandbox. Raises `Refused` (401, 403)."""

    def __init__(self, app: ASGIApp, *, credentials: Credentials, tokens: Tokens) -> None:
        self._app = app
        self._credentials = credentials
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or refuse it."""
        request = Request(scope)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            raise _unauthorized("[id] Ims service token is empty")
        if scheme.lower() != "bearer" or not self._tokens.good(token.strip()):
            raise _unauthorized("[id] Ims service token is not valid")
        if request.headers.get("x-sandbox-name", self._credentials.sandbox) != self._credentials.sandbox:
            raise Refused(403, _problem(403, "Forbidden", "x-sandbox-name names no sandbox of this organisation"))
        await self._app(scope, receive, send)


@dataclass(frozen=True)
class Streaming:
    """Takes messages in. `number` numbers the calls: an xactionId is when, in which process, and which of its calls."""

    hub: HubServices
    number: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)

    async def one(self, request: Request) -> Response:
        """`POST /collection/{inlet}`. Raises `Refused` (400, 413)."""
        inlet, received = request.path_params["inlet"], self.hub.now
        validates = request.query_params.get("syncValidation", "false").lower() == "true"
        message = await self._parsed(request)
        try:
            submission = submission_in(message, self.hub.organisation, self.hub.credentials.org_id, listed=not validates)
        except Unusable as unusable:
            raise self._invalid(inlet, unusable.told, unusable.detail) from None
        try:
            [outcome] = await self.hub.inlet.take([submission])
        except InletDown:
            return _down()
        if validates and not outcome.accepted:
            raise self._invalid(inlet, INVALID, outcome.reason, outcome.path)
        answer = {"inletId": inlet, "xactionId": self._id(received), "receivedTimeMs": received}
        return Json(answer | {"syncValidation": {"status": "pass"} if validates else {"skipped": True}})

    async def several(self, request: Request) -> Response:
        """`POST /collection/batch/{inlet}`: 207, with what became of each message. Raises `Refused` (400, 413)."""
        inlet, received = request.path_params["inlet"], self.hub.now
        body = await self._parsed(request)
        messages = body.get("messages") if isinstance(body, dict) else None
        if not isinstance(messages, list):
            raise self._invalid(inlet, UNKNOWN_FORMAT, "messages is missing: a list of messages")
        read = [self._read(message) for message in messages]
        try:
            await self.hub.inlet.take([each for each in read if isinstance(each, Submission)])
        except InletDown:
            return _down()
        batch = self._id(received)
        responses = [
            {"statusCode": 400, "message": self._told(inlet, f"{each.told}: {each.detail}")}
            if isinstance(each, Unusable)
            else {"xactionId": f"{batch}:{place}"}
            for place, each in enumerate(read)
        ]
        return Json({"inletId": inlet, "batchId": batch, "receivedTimeMs": received, "responses": responses}, 207)

    async def _parsed(self, request: Request) -> Any:
        """The body's JSON. Raises `Refused` (400, 413)."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                raise Refused(413, _problem(413, "Payload Too Large", f"the request is larger than {LARGEST} bytes"))
        try:
            return orjson.loads(bytes(body))
        except orjson.JSONDecodeError as error:
            where = f"the body isn't JSON: {error.msg} (line {error.lineno}, column {error.colno})"
            raise self._invalid(request.path_params["inlet"], UNKNOWN_FORMAT, where) from None

    def _read(self, message: Any) -> Submission | Unusable:
        try:
            return submission_in(message, self.hub.organisation, self.hub.credentials.org_id, listed=True)
        except Unusable as unusable:
            return unusable

    def _invalid(self, inlet: str, told: str, reason: str, path: str = "") -> Refused:
        """As "Streaming ingestion validation" shows it."""
        pointer = "/".join(("#", *path.split("."))) if path else "#"
        violation = {"schemaLocation": "#", "pointerToViolation": pointer, "causingExceptions": [], "message": reason}
        problem = _problem(400, "Invalid XDM Message Format", self._told(inlet, told))
        problem["report"]["cause"] = {"_streamingValidation": [violation]}
        return Refused(400, problem)

    def _told(self, inlet: str, sentence: str) -> str:
        return f"inletId: [{inlet}] imsOrgId: [{self.hub.credentials.org_id}] {sentence}"

    def _id(self, received: int) -> str:
        return f"{received}:{os.getpid() % 10_000:04}:{self.number()}"


def _problem(status: int, title: str, message: str) -> Xdm:
    return {"type": f"{_TYPE}/inlet", "status": status, "title": title, "report": {"message": message}}


def _unauthorized(message: str) -> Refused:
    """Here Adobe spells the status as text ("Create a streaming connection", authenticated connections)."""
    body = {"type": f"{_TYPE}-authorization", "status": "401", "title": "Authorization", "report": {"message": message}}
    return Refused(401, body)


def _down() -> Response:
    body = _problem(503, "Service Unavailable", "nothing can be stored at the moment; sending it again is harmless")
    return Json(body, 503, {"Retry-After": _PATIENCE})
