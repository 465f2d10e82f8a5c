"""Tokens are kept, renewed early, and by one renewal at a time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from bot.breaker import Breaker, State
from bot.errors import LookupFailed, NotSetUp, SourceDown, SourceFailed, Throttled, Unreachable
from bot.network import Network, create_client
from bot.profiles.http import OverClient
from bot.profiles.ims import Credentials, ImsTokens, Token, read_token
from tests.broken import KINDS, broken_server
from tests.factories import Clock
from tests.profiles.invented import answer

CREDENTIALS = Credentials("https://ims.example.com/", "client-1", "secret-1")


@dataclass
class Ims:
    """Gives token-1, token-2, …, each after `delay`, or fails as told."""

    life: float = 1000
    delay: float = 0
    failure: httpx.Response | Exception | None = None
    requests: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(self.delay)
        if isinstance(self.failure, Exception):
            raise self.failure
        token = {"access_token": f"token-{len(self.requests)}", "token_type": "bearer", "expires_in": self.life}
        return self.failure or httpx.Response(200, json=token)


@pytest.fixture
def ims() -> Ims:
    return Ims()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock=clock, failures=3, pause=10)


@pytest.fixture
async def tokens(ims: Ims, breaker: Breaker, clock: Clock) -> AsyncIterator[ImsTokens]:
    tokens = ImsTokens(
        OverClient(httpx.AsyncClient(transport=httpx.MockTransport(ims))), CREDENTIALS, breaker=breaker, clock=clock
    )
    yield tokens
    await tokens.aclose()


async def settled() -> None:
    """Let what runs in the background come to its end."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_request(tokens: ImsTokens, ims: Ims) -> None:
    """A token is asked for as OAuth's client credentials say, in the body and not in the address."""
    assert await tokens.token() == "token-1"

    [request] = ims.requests
    assert (request.method, str(request.url)) == ("POST", "https://ims.example.com/ims/token/v3")
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client-1"],
        "client_secret": ["secret-1"],
        "scope": ["openid,session,AdobeID,read_organizations,additional_info.projectedProductContext"],
    }


async def test_a_token_is_kept(tokens: ImsTokens, ims: Ims, clock: Clock) -> None:
    """A token serves until it nears its end."""
    await tokens.token()
    clock.now = 899

    assert (await tokens.token(), len(ims.requests)) == ("token-1", 1)


async def test_renewed_early(tokens: ImsTokens, ims: Ims, clock: Clock) -> None:
    """Near its end a token is renewed behind the look-ups: none of them waits."""
    await tokens.token()
    clock.now = 900

    assert [await tokens.token(), await tokens.token()] == ["token-1", "token-1"]
    await settled()
    assert (await tokens.token(), len(ims.requests)) == ("token-2", 2)


async def test_early_renewal_fails(tokens: ImsTokens, ims: Ims, clock: Clock) -> None:
    """While the token still serves, a failing renewal harms nobody, and is tried again after a pause."""
    await tokens.token()
    ims.failure = httpx.Response(503)
    for clock.now in (900, 929, 930):
        assert await tokens.token() == "token-1"
        await settled()

    assert len(ims.requests) == 3
    clock.now = 970
    with pytest.raises(SourceFailed):
        await tokens.token()


async def test_one_renewal_at_a_time(tokens: ImsTokens, ims: Ims) -> None:
    """Look-ups that need a token at once share one."""
    assert await asyncio.gather(*(tokens.token() for _ in range(50))) == ["token-1"] * 50
    assert len(ims.requests) == 1


async def test_a_refused_token_is_renewed_once(tokens: ImsTokens, ims: Ims) -> None:
    """Look-ups whose token was refused renew it once; whoever comes late with an older token gets the new one."""
    refused = await tokens.token()

    assert await asyncio.gather(*(tokens.token(refused=refused) for _ in range(50))) == ["token-2"] * 50
    assert await tokens.token(refused=refused) == "token-2"
    assert len(ims.requests) == 2


async def test_failures_are_shared(tokens: ImsTokens, ims: Ims) -> None:
    """When IMS fails, those who wait fail together, and the next one asks again."""
    ims.failure = httpx.Response(500)
    outcomes = await asyncio.gather(*(tokens.token() for _ in range(50)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {SourceFailed}
    assert len(ims.requests) == 1
    ims.failure = None
    assert await tokens.token() == "token-2"


async def test_left_alone(tokens: ImsTokens, ims: Ims, clock: Clock) -> None:
    """After several failures in a row IMS is left alone for a while; the next renewal decides."""
    ims.failure = httpx.Response(500)
    for _ in range(3):
        with pytest.raises(SourceFailed):
            await tokens.token()
    clock.now = 4
    with pytest.raises(SourceDown) as caught:
        await tokens.token()
    assert (caught.value.retry_after, len(ims.requests)) == (6, 3)

    clock.now, ims.failure = 10, None
    assert await tokens.token() == "token-4"


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (httpx.Response(400, json={"error": "invalid_client"}), State.CLOSED),
        (httpx.Response(429), State.CLOSED),
        (httpx.Response(200, text="<html>"), State.OPEN),
        (httpx.ConnectError(""), State.OPEN),
    ],
)
async def test_what_fails(
    tokens: ImsTokens, ims: Ims, breaker: Breaker, failure: httpx.Response | Exception, state: State
) -> None:
    """A refusal shows that IMS is there."""
    ims.failure = failure
    for _ in range(3):
        with pytest.raises(LookupFailed):
            await tokens.token()

    assert breaker.state is state


async def test_a_token_at_hand_serves_while_ims_is_down(tokens: ImsTokens, ims: Ims, clock: Clock, breaker: Breaker) -> None:
    """As long as the token at hand serves, nobody notices that IMS is left alone."""
    await tokens.token()
    for _ in range(3):
        breaker.failed(self := object())
        breaker.left(self)
    clock.now = 9

    assert (await tokens.token(), breaker.state) == ("token-1", State.OPEN)


@pytest.mark.looptime
async def test_a_cancelled_look_up_cancels_no_renewal(tokens: ImsTokens, ims: Ims) -> None:
    """A renewal outlives the look-up that began it."""
    ims.delay = 3
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await tokens.token()

    assert (await tokens.token(), len(ims.requests)) == ("token-1", 1)


@pytest.mark.looptime
async def test_nobody_waits_for_a_failure(tokens: ImsTokens, ims: Ims) -> None:
    """A renewal that fails with nobody waiting leaves nothing behind, as an exception that was never retrieved would be."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, complaint: complaints.append(complaint))
    ims.delay, ims.failure = 3, httpx.Response(500)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await tokens.token()
    await asyncio.sleep(5)
    with pytest.raises(SourceFailed):  # the next renewal takes the failed one's place
        await tokens.token()
    gc.collect()

    assert len(ims.requests) == 2
    assert complaints == []


@pytest.mark.looptime
async def test_close(tokens: ImsTokens, ims: Ims) -> None:
    """Closing ends a renewal that is under way."""
    ims.delay = 1000
    waiting = asyncio.create_task(tokens.token())
    await asyncio.sleep(1)
    await tokens.aclose()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asyncio.get_running_loop().time() < 10


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (httpx.Response(400, json={"error": "invalid_client", "error_description": "…"}), NotSetUp(400, "invalid_client")),
        (httpx.Response(401, json={"error": "no client Ada"}), NotSetUp(401, None)),
        (httpx.Response(403, text="<html>"), NotSetUp(403, None)),
        (httpx.Response(400, json=[]), NotSetUp(400, None)),
        (httpx.Response(404), SourceFailed(404)),
        (httpx.Response(429, headers={"retry-after": "7"}), Throttled(7)),
        (httpx.Response(500), SourceFailed(500)),
        (httpx.Response(302, headers={"location": "/"}), SourceFailed(302)),
        (httpx.ConnectError("client_secret=secret-1"), Unreachable()),
        (httpx.ReadTimeout(""), Unreachable()),
    ],
)
async def test_failure(tokens: ImsTokens, ims: Ims, failure: httpx.Response | Exception, expected: LookupFailed) -> None:
    """Whoever can mend it is told: wrong credentials are an admin's business, the rest is IMS's."""
    ims.failure = failure
    with pytest.raises(type(expected)) as caught:
        await tokens.token()
    assert vars(caught.value) == vars(expected)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        [],
        {},
        {"access_token": "a"},
        {"access_token": "", "expires_in": 1},
        {"access_token": 7, "expires_in": 1},
        {"access_token": "a\r\nx: y", "expires_in": 1},
        {"access_token": "é", "expires_in": 1},
        {"access_token": "a", "expires_in": 0},
        {"access_token": "a", "expires_in": "1"},
        {"access_token": "a", "expires_in": True},
    ],
)
def test_garbled_token(body: object) -> None:
    """A token that no header could carry, or without a life, is a failure of IMS."""
    with pytest.raises(SourceFailed):
        read_token(answer(body))


def test_life() -> None:
    """No token lives longer than a day, whatever unit its life is in."""
    assert read_token(answer({"access_token": "a", "expires_in": 86_399_000})) == ("a", 86_400)


@pytest.mark.parametrize("life", [1, 20, 59])
async def test_short_life(tokens: ImsTokens, ims: Ims, clock: Clock, life: float) -> None:
    """Even a token of a few seconds serves for half of its life."""
    ims.life = life
    await tokens.token()
    clock.now = life * 0.49

    assert (await tokens.token(), len(ims.requests)) == ("token-1", 1)


@pytest.mark.parametrize("kind", KINDS)
async def test_broken_ims(kind: str, breaker: Breaker, clock: Clock) -> None:
    """Whatever is broken at IMS, there is no token and an error of ours."""
    network = Network(connect=0.5, read=0.05)
    async with create_client(network) as http, broken_server(kind) as url:
        credentials = Credentials(url, "client-1", "secret-1")
        tokens = ImsTokens(OverClient(http), credentials, breaker=breaker, clock=clock)
        with pytest.raises((SourceFailed, Unreachable)):
            await tokens.token()


def test_secrets_do_not_show() -> None:
    """Neither the secret nor a token is in what a log might print."""
    assert "secret-1" not in f"{CREDENTIALS} {CREDENTIALS!r}"
    assert "token-1" not in f"{Token('token-1', 0, 0)!r}"
