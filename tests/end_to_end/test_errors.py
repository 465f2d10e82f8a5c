"""Whatever Adobe answers ends as the notice for it, and the next good question as a card.

The cases are the error table of Adobe's Entities API, its gateway's codes, and servers that are broken on the socket.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.serving import served
from tests.broken import KINDS, broken_server
from tests.opened import Opened, opened
from tests.slack_side import SlackSide, title, words
from tests.upstream import CREDENTIALS, URL, Turn, Upstream

GATEWAY = ("400003", "403000", "403003", "403010", "403025", "403027")
NO_POLICY = "No default merge policy is configured for schema _xdm.context.profile"
FIFTY = "UPS-ACCSDK-1000005:Too many related identities. Got: 446, max: 50"


def said(status: int, message: str, cause: str = "") -> tuple[int, Any]:
    return status, {"message": message, "cause": cause, "statusCode": str(status)}


REFUSALS: dict[str, tuple[tuple[int, Any], str, str]] = {
    "400, namespace": (said(400, "Invalid namespace code: Email"), "Adobe doesn't know this kind of number", "Email"),
    "400, other": (said(400, "Bad request", "fields are wrong"), "Adobe refused this request", "status 400"),
    **{
        f"gateway {code}": (
            (int(code[:3]), {"error_code": code, "message": "Oauth, Api Key or header"}),
            "This app can't sign in to Adobe",
            f"code {code}",
        )
        for code in GATEWAY
    },
    "403, not provisioned": (
        said(403, "UPS-ACC-1000004: IMS Org is not provisioned."),
        "This app can't sign in to Adobe",
        "UPS-ACC-1000004",
    ),
    "404": ((404, {"statusCode": "404"}), "No customer found", "ada@example.com"),
    "404 in all but name": (
        (200, {"XID": {"entityId": "", "sources": [""], "entity": {}, "lastModifiedAt": "1970-01-01T00:00:00Z"}}),
        "No customer found",
        "ada@example.com",
    ),
    "bulk without the one": ((200, {}), "No customer found", "ada@example.com"),
    "empty edge": (
        (200, {"requestId": "r", "handle": [{"type": "activation:pull", "payload": []}]}),
        "No customer found",
        "ada@",
    ),
    "422, no merge policy": (said(422, NO_POLICY), "Adobe isn't fully set up", "merge policy"),
    "422, too many": (said(422, FIFTY), "Too many identities to show", "446"),
    "422, other": (said(422, "Cannot be processed"), "Adobe refused this request", "status 422"),
    "429": (
        (429, [{"message": "Too many requests", "cause": "quota", "retryAfterMs": "2500", "statusCode": "429"}]),
        "Too many requests just now",
        "in 3 seconds",
    ),
    "500": (said(500, "Internal error", "Status Code - 500 : Connection Timeout"), "Adobe has a problem", "Reference: "),
    "502": ((502, b"<html>Bad gateway</html>"), "Adobe has a problem", "Reference: "),
    "503": ((503, b""), "Adobe has a problem", "Reference: "),
    "504": ((504, {"message": "Gateway timeout"}), "Adobe has a problem", "Reference: "),
    "200, an array": ((200, []), "Adobe has a problem", "Reference: "),
    "200, no JSON": ((200, b"OK"), "Adobe has a problem", "Reference: "),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_refusal(service: Opened, case: str) -> None:
    """Each refusal of Adobe's ends as the notice that says what is wrong; the next question is answered with a card."""
    (status, body), headline, detail = REFUSALS[case]
    service.upstream.script["profile"].append(Turn(status, body))
    notice = await service.shown("ada@example.com")

    assert title(notice) == headline
    assert detail in words(notice)
    assert title(await service.shown("+49 30 23125 123")) == "Ada Lovelace"


async def test_wait_of_the_header(service: Opened) -> None:
    """A Retry-After header comes before what the body says."""
    body = [{"message": "Too many requests", "retryAfterMs": "2500", "statusCode": "429"}]
    service.upstream.script["profile"].append(Turn(429, body, headers={"retry-after": "7"}))

    assert "in 7 seconds" in words(await service.shown("ada@example.com"))


async def test_renewed_token(service: Opened) -> None:
    """A token that Adobe calls invalid is renewed once, and nobody notices."""
    service.upstream.script["profile"].append(Turn(401, {"error_code": "401013", "message": "Oauth token is not valid"}))
    card = await service.shown("ada@example.com")

    assert title(card) == "Ada Lovelace"
    assert service.upstream.calls["token"] == 2


async def test_token_that_is_never_valid(service: Opened) -> None:
    """If the renewed token isn't taken either, the app can't sign in."""
    service.upstream.always["profile"] = Turn(401, {"error_code": "401013", "message": "Oauth token is not valid"})
    notice = await service.shown("ada@example.com")

    assert title(notice) == "This app can't sign in to Adobe"
    assert service.upstream.calls["profile"] == 2


async def test_no_token(service: Opened) -> None:
    """Wrong credentials are a matter for those who look after the app, and are tried anew with the next question."""
    service.upstream.script["token"].append(Turn(400, {"error": "invalid_client", "error_description": "invalid client_id"}))
    notice = await service.shown("ada@example.com")

    assert title(notice) == "This app can't sign in to Adobe"
    assert "invalid_client" in words(notice)
    assert title(await service.shown("+49 30 23125 123")) == "Ada Lovelace"


async def test_many_identities(service: Opened) -> None:
    """A customer with more than fifty identities can't be shown, and the notice says why."""
    assert title(await service.shown("many@example.com")) == "Too many identities to show"


@pytest.mark.parametrize("missing", ["events", "audiences"])
@pytest.mark.parametrize("status", [403, 422, 429, 500])
async def test_missing_part(slack: SlackSide, missing: str, status: int) -> None:
    """When events or names can't be had there is a card all the same, and it says what is missing."""
    async with opened(slack) as service:
        service.upstream.always[missing] = Turn(status, {"message": "no", "statusCode": str(status)})
        card = await service.shown("ada@example.com")

        assert title(card) == "Ada Lovelace"
        assert "missing: " in words(card)


NOTICES = {"Adobe has a problem", "Adobe can't be reached", "Adobe took too long"}


ADA = orjson.dumps({"BVaQ": {"entityId": "BVaQ", "entity": {"person": {"name": {"fullName": "Ada Lovelace"}}}}})
BROKEN_REQUESTS = 4
"""Attributes and events, each of which aiohttp may send twice: the first question meets none that is mended."""


@pytest.mark.parametrize("kind", KINDS)
async def test_broken_server(slack: SlackSide, kind: str) -> None:
    """However a server is broken, over real sockets: there is a notice without anything of what it sent, and the service goes on,
    so that there is a card once the server is mended.
    """
    upstream = Upstream()
    async with (
        served(upstream, "127.0.0.1", 0) as ims,
        broken_server(kind, times=BROKEN_REQUESTS, good=ADA) as url,
    ):
        reached: dict[str, Any] = {
            "network": True,
            "profile_url": url,
            "adobe_ims_url": ims,
            "read_timeout": 0.4,
            "failure_shared": 0.0,
        }
        async with opened(slack, **reached) as service:
            notice = await service.shown("ada@example.com")
            assert title(notice) in NOTICES
            assert "MUMBLE" not in words(notice)

            later = [title(await service.shown("ada@example.com")) for _ in range(BROKEN_REQUESTS)]
            assert later[-1] == "Ada Lovelace"
            assert set(later) <= {*NOTICES, "Ada Lovelace"}
            assert upstream.calls["token"] == 1


@pytest.mark.parametrize("kind", ["reset", "hang before head", "gzip bomb", "HTML", "503"])
async def test_broken_sign_in(slack: SlackSide, kind: str) -> None:
    """However the server is broken that tokens come from, there is a notice; once it is mended, there is a card."""
    upstream = Upstream()
    good = b'{"access_token": "t", "token_type": "bearer", "expires_in": 86399}'
    async with served(_any_token(upstream), "127.0.0.1", 0) as adobe, broken_server(kind, times=1, good=good) as ims:
        reached: dict[str, Any] = {
            "network": True,
            "profile_url": adobe,
            "adobe_ims_url": ims,
            "read_timeout": 0.4,
            "failure_shared": 0.0,
        }
        async with opened(slack, **reached) as service:
            assert title(await service.shown("ada@example.com")) in NOTICES
            assert title(await service.shown("ada@example.com")) == "Ada Lovelace"


async def test_mended_server(slack: SlackSide) -> None:
    """After a refused connection the service answers as soon as Adobe is there again: it keeps nothing broken."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # nobody else gets the port, and nobody listens yet
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        async with opened(slack, network=True, profile_url=url, adobe_ims_url=url, failure_shared=0.0, deadline=5.0) as service:
            assert title(await service.shown("ada@example.com")) == "Adobe can't be reached"
            async with served(Upstream(), "127.0.0.1", 0) as adobe, await asyncio.start_server(leading_to(adobe), sock=held):
                assert title(await service.shown("ada@example.com")) == "Ada Lovelace"


def leading_to(url: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What arrives goes to `url`, and the answer back."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        await asyncio.gather(piped(reader, out), piped(there, writer))

    return relay


async def piped(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while part := await source.read(65_536):
        target.write(part)
    target.close()


def _any_token(upstream: Upstream) -> ASGIApp:
    """The hub behind a gateway that takes any token."""
    token = None

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal token
        token = token or await _minted(upstream)
        headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
        await upstream({**scope, "headers": [*headers, (b"authorization", f"Bearer {token}".encode())]}, receive, send)

    return application


async def _minted(upstream: Upstream) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": CREDENTIALS.client_id,
        "client_secret": CREDENTIALS.client_secret,
    }
    async with httpx.AsyncClient(transport=upstream.transport(), base_url=URL) as http:
        answer = await http.post("/ims/token/v3", data=form)
    return str(answer.json()["access_token"])
