"""The client of Adobe's API: add token and request id, send, let the wire layer decipher; again where that may help."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar
from uuid import uuid4

from bot.breaker import Breaker
from bot.errors import NotSetUp, Throttled
from bot.profiles import catalogue, wire
from bot.profiles.guard import admitted, judged
from bot.profiles.http import Outgoing, Send
from bot.profiles.ports import Tokens, Turn
from bot.profiles.refusals import TOKEN_NOT_VALID
from bot.question import Identity
from bot.retries import Retries
from bot.telemetry import unobserved
from bot.tracing import Trace, untraced

T = TypeVar("T")

MOST_SCHEMA_BYTES = 50_000_000
SMOOTHING = 8
"""How much the latest call counts in what a call usually takes: an eighth, as in TCP's round-trip time (RFC 6298)."""
FIRST_GUESS = 0.25
"""Seconds that a call usually takes, before any was measured; and the least that it must have had to be taken for hanging."""
SOON = 0.05
"""Seconds around the end of a turn in which a cancellation is due to it: a timer may fire a hair early, and much later only if
this process is too busy to see what was answered.
"""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call that was sent, for logs. `status` is None when no answer came; `seconds` is how long it took."""

    operation: str
    request_id: str
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """What is sent, how the answer is read, and how many bytes of it at most."""

    request: wire.Request
    read: Callable[[wire.Answer], T]
    most_bytes: int


class AdobeClient:
    """Asks Adobe, or whoever speaks its API.

    Each method asks on behalf of one `turn`, and raises a leaf of LookupFailed if there is no usable answer: SourceDown while the
    breaker is open, Busy or BudgetSpent where the turn has no permit.

    Args:
        send: sends requests.
        url: the platform's address.
        account: organisation, sandbox, key, merge policy.
        tokens: where access tokens come from.
        breaker: the platform's; a turn is its caller.
        retries: how often a call that fails is sent, within the turn's deadline.
        most_bytes: a larger answer is cut off, as SourceFailed.
        observe: told of each call after it; must not raise.
        trace: records each call.
        clock: monotonic, in seconds; measures calls.
    """

    def __init__(
        self,
        send: Send,
        url: str,
        account: wire.Account,
        tokens: Tokens,
        *,
        breaker: Breaker,
        retries: Retries,
        most_bytes: int,
        observe: Callable[[Exchange], None] = unobserved,
        trace: Trace = untraced,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._base = url.rstrip("/")
        self._account = account
        self._tokens = tokens
        self._breaker = breaker
        self._retries = retries
        self._most_bytes = most_bytes
        self._observe = observe
        self._trace = trace
        self._clock = clock
        self._usual = FIRST_GUESS
        self._heard = float("-inf")

    async def sign_in(self, turn: Turn) -> None:
        """Have a token at hand."""
        await self._retries(self._tokens.token, fits=lambda wait: self._ends(wait) <= turn.until)

    async def profile(self, identity: Identity, fields: Sequence[str], turn: Turn) -> wire.RawProfile:
        """The attributes at `fields`, which are dotted XDM paths."""
        request = wire.profile_request(self._account, identity, fields)
        return await self._ask(request, partial(wire.read_profile, identity=identity), turn)

    async def events(self, identity: Identity, fields: Sequence[str], limit: int, turn: Turn) -> wire.Newest:
        """The newest events, at most `limit`. Links to further pages are followed while they bring something.

        Raises:
            EventsRefused: the organisation has no event look-up.
        """
        request: wire.Request = wire.events_request(self._account, identity, fields, limit)
        read = partial(wire.read_events, identity=identity, base=self._base)
        events: list[wire.Json] = []
        while True:
            page = await self._ask(request, read, turn)
            events += page.children
            if not page.children or not page.next or len(events) >= limit:
                return wire.Newest(tuple(events[:limit]), complete=len(events) < limit and not page.cut)
            request = wire.more_events_request(self._account, page.next)

    async def audience_names(self, ids: Sequence[str], turn: Turn) -> dict[str, str]:
        """Name by id, of at most `catalogue.MOST_AUDIENCES` ids; audiences that Adobe doesn't know are left out."""
        return await self._ask(catalogue.audiences_request(self._account, ids), catalogue.read_audience_names, turn)

    async def merge_policies(self, turn: Turn) -> tuple[catalogue.MergePolicy, ...]:
        """The merge policies for profiles."""
        return await self._ask(catalogue.merge_policies_request(self._account), catalogue.read_merge_policies, turn)

    async def namespaces(self, turn: Turn) -> tuple[str, ...]:
        """The codes of the organisation's identity namespaces."""
        return await self._ask(catalogue.namespaces_request(self._account), catalogue.read_namespaces, turn)

    async def union_schema(self, turn: Turn) -> wire.Json:
        """The union schema for profiles, which is megabytes in large organisations."""
        request = catalogue.union_request(self._account)
        return await self._ask(request, catalogue.read_union, turn, most_bytes=MOST_SCHEMA_BYTES)

    async def _ask(
        self, request: wire.Request, read: Callable[[wire.Answer], T], turn: Turn, *, most_bytes: int | None = None
    ) -> T:
        call = Call(request, read, most_bytes or self._most_bytes)
        return await self._retries(partial(self._attempt, call, turn), fits=lambda wait: self._ends(wait) <= turn.until)

    async def _attempt(self, call: Call[T], turn: Turn) -> T:
        """A token that Adobe calls invalid is renewed once, and the call sent again."""
        with admitted(self._breaker, turn):
            token = await self._tokens.token()
            try:
                return await self._sent(call, token, turn)
            except NotSetUp as error:
                if error.code != TOKEN_NOT_VALID:
                    raise
            return await self._sent(call, await self._tokens.token(refused=token), turn)

    async def _sent(self, call: Call[T], token: str, turn: Turn) -> T:
        request_id = str(uuid4())
        built = self._built(call.request, token, request_id)
        await turn.permit()
        sent = _now()
        try:
            with judged(self._breaker, turn, hung=lambda: self._hung(sent, turn)):
                answer = await self._observed(call, built, request_id)
                result = call.read(answer)
        except Throttled as error:
            await turn.throttled(error.retry_after, sent)
            raise
        self._usual += (_now() - sent - self._usual) / SMOOTHING
        return result

    async def _observed(self, call: Call[T], built: Outgoing, request_id: str) -> wire.Answer:
        began, status, operation = self._clock(), None, call.request.operation
        with self._trace("adobe", operation=operation, request_id=request_id) as span:
            try:
                answer = await self._send(built, most_bytes=call.most_bytes)
                status, self._heard = answer.status, _now()
                span.tell(status=status)
                return answer
            finally:
                self._observe(Exchange(operation, request_id, status, self._clock() - began))

    def _ends(self, wait: float) -> float:
        """When a call will have been answered that is sent in `wait` seconds."""
        return _now() + wait + self._usual

    def _hung(self, sent: float, turn: Turn) -> bool:
        """Whether a call that is cancelled now had its time: the turn is over, it wasn't sent at its very end, and no other call
        was answered since.

        Events that are merely late are cancelled before, or after attributes have come.
        """
        now = _now()
        ended = abs(now - turn.until) < SOON
        return ended and now - sent > max(2 * self._usual, FIRST_GUESS) and self._heard <= sent

    def _built(self, request: wire.Request, token: str, request_id: str) -> Outgoing:
        headers = {**request.headers, "authorization": f"Bearer {token}", "x-request-id": request_id}
        return Outgoing(request.method, self._base + request.path, headers, request.body)


def _now() -> float:
    return asyncio.get_running_loop().time()
