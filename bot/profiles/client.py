"""The client of Adobe's API: add token and request id, send, let the wire layer decipher."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

import httpx

from bot.errors import RequestRefused
from bot.profiles import catalogue, wire
from bot.profiles.http import send
from bot.profiles.ports import Tokens
from bot.profiles.refusals import token_refused
from bot.question import Identity

MOST_SCHEMA_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call that was sent, for logs. `status` is None when no answer came; `seconds` is how long it took."""

    operation: str
    request_id: str
    status: int | None
    seconds: float


def unobserved(exchange: Exchange) -> None:
    """Observe nothing."""


class AdobeClient:
    """Asks Adobe, or whoever speaks its API.

    Args:
        http: from `create_client`, with the platform's address as its base.
        account: organisation, sandbox, key, merge policy.
        tokens: where access tokens come from.
        most_bytes: a larger answer is cut off, as SourceFailed.
        observe: told of each call after it; must not raise.
        clock: monotonic, in seconds; measures calls.

    Each method raises a leaf of LookupFailed if there is no usable answer.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        account: wire.Account,
        tokens: Tokens,
        *,
        most_bytes: int,
        observe: Callable[[Exchange], None] = unobserved,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._account = account
        self._tokens = tokens
        self._most_bytes = most_bytes
        self._observe = observe
        self._clock = clock

    async def profile(self, identity: Identity, fields: Sequence[str]) -> wire.RawProfile:
        """The attributes at `fields`, which are dotted XDM paths."""
        answer = await self._ask(wire.profile_request(self._account, identity, fields))
        return wire.read_profile(answer, identity)

    async def events(self, identity: Identity, fields: Sequence[str], limit: int) -> tuple[wire.Json, ...]:
        """The newest events, at most `limit`. Links to further pages are followed while they bring something.

        Raises:
            EventsRefused: the organisation has no event look-up.
        """
        request: wire.Request = wire.events_request(self._account, identity, fields, limit)
        events: list[wire.Json] = []
        while True:
            page = wire.read_events(await self._ask(request), identity, self._base)
            events += page.children
            if not page.children or not page.next or len(events) >= limit:
                return tuple(events[:limit])
            request = wire.more_events_request(self._account, page.next)

    async def audience_names(self, ids: Sequence[str]) -> dict[str, str]:
        """Name by id, of at most `catalogue.MOST_AUDIENCES` ids; audiences that Adobe doesn't know are left out."""
        return catalogue.read_audience_names(await self._ask(catalogue.audiences_request(self._account, ids)))

    async def merge_policies(self) -> tuple[catalogue.MergePolicy, ...]:
        """The merge policies for profiles."""
        return catalogue.read_merge_policies(await self._ask(catalogue.merge_policies_request(self._account)))

    async def namespaces(self) -> tuple[str, ...]:
        """The codes of the organisation's identity namespaces."""
        return catalogue.read_namespaces(await self._ask(catalogue.namespaces_request(self._account)))

    async def union_schema(self) -> wire.Json:
        """The union schema for profiles, which is megabytes in large organisations."""
        request = catalogue.union_request(self._account)
        return catalogue.read_union(await self._ask(request, most_bytes=MOST_SCHEMA_BYTES))

    async def _ask(self, request: wire.Request, most_bytes: int | None = None) -> wire.Answer:
        """A token that Adobe calls invalid is renewed once, and the call sent again."""
        token = await self._tokens.token()
        answer = await self._send(request, token, most_bytes or self._most_bytes)
        if token_refused(answer.status, answer.body):
            token = await self._tokens.token(refused=token)
            answer = await self._send(request, token, most_bytes or self._most_bytes)
        return answer

    async def _send(self, request: wire.Request, token: str, most_bytes: int) -> wire.Answer:
        request_id, began, status = str(uuid4()), self._clock(), None
        try:
            answer = await send(self._http, self._built(request, token, request_id), most_bytes=most_bytes)
            status = answer.status
            return answer
        finally:
            self._observe(Exchange(request.operation, request_id, status, self._clock() - began))

    def _built(self, request: wire.Request, token: str, request_id: str) -> httpx.Request:
        headers = {**request.headers, "authorization": f"Bearer {token}", "x-request-id": request_id}
        try:
            return self._http.build_request(request.method, self._url(request), headers=headers, content=request.body)
        except (httpx.InvalidURL, UnicodeError):
            refused = RequestRefused(400)
        raise refused  # outside the handler: a value that no URL can carry is a customer's all the same

    def _url(self, request: wire.Request) -> str:
        """Whole and encoded: httpx would look at each letter of a long list of fields several times (0.3 ms)."""
        query = f"?{urlencode(request.params, safe=',')}" if request.params else ""
        return f"{self._base}{request.path}{query}"

    @property
    def _base(self) -> str:
        return str(self._http.base_url).rstrip("/")
