"""The adapter: token and request id go out, answers come in, and nothing else happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from bot.errors import LookupFailed, NotSetUp, RequestRefused, SourceFailed, Unreachable
from bot.network import Network, create_client
from bot.profiles.catalogue import MergePolicy
from bot.profiles.client import AdobeClient, Exchange
from bot.question import Identity
from tests.broken import KINDS, broken_server
from tests.profiles.invented import ACCOUNT, ADA, ADA_XID, entry, event

BASE = "https://platform.example.com"
TOKEN_NOT_VALID = httpx.Response(401, json={"error_code": "401013", "message": "Oauth token is not valid"})


class Adobe:
    """Answers requests in turn, and keeps them."""

    def __init__(self, *answers: httpx.Response | object) -> None:
        self._answers: Iterator[object] = iter(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = next(self._answers)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


class Counted:
    """Tokens t-0, t-1, …: another one each time one is refused."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    async def token(self, refused: str | None = None) -> str:
        self.refused += [refused] if refused else []
        return f"t-{len(self.refused)}"


def nothing(exchange: Exchange) -> None: ...


@asynccontextmanager
async def client_of(
    adobe: Adobe, *, observe: Callable[[Exchange], None] = nothing, base: str = BASE, most_bytes: int = 2_000_000
) -> AsyncIterator[AdobeClient]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(adobe), base_url=base) as http:
        yield AdobeClient(http, ACCOUNT, Counted(), observe=observe, most_bytes=most_bytes, clock=iter(range(99)).__next__)


async def test_profile() -> None:
    """One request brings the profile; it carries the token, and an id of its own."""
    adobe, seen = Adobe({ADA_XID: entry()}, {ADA_XID: entry()}), list[Exchange]()
    async with client_of(adobe, observe=seen.append) as client:
        assert (await client.profile(ADA, ("person",))).xid == ADA_XID
        await client.profile(ADA, ("person",))

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


async def test_renewed_token() -> None:
    """A token that Adobe calls invalid is renewed, and the call sent again with another request id."""
    adobe = Adobe(TOKEN_NOT_VALID, {ADA_XID: entry()})
    async with client_of(adobe) as client:
        await client.profile(ADA, ())

    assert [each.headers["authorization"] for each in adobe.requests] == ["Bearer t-0", "Bearer t-1"]
    assert len({each.headers["x-request-id"] for each in adobe.requests}) == 2


async def test_renewed_only_once() -> None:
    """A new token that is refused too is an admin's business."""
    adobe = Adobe(TOKEN_NOT_VALID, TOKEN_NOT_VALID)
    async with client_of(adobe) as client:
        with pytest.raises(NotSetUp) as caught:
            await client.profile(ADA, ())

    assert (caught.value.status, caught.value.code, len(adobe.requests)) == (401, "401013", 2)


def page(*times: int, href: str = "") -> object:
    return {"children": [event(str(time)) for time in times], "_links": {"next": {"href": href}}}


async def test_events_on_one_page() -> None:
    """One page suffices where it brings all that was asked for, whatever comes after it."""
    adobe = Adobe(page(1, 2, 3, href="/entities?start=4"))
    async with client_of(adobe) as client:
        assert await client.events(ADA, ("_id",), 2) == (event("1"), event("2"))

    assert len(adobe.requests) == 1


async def test_events_on_several_pages() -> None:
    """Links are followed as they stand until there are enough, or no more."""
    adobe = Adobe(page(1, href="/entities?start=2&fields=a,b&entityId=ada%40example.com"), page(2, href=""))
    async with client_of(adobe) as client:
        assert await client.events(ADA, ("_id",), 50) == (event("1"), event("2"))

    assert str(adobe.requests[1].url) == f"{BASE}/data/core/ups/access/entities?start=2&fields=a,b&entityId=ada%40example.com"


async def test_links_that_lead_nowhere() -> None:
    """An empty page ends the list even if it links to another."""
    adobe = Adobe(page(1, href="/entities?start=1"), page(href="/entities?start=1"))
    async with client_of(adobe) as client:
        assert await client.events(ADA, (), 50) == (event("1"),)


async def test_links_to_another_host() -> None:
    """No token goes to another host."""
    adobe = Adobe(page(1, href="https://elsewhere.example.com/entities?start=2"))
    async with client_of(adobe) as client:
        assert await client.events(ADA, (), 50) == (event("1"),)


async def test_base_path() -> None:
    """The source may live below a path."""
    adobe = Adobe(page(1, href="/entities?start=2"), page(2))
    async with client_of(adobe, base="http://localhost:8000/hub") as client:
        await client.events(ADA, (), 50)

    assert [each.url.path for each in adobe.requests] == ["/hub/data/core/ups/access/entities"] * 2


async def test_audience_names() -> None:
    """Names are asked for by id; those that aren't found are left out."""
    results = {
        "a-1": {"id": "a-1", "audienceId": "x-1", "name": " Runners "},
        "a-2": {"errors": {"404": [{"code": 404}]}},
        "a-3": {"name": ""},
        "a-4": 7,
    }
    adobe = Adobe(httpx.Response(207, json={"results": results}))
    async with client_of(adobe) as client:
        assert await client.audience_names([f"a-{number}" for number in range(100)]) == {"a-1": "Runners", "x-1": "Runners"}

    assert [each.content.count(b'"id"') for each in adobe.requests] == [100]
    assert adobe.requests[0].url.path == "/data/core/ups/audiences/bulk-get"
    assert adobe.requests[0].headers["content-type"] == "application/json"


async def test_merge_policies() -> None:
    """Merge policies have an id, a name, and one is the default."""
    children = [{"id": "m-1", "name": "Default", "default": True}, {"id": "m-2"}, {"name": "no id"}, 7]
    async with client_of(Adobe({"children": children})) as client:
        assert await client.merge_policies() == (MergePolicy("m-1", "Default", True), MergePolicy("m-2", ""))


async def test_namespaces() -> None:
    """Namespaces are known by their codes."""
    async with client_of(Adobe([{"code": "Email"}, {"name": "no code"}, 7])) as client:
        assert await client.namespaces() == ("Email",)


async def test_union_schema() -> None:
    """The union schema is asked for in a version, and may be larger than any answer about a customer."""
    adobe = Adobe({"properties": {}})
    async with client_of(adobe, most_bytes=2) as client:
        assert await client.union_schema() == {"properties": {}}

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
async def test_around_profiles_failed(call: str, answer: object, kind: str) -> None:
    """What surrounds profiles fails as profiles do."""
    async with client_of(Adobe(answer)) as client:
        with pytest.raises(LookupFailed) as caught:
            await getattr(client, call)()
    assert caught.value.kind == kind


@pytest.mark.parametrize("answer", [httpx.Response(500), [], {"results": []}])
async def test_audience_names_failed(answer: object) -> None:
    """Names that can't be read are a failure of the source."""
    async with client_of(Adobe(answer)) as client:
        with pytest.raises(SourceFailed):
            await client.audience_names(["a-1"])


@pytest.mark.parametrize("value", ["ada\ud800@example.com", "a" * 70_000])
async def test_a_value_that_no_address_can_carry(value: str) -> None:
    """Such a value is refused before anything is sent, and nothing of it is in the error."""
    seen = list[Exchange]()
    async with client_of(Adobe(), observe=seen.append) as client:
        with pytest.raises(RequestRefused) as caught:
            await client.profile(Identity("Email", value), ())
    assert (caught.value.__context__, [each.status for each in seen]) == (None, [None])


@pytest.mark.parametrize("kind", KINDS)
async def test_broken_source(kind: str) -> None:
    """Whatever is broken at the source ends as an error of ours, and the same client then gets the profile."""
    good = b'{"%s": {"entity": {"x": 1}}}' % ADA_XID.encode()
    async with (
        create_client(Network(connect=0.5, read=0.05)) as http,
        broken_server(kind) as broken,
        broken_server(kind, times=0, good=good) as mended,
    ):
        http.base_url = httpx.URL(broken)
        client = AdobeClient(http, ACCOUNT, Counted(), most_bytes=2_000_000)
        for ask in (client.profile(ADA, ("person",)), client.events(ADA, (), 50), client.audience_names(["a-1"])):
            with pytest.raises((SourceFailed, Unreachable)):
                await ask
        http.base_url = httpx.URL(mended)
        assert (await client.profile(ADA, ())).xid == ADA_XID
