"""The adapter: token and request id go out, answers come in, and nothing else happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from bot.breaker import Breaker, State
from bot.errors import BudgetSpent, Busy, LookupFailed, NotSetUp, RequestRefused, SourceDown, SourceFailed, Throttled, Unreachable
from bot.network import Network, create_client
from bot.profiles.catalogue import MergePolicy
from bot.profiles.client import AdobeClient, Exchange
from bot.profiles.http import OverClient
from bot.profiles.ports import Tokens
from bot.profiles.wire import EventsRefused, Newest
from bot.question import Identity
from bot.retries import Retries
from tests.broken import KINDS, broken_server
from tests.profiles.invented import ACCOUNT, ADA, ADA_XID, entry, event
from tests.turns import FakeTurn

BASE = "https://platform.example.com"
PAUSE = 0.5
IMPATIENT = Network(connect=0.5, read=0.05)
TOKEN_NOT_VALID = httpx.Response(401, json={"error_code": "401013", "message": "Oauth token is not valid"})


def now() -> float:
    return asyncio.get_running_loop().time()


class Adobe:
    """Answers requests in turn, each after `latency` seconds, and keeps them with their times. An exception is raised."""

    def __init__(self, *answers: object, latency: float = 0) -> None:
        self._answers: Iterator[object] = iter(answers)
        self.latency = latency
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.times.append(now())
        answer = next(self._answers)
        await asyncio.sleep(self.latency)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


class Counted:
    """Tokens t-0, t-1, …: another one each time one is refused. Or none, for the reason of `failure`."""

    def __init__(self, failure: LookupFailed | None = None) -> None:
        self.refused: list[str] = []
        self.failure = failure

    async def token(self, refused: str | None = None) -> str:
        if self.failure:
            raise self.failure
        self.refused += [refused] if refused else []
        return f"t-{len(self.refused)}"


def nothing(exchange: Exchange) -> None: ...


@asynccontextmanager
async def client_of(
    adobe: Adobe,
    *,
    breaker: Breaker | None = None,
    attempts: int = 1,
    tokens: Tokens | None = None,
    observe: Callable[[Exchange], None] = nothing,
    base: str = BASE,
    most_bytes: int = 2_000_000,
) -> AsyncIterator[AdobeClient]:
    yield AdobeClient(
        OverClient(httpx.AsyncClient(transport=httpx.MockTransport(adobe))),
        base,
        ACCOUNT,
        tokens or Counted(),
        breaker=breaker or breaker_of(),
        retries=Retries(attempts, PAUSE),
        most_bytes=most_bytes,
        observe=observe,
        clock=iter(range(99)).__next__,
    )


def breaker_of(failures: int = 100, pause: float = 10) -> Breaker:
    return Breaker(clock=now, failures=failures, pause=pause)


@pytest.fixture
def turn() -> FakeTurn:
    return FakeTurn()


async def test_profile(turn: FakeTurn) -> None:
    """One request brings the profile; it carries the token, and an id of its own."""
    adobe, seen = Adobe({ADA_XID: entry()}, {ADA_XID: entry()}), list[Exchange]()
    async with client_of(adobe, observe=seen.append) as client:
        assert (await client.profile(ADA, ("person",), turn)).xid == ADA_XID
        await client.profile(ADA, ("person",), turn)

    one, other = adobe.requests
    assert (one.url.host, one.url.path, one.url.params["entityId"]) == (
        "platform.example.com",
        "/data/core/ups/access/entities",
        "ada@example.com",
    )
    assert one.headers["authorization"] == "Bearer t-0"
    assert one.headers["x-sandbox-name"] == "prod"
    assert one.headers["x-request-id"] != other.headers["x-request-id"]
    assert seen[0] == Exchange("profile", one.headers["x-request-id"], 200, 1)


async def test_renewed_token(turn: FakeTurn) -> None:
    """A token that Adobe calls invalid is renewed, and the call sent again with another request id."""
    adobe = Adobe(TOKEN_NOT_VALID, {ADA_XID: entry()})
    async with client_of(adobe) as client:
        await client.profile(ADA, (), turn)

    assert [each.headers["authorization"] for each in adobe.requests] == ["Bearer t-0", "Bearer t-1"]
    assert turn.permits == 2
    assert len({each.headers["x-request-id"] for each in adobe.requests}) == 2


async def test_renewed_only_once(turn: FakeTurn) -> None:
    """A new token that is refused too is an admin's business."""
    adobe = Adobe(TOKEN_NOT_VALID, TOKEN_NOT_VALID)
    async with client_of(adobe) as client:
        with pytest.raises(NotSetUp) as caught:
            await client.profile(ADA, (), turn)

    assert (caught.value.status, caught.value.code, len(adobe.requests)) == (401, "401013", 2)


def page(*times: int, href: str = "") -> object:
    return {"children": [event(str(time)) for time in times], "_links": {"next": {"href": href}}}


async def test_events_on_one_page(turn: FakeTurn) -> None:
    """One page suffices where it brings all that was asked for, whatever comes after it."""
    adobe = Adobe(page(1, 2, 3, href="/entities?start=4"))
    async with client_of(adobe) as client:
        assert (await client.events(ADA, ("_id",), 2, turn)).children == (event("1"), event("2"))

    assert len(adobe.requests) == 1


async def test_events_on_several_pages(turn: FakeTurn) -> None:
    """Links are followed as they stand until there are enough, or no more."""
    adobe = Adobe(page(1, href="/entities?start=2&fields=a,b&entityId=ada%40example.com"), page(2, href=""))
    async with client_of(adobe) as client:
        assert (await client.events(ADA, ("_id",), 50, turn)).children == (event("1"), event("2"))

    assert str(adobe.requests[1].url) == f"{BASE}/data/core/ups/access/entities?start=2&fields=a,b&entityId=ada%40example.com"


async def test_links_that_lead_nowhere(turn: FakeTurn) -> None:
    """An empty page ends the list even if it links to another."""
    adobe = Adobe(page(1, href="/entities?start=1"), page(href="/entities?start=1"))
    async with client_of(adobe) as client:
        assert (await client.events(ADA, (), 50, turn)).children == (event("1"),)


async def test_links_to_another_host(turn: FakeTurn) -> None:
    """No token goes to another host; and the events count as cut there."""
    adobe = Adobe(page(1, href="https://elsewhere.example.com/entities?start=2"))
    async with client_of(adobe) as client:
        assert await client.events(ADA, (), 50, turn) == Newest((event("1"),), complete=False)


async def test_base_path(turn: FakeTurn) -> None:
    """The source may live below a path."""
    adobe = Adobe(page(1, href="/entities?start=2"), page(2))
    async with client_of(adobe, base="http://localhost:8000/hub") as client:
        await client.events(ADA, (), 50, turn)

    assert [each.url.path for each in adobe.requests] == ["/hub/data/core/ups/access/entities"] * 2


async def test_audience_names(turn: FakeTurn) -> None:
    """Names are asked for by id; those that aren't found are left out."""
    results = {
        "a-1": {"id": "a-1", "audienceId": "x-1", "name": " Runners "},
        "a-2": {"errors": {"404": [{"code": 404}]}},
        "a-3": {"name": ""},
        "a-4": 7,
    }
    adobe = Adobe(httpx.Response(207, json={"results": results}))
    async with client_of(adobe) as client:
        assert await client.audience_names([f"a-{number}" for number in range(100)], turn) == {"a-1": "Runners", "x-1": "Runners"}

    assert [each.content.count(b'"id"') for each in adobe.requests] == [100]
    assert adobe.requests[0].url.path == "/data/core/ups/audiences/bulk-get"
    assert adobe.requests[0].headers["content-type"] == "application/json"


async def test_merge_policies(turn: FakeTurn) -> None:
    """Merge policies have an id, a name, and one is the default."""
    children = [{"id": "m-1", "name": "Default", "default": True}, {"id": "m-2"}, {"name": "no id"}, 7]
    async with client_of(Adobe({"children": children})) as client:
        assert await client.merge_policies(turn) == (MergePolicy("m-1", "Default", True), MergePolicy("m-2", ""))


async def test_namespaces(turn: FakeTurn) -> None:
    """Namespaces are known by their codes."""
    async with client_of(Adobe([{"code": "Email"}, {"name": "no code"}, 7])) as client:
        assert await client.namespaces(turn) == ("Email",)


async def test_union_schema(turn: FakeTurn) -> None:
    """The union schema is asked for in a version, and may be larger than any answer about a customer."""
    adobe = Adobe({"properties": {}})
    async with client_of(adobe, most_bytes=2) as client:
        assert await client.union_schema(turn) == {"properties": {}}

    assert adobe.requests[0].headers["accept"].endswith(";version=1")
    assert adobe.requests[0].url.path == "/data/foundation/schemaregistry/tenant/unions/_xdm.context.profile__union"


@pytest.mark.parametrize("call", ["merge_policies", "namespaces", "union_schema"])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(403, json={"error_code": "403027"}), "not_set_up"),
        (httpx.Response(500), "source_failed"),
        ("a text", "source_failed"),
        (httpx.Response(200, text="<html>"), "source_failed"),
    ],
)
async def test_around_profiles_failed(call: str, answer: object, kind: str, turn: FakeTurn) -> None:
    """What surrounds profiles fails as profiles do."""
    async with client_of(Adobe(answer)) as client:
        with pytest.raises(LookupFailed) as caught:
            await getattr(client, call)(turn)
    assert caught.value.kind == kind


@pytest.mark.parametrize("answer", [httpx.Response(500), [], {"results": []}])
async def test_audience_names_failed(answer: object, turn: FakeTurn) -> None:
    """Names that can't be read are a failure of the source."""
    async with client_of(Adobe(answer)) as client:
        with pytest.raises(SourceFailed):
            await client.audience_names(["a-1"], turn)


@pytest.mark.parametrize("value", ["ada\ud800@example.com", "a" * 70_000])
async def test_a_value_that_no_address_can_carry(value: str, turn: FakeTurn) -> None:
    """Such a value is refused before anything is sent or a permit taken, and nothing of it is in the error."""
    seen = list[Exchange]()
    async with client_of(Adobe(), observe=seen.append) as client:
        with pytest.raises(RequestRefused) as caught:
            await client.profile(Identity("Email", value), (), turn)
    assert (caught.value.__context__, seen, turn.permits) == (None, [], 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_broken_source(kind: str, turn: FakeTurn) -> None:
    """Whatever is broken at the source ends as an error of ours, and the same session then brings the profile."""
    good = b'{"%s": {"entity": {"x": 1}}}' % ADA_XID.encode()
    async with (
        create_client(IMPATIENT) as http,
        broken_server(kind) as broken,
        broken_server(kind, times=0, good=good) as mended,
    ):
        client, other = (
            AdobeClient(
                OverClient(http),
                url,
                ACCOUNT,
                Counted(),
                breaker=breaker_of(),
                retries=Retries(1, PAUSE),
                most_bytes=2_000_000,
            )
            for url in (broken, mended)
        )
        for ask in (
            client.profile(ADA, ("person",), turn),
            client.events(ADA, (), 50, turn),
            client.audience_names(["a-1"], turn),
        ):
            with pytest.raises((SourceFailed, Unreachable)):
                await ask
        assert (await other.profile(ADA, (), turn)).xid == ADA_XID


# -- retries ---------------------------------------------------------------------------------------------------------------------

PASSING = (*(httpx.Response(status) for status in (429, 500, 502, 503, 504)), httpx.ConnectTimeout(""), httpx.ReadError(""))
LASTING = (*(httpx.Response(status) for status in (400, 401, 403, 404, 422, 501, 505)), httpx.DecodingError(""), "a text")


@pytest.mark.looptime
@pytest.mark.parametrize("failure", PASSING, ids=repr)
async def test_retried(failure: object, turn: FakeTurn) -> None:
    """What may pass is tried again, each time with a permit and a request id of its own."""
    adobe = Adobe(failure, failure, {ADA_XID: entry()})
    async with client_of(adobe, attempts=3) as client:
        assert (await client.profile(ADA, (), turn)).xid == ADA_XID

    assert len({each.headers["x-request-id"] for each in adobe.requests}) == turn.permits == 3


@pytest.mark.parametrize("failure", LASTING, ids=repr)
async def test_not_retried(failure: object, turn: FakeTurn) -> None:
    """What would fail again is not tried again."""
    adobe = Adobe(failure)
    async with client_of(adobe, attempts=3) as client:
        with pytest.raises(LookupFailed):
            await client.profile(ADA, (), turn)

    assert turn.permits == 1


@pytest.mark.looptime
async def test_attempts(turn: FakeTurn) -> None:
    """After the last attempt its error is raised, with nothing of the network's or of the machinery's hanging on it."""
    adobe = Adobe(httpx.ReadError("ada@example.com"), httpx.Response(502), httpx.Response(503))
    async with client_of(adobe, attempts=3) as client:
        with pytest.raises(SourceFailed) as caught:
            await client.profile(ADA, (), turn)

    assert (caught.value.status, caught.value.__context__, caught.value.__cause__) == (503, None, None)


@pytest.mark.looptime
async def test_backoff(turn: FakeTurn) -> None:
    """Where Adobe doesn't say, the pauses double, and each is up to one pause longer by chance."""
    adobe = Adobe(*[httpx.Response(500)] * 4)
    async with client_of(adobe, attempts=4) as client:
        with pytest.raises(SourceFailed):
            await client.profile(ADA, (), turn)
    waits = [later - earlier for earlier, later in zip(adobe.times, adobe.times[1:], strict=False)]

    assert [wait // PAUSE in {times, times + 1} for wait, times in zip(waits, (1, 2, 4), strict=True)] == [True] * 3


@pytest.mark.looptime
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(429, headers={"retry-after": "3"}),
        httpx.Response(429, json=[{"statusCode": "429", "retryAfterMs": 3000}]),
    ],
)
async def test_told_to_wait(answer: httpx.Response, turn: FakeTurn) -> None:
    """It waits as long as Adobe says, and the turn is told of each 429: for how long, and when the call was sent."""
    turn.wait = 1
    adobe = Adobe(answer, answer, {ADA_XID: entry()}, latency=0.1)
    async with client_of(adobe, attempts=3) as client:
        await client.profile(ADA, (), turn)

    assert adobe.times == pytest.approx([1, 5.1, 9.2])
    assert [retry_after for retry_after, _ in turn.throttlings] == [3, 3]
    assert [sent for _, sent in turn.throttlings] == adobe.times[:2]


@pytest.mark.looptime
async def test_throttled_without_a_word(turn: FakeTurn) -> None:
    """Events and names tell the turn as well, even if Adobe doesn't say how long to wait."""
    adobe = Adobe(httpx.Response(429), httpx.Response(429))
    async with client_of(adobe) as client:
        for ask in (client.events(ADA, (), 50, turn), client.audience_names(["a-1"], turn)):
            with pytest.raises(Throttled):
                await ask

    assert turn.throttlings == [(None, 0), (None, 0)]


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("until", "retry_after", "sent"),
    [(8, 7, 2), (8, 8, 1), (8, 9, 1), (0.8, None, 1), (1.5, None, 2)],
)
async def test_within_the_deadline(until: float, retry_after: float | None, sent: int, turn: FakeTurn) -> None:
    """If the wait would end too late for another answer, the error is raised at once, with the true wait."""
    turn.until = until
    refused = httpx.Response(429, headers={"retry-after": str(retry_after)} if retry_after else {})
    adobe = Adobe({ADA_XID: entry()}, *[refused] * 2, latency=0.05)
    async with client_of(adobe, attempts=2) as client:
        await client.profile(ADA, (), turn)
        with pytest.raises(Throttled) as caught:
            await client.profile(ADA, (), turn)

    assert (caught.value.retry_after, len(adobe.requests) - 1) == (retry_after, sent)
    assert sent == 2 or now() == pytest.approx(0.1)


@pytest.mark.looptime
async def test_what_a_call_takes(turn: FakeTurn) -> None:
    """What a call usually takes must fit in after the wait, too."""
    turn.until = 12.5
    adobe = Adobe({ADA_XID: entry()}, httpx.Response(429, headers={"retry-after": "4"}), latency=4)
    async with client_of(adobe, attempts=2) as client:
        await client.profile(ADA, (), turn)
        with pytest.raises(Throttled):
            await client.profile(ADA, (), turn)

    assert now() == pytest.approx(8)


@pytest.mark.parametrize("refusal", [Busy(3), BudgetSpent(3600)])
async def test_no_permit(refusal: LookupFailed, turn: FakeTurn) -> None:
    """Without a permit nothing is sent, nor is it tried again."""
    turn.refusal = refusal
    breaker = breaker_of(failures=1)
    async with client_of(Adobe(), attempts=3, breaker=breaker) as client:
        with pytest.raises(type(refusal)) as caught:
            await client.profile(ADA, (), turn)

    assert (caught.value, breaker.state) == (refusal, State.CLOSED)


# -- breaker ---------------------------------------------------------------------------------------------------------------------


async def opened_by(failure: object) -> bool:
    """Whether one such answer is a failure for the breaker."""
    breaker, turn = breaker_of(failures=1), FakeTurn()
    async with client_of(Adobe(failure), breaker=breaker) as client:
        with suppress(LookupFailed, EventsRefused):
            await client.events(ADA, (), 50, turn)
    return breaker.state is State.OPEN


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (page(1), False),
        *((httpx.Response(status), False) for status in (302, 400, 401, 403, 404, 422, 429)),
        (httpx.Response(501, json={"message": "event lookup is not enabled"}), False),
        *((httpx.Response(status), True) for status in (500, 501, 502, 503, 504, 520)),
        (httpx.ConnectTimeout(""), True),
        (httpx.DecodingError(""), True),
        ("a text", True),
        (httpx.Response(200, text="<html>"), True),
    ],
    ids=repr,
)
async def test_outcomes(answer: object, expected: bool) -> None:
    """Whatever can be read shows that Adobe is there; 5xx, nonsense and silence that it isn't."""
    assert await opened_by(answer) is expected


@pytest.mark.looptime
async def test_down(turn: FakeTurn) -> None:
    """While the breaker is open nothing is sent, no permit is taken, and whoever asks is told when to come again."""
    adobe, tokens = Adobe(httpx.Response(500), httpx.Response(500)), Counted()
    async with client_of(adobe, breaker=breaker_of(failures=2, pause=10), tokens=tokens, attempts=2) as client:
        with pytest.raises(SourceFailed):
            await client.profile(ADA, (), turn)
        tokens.failure = NotSetUp(401)
        await asyncio.sleep(4)
        with pytest.raises(SourceDown) as caught:
            await client.profile(ADA, (), turn)

    assert caught.value.retry_after == pytest.approx(6, abs=1)
    assert (turn.permits, len(adobe.requests)) == (2, 2)


@pytest.mark.looptime
async def test_opened_between_attempts(turn: FakeTurn) -> None:
    """A retry is a call like any other: it isn't sent once the breaker has opened."""
    async with client_of(Adobe(httpx.Response(500)), breaker=breaker_of(failures=1), attempts=3) as client:
        with pytest.raises(SourceDown):
            await client.profile(ADA, (), turn)


@pytest.mark.looptime
@pytest.mark.parametrize("failure", [SourceFailed(503), Unreachable(), SourceDown(2)], ids=repr)
async def test_no_token(failure: LookupFailed, turn: FakeTurn) -> None:
    """Where no token is to be had, that is not Adobe's failure, and costs no permit."""
    breaker = breaker_of(failures=1)
    async with client_of(Adobe(), breaker=breaker, tokens=Counted(failure), attempts=2) as client:
        with pytest.raises(type(failure)):
            await client.profile(ADA, (), turn)

    assert (breaker.state, turn.permits) == (State.CLOSED, 0)


async def test_throttled_tokens(turn: FakeTurn) -> None:
    """A throttled IMS says nothing of the platform's quota."""
    async with client_of(Adobe(), tokens=Counted(Throttled(1))) as client:
        with pytest.raises(Throttled):
            await client.profile(ADA, (), turn)

    assert turn.throttlings == []


HANGS = 100.0


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("cancelled", "waited", "expected"),
    [(8, 0, State.OPEN), (2, 0, State.CLOSED), (8, 7.85, State.CLOSED), (8, 7.2, State.OPEN)],
    ids=["hangs until the deadline", "its asker lost patience", "sent at the very end", "hangs, though sent late"],
)
async def test_cancelled(cancelled: float, waited: float, expected: State) -> None:
    """A call that hangs until the flight's deadline is a failure, one that is cancelled for another reason none."""
    breaker = breaker_of(failures=1)
    adobe = Adobe({ADA_XID: entry()}, {}, latency=0.1)
    async with client_of(adobe, breaker=breaker) as client:
        await client.profile(ADA, (), FakeTurn())
        adobe.latency, began = HANGS, now()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(cancelled):
                await client.profile(ADA, (), FakeTurn(until=began + 8, wait=waited))

    assert breaker.state is expected


@pytest.mark.looptime
async def test_probe(turn: FakeTurn) -> None:
    """The flight that tries again may make all its calls before their outcome is known; the others wait."""
    adobe = Adobe(httpx.Response(500), {ADA_XID: entry()}, page(1), latency=1)
    async with client_of(adobe, breaker=breaker_of(failures=1)) as client:
        with pytest.raises(SourceFailed):
            await client.profile(ADA, (), FakeTurn())
        await asyncio.sleep(10)
        profile = asyncio.create_task(client.profile(ADA, (), turn))
        events = asyncio.create_task(client.events(ADA, (), 50, turn))
        await asyncio.sleep(0.5)
        with pytest.raises(SourceDown):
            await client.profile(ADA, (), FakeTurn())

        assert ((await profile).xid, (await events).children) == (ADA_XID, (event("1"),))


@pytest.mark.looptime
async def test_probe_given_up(turn: FakeTurn) -> None:
    """If the flight that tries is cancelled early, the next may try at once."""
    adobe = Adobe(httpx.Response(500), {}, {ADA_XID: entry()}, latency=1)
    async with client_of(adobe, breaker=breaker_of(failures=1)) as client:
        with pytest.raises(SourceFailed):
            await client.profile(ADA, (), FakeTurn())
        await asyncio.sleep(10)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.profile(ADA, (), FakeTurn())

        assert (await client.profile(ADA, (), turn)).xid == ADA_XID
