"""Questions become requests, answers become profiles and events."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LookupFailed, NotFound, NotSetUp, SourceFailed, Throttled
from bot.profiles.wire import (
    EventsPage,
    EventsRefused,
    Request,
    events_request,
    more_events_request,
    profile_request,
    read_events,
    read_profile,
)
from bot.question import Identity
from tests.profiles.invented import ACCOUNT, ADA, ADA_XID, BOB_XID, answer, entry, event, without_request

BASE = "https://platform.example.com"
MORE = "/data/core/ups/access/entities?start=2"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def spoilt(whole: dict[str, object]) -> st.SearchStrategy[object]:
    """An answer with one part, at any depth, replaced by anything."""
    spoils = [st.builds(lambda part, key=key: whole | {key: part}, JSON) for key in whole]
    deeper = [
        st.builds(lambda part, key=key: whole | {key: part}, spoilt(part))
        for key, part in whole.items()
        if isinstance(part, dict)
    ]
    return st.one_of(*spoils, *deeper)


def asked(request: Request) -> tuple[str, list[tuple[str, str]]]:
    """The path, and what its query says."""
    url = urlsplit(request.path)
    return url.path, parse_qsl(url.query, strict_parsing=True)


def test_profile_request() -> None:
    """A profile is asked for by identity, namespace, fields and merge policy, with Adobe's four headers but for the token."""
    request = profile_request(ACCOUNT, ADA, ("person.name", "identityMap"))

    path, params = asked(request)

    assert (request.method, path, request.body) == ("GET", "/data/core/ups/access/entities", None)
    assert dict(params) == {
        "schema.name": "_xdm.context.profile",
        "entityId": "ada@example.com",
        "entityIdNS": "Email",
        "fields": "person.name,identityMap",
        "mergePolicyId": "policy-1",
    }
    assert request.headers == {
        "accept": "application/json",
        "x-api-key": "key-1",
        "x-gw-ims-org-id": "ORG@AdobeOrg",
        "x-sandbox-name": "prod",
    }


def test_profile_request_without_merge_policy() -> None:
    """Without a merge policy Adobe takes the default one; without fields, all."""
    _, params = asked(profile_request(replace(ACCOUNT, merge_policy=None), ADA, ()))

    assert dict(params).keys() == {"schema.name", "entityId", "entityIdNS"}


def test_events_request() -> None:
    """Events are asked for newest first, with the identity given twice."""
    _, params = asked(events_request(ACCOUNT, ADA, ("_id", "timestamp"), 50))

    assert dict(params) == {
        "schema.name": "_xdm.context.experienceevent",
        "relatedSchema.name": "_xdm.context.profile",
        "entityId": "ada@example.com",
        "entityIdNS": "Email",
        "relatedEntityId": "ada@example.com",
        "relatedEntityIdNS": "Email",
        "orderby": "-timestamp",
        "limit": "50",
        "fields": "_id,timestamp",
        "mergePolicyId": "policy-1",
    }


def test_more_events_request() -> None:
    """The next page is asked for by its link as it stands."""
    assert more_events_request(ACCOUNT, MORE).path == MORE


def test_profile() -> None:
    """The profile's XID is its key; blank sources are none."""
    raw = read_profile(answer({ADA_XID: entry(sources=["5e7a31", ""], identityGraph=["a", "b"])}), ADA)

    assert (raw.xid, raw.sources, raw.last_modified, raw.graph_size) == (ADA_XID, ("5e7a31",), "2026-03-01T09:30:00Z", 2)
    assert raw.entity["person"] == {"name": {"firstName": "Ada"}}


def test_nothing_but_the_key_is_guaranteed() -> None:
    """An entry with an entity alone is a profile."""
    raw = read_profile(answer({ADA_XID: {"entity": {"person": {}}}}), ADA)

    assert (raw.sources, raw.last_modified, raw.graph_size) == ((), None, 0)


@pytest.mark.parametrize("changes", [{"sources": ["5e7a31"]}, {"lastModifiedAt": "2026-03-01T09:30:00Z"}])
def test_empty_entity(changes: dict[str, object]) -> None:
    """A profile that has a source or a date but none of the fields asked for exists all the same."""
    assert read_profile(answer({ADA_XID: {"entity": {}} | changes}), ADA).entity == {}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"statusCode": "404"}),
        (404, b""),
        (200, {ADA_XID: {"entityId": ADA_XID, "sources": [""], "entity": {}, "lastModifiedAt": "1970-01-01T00:00:00Z"}}),
        (200, {}),
        (200, {"requestId": "1", "handle": [{"payload": [], "type": "activation:pull", "eventIndex": 0}]}),
        (200, {"payload": []}),
        (200, {"statusCode": "404"}),
        (207, [{"xid": ADA_XID, "error": {"statusCode": "404"}}]),
    ],
)
def test_the_faces_of_not_found(status: int, body: object) -> None:
    """Adobe has several ways to say that nobody is there; the error says who was asked for."""
    with pytest.raises(NotFound) as caught:
        read_profile(answer(body, status), ADA)
    assert caught.value.identity == ADA


@pytest.mark.parametrize(
    "entries",
    [
        {BOB_XID: entry("bob@example.com"), ADA_XID: entry()},
        {BOB_XID: entry("ADA@example.com"), ADA_XID: entry()},
        {BOB_XID: without_request("bob@example.com"), ADA_XID: without_request("ada@example.com")},
        {BOB_XID: entry("bob@example.com"), ADA_XID: entry("ADA@example.com")},
        {BOB_XID: {"entity": {"x": 1}}, ADA_XID: entry(requestedIdentity={"entityId": ADA.value})},
        {BOB_XID: entry("bob@example.com"), ADA_XID: entry(requestedIdentity={"entityId": "78-1"})},
        {"note": "not an entry", ADA_XID: {"entity": {"x": 1}}},
    ],
    ids=["requested", "exact before folded", "identity map", "folded", "no code", "merged", "sole"],
)
def test_the_entry_of_whom_was_asked_for(entries: dict[str, object]) -> None:
    """The entry is found by what was requested, else by its identities, else because it is the only one."""
    assert read_profile(answer(entries), ADA).xid == ADA_XID


@pytest.mark.parametrize(
    "entries",
    [
        {BOB_XID: entry("bob@example.com")},
        {BOB_XID: {"entity": {"x": 1}}, ADA_XID: {"entity": {"x": 1}}},
        {ADA_XID: entry(requestedIdentity={"entityId": ADA.value, "entityIdNS": {"code": "CRMID"}}, entity={})},
    ],
)
def test_nobody_gets_another_customers_profile(entries: dict[str, object]) -> None:
    """An answer about others, or about nobody in particular, can't be read."""
    with pytest.raises(SourceFailed):
        read_profile(answer(entries), ADA)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[]", b"1", b'{"a": 1}', b"[" * 5000, {ADA_XID: {"entity": [1]}}])
def test_unreadable_profile(body: object) -> None:
    """A 200 that nobody can read is a failure of the source, without a status and without a trace of the body."""
    with pytest.raises(SourceFailed) as caught:
        read_profile(answer(body), ADA)
    assert (caught.value.status, caught.value.__context__) == (None, None)


def page(children: object, href: object = "") -> dict[str, object]:
    return {"_page": {"count": 1, "next": ""}, "children": children, "_links": {"next": {"href": href}}}


def test_events() -> None:
    """A page holds its events and where the next one is."""
    assert read_events(answer(page([event(), "odd"], "/entities?start=2")), ADA, BASE) == EventsPage((event(),), MORE)


@pytest.mark.parametrize("body", [{"children": []}, page([], ""), page([], None), {"children": [], "_links": {"next": ""}}])
def test_last_page(body: object) -> None:
    """An empty link, or none, ends the list."""
    assert read_events(answer(body), ADA, BASE) == EventsPage()


def test_no_events() -> None:
    """Where nobody is found there are no events, and nothing is wrong."""
    assert read_events(answer({"statusCode": "404"}, 404), ADA, BASE) == EventsPage()


@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("/entities?start=2", MORE),
        ("entities?start=2", MORE),
        ("?start=2", MORE),
        (MORE, MORE),
        (f"{BASE}{MORE}", MORE),
        (f"{BASE}:443{MORE}", MORE),
        ("//platform.example.com/entities?start=2", MORE),
        ("/entities?offsets=a%2Cb&fields=a,b", "/data/core/ups/access/entities?offsets=a%2Cb&fields=a,b"),
        ("/entities?start=2 3&x=ä\x01\r\nhost:", f"{MORE}%203&x=%C3%A4%01host:"),
        ("/entities", "/data/core/ups/access/entities"),
        ("https://elsewhere.example.com/entities?start=2", None),
        ("//elsewhere.example.com/entities", None),
        ("http://platform.example.com/entities", None),
        ("https://platform.example.com:8443/entities", None),
        ("https://platform.example.com:many/entities", None),
        ("http://[::1/entities", None),
        (" ", None),
        (7, None),
    ],
)
def test_next_link(href: object, path: str | None) -> None:
    """A link is joined to Adobe's path, as it stands, and never leads to another host."""
    assert read_events(answer(page([event()], href)), ADA, BASE).next == path


def test_next_link_below_a_base_path() -> None:
    """A base address may have a path of its own, which a link may repeat."""
    links = (f"http://localhost:8000/hub{MORE}", f"/hub{MORE}", "/entities?start=2")
    pages = [read_events(answer(page([event()], link)), ADA, "http://localhost:8000/hub/") for link in links]

    assert [each.next for each in pages] == [MORE] * 3


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"error_code": "403025", "message": "Not entitled"}),
        (403, {"message": "UPS-ACC-1000004: IMS Org is not provisioned.", "statusCode": "403"}),
        (403, b"<html>Forbidden</html>"),
        (400, {"message": "Lookup of ExperienceEvents is not enabled for this organization", "statusCode": "400"}),
        (400, {"message": "Schema _xdm.context.experienceevent is not supported", "statusCode": "400"}),
        (404, {"message": "Experience event look-up is no longer available"}),
        (405, {"title": "This organization isn't currently entitled to it"}),
        (422, {"message": "Unsupported: reading events"}),
        (501, {"detail": "Events are deprecated here"}),
        (207, [{"xid": ADA_XID, "error": {"statusCode": "403"}}]),
    ],
)
def test_events_refused(status: int, body: object) -> None:
    """An organisation without event look-up is told by 403, or by what the body says."""
    with pytest.raises(EventsRefused):
        read_events(answer(body, status), ADA, BASE)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"message": "Namespace is not supported for events"}, "namespace_refused"),
        (400, {"message": "The schema is odd"}, "request_refused"),
        (401, {"error_code": "401013", "message": "Oauth token is not valid"}, "not_set_up"),
        (422, {"message": "UPS-ACCSDK-1000005:Too many related identities. Got: 446, max: 50"}, "too_many_identities"),
        (429, [{"message": "Events not enabled", "retryAfterMs": "500", "statusCode": "429"}], "throttled"),
        (500, {"message": "Events not enabled"}, "source_failed"),
        (501, {"message": "Not Implemented"}, "source_failed"),
        (200, b"<html>", "source_failed"),
        (200, {"children": {}}, "source_failed"),
        (200, [], "source_failed"),
    ],
)
def test_events_failed(status: int, body: object, kind: str) -> None:
    """Every other refusal concerns this call, and not the organisation."""
    with pytest.raises(LookupFailed) as caught:
        read_events(answer(body, status), ADA, BASE)
    assert caught.value.kind == kind


@given(
    st.sampled_from([200, 207, 302, 400, 403, 404, 422, 429, 500, 501]),
    st.binary()
    | JSON.map(orjson.dumps)
    | spoilt({ADA_XID: entry()}).map(orjson.dumps)
    | spoilt(page([event()])).map(orjson.dumps),
)
def test_any_answer_is_a_result_or_an_error_of_ours(status: int, body: bytes) -> None:
    """Nothing that Adobe could send ends in anything else."""
    with suppress(LookupFailed):
        read_profile(answer(body, status), ADA)
    with suppress(LookupFailed, EventsRefused):
        read_events(answer(body, status), ADA, BASE)


@given(st.text())
def test_any_link_leads_to_adobe_or_nowhere(href: str) -> None:
    """Whatever a link says, it stays below Adobe's path."""
    path = read_events(answer(page([event()], href)), ADA, BASE).next

    assert path is None or path.startswith("/data/core/ups/access/")


@pytest.mark.parametrize("error", [NotSetUp(403, "403025"), Throttled(0.5), SourceFailed(500)])
def test_errors_hold_nothing_of_the_answer(error: LookupFailed) -> None:
    """Nothing of a refusal's text is in the error: it might be a customer's data."""
    assert str(error) == error.kind


def test_identity_is_sent_as_it_is() -> None:
    """Normalising is the question's business."""
    _, params = asked(profile_request(ACCOUNT, Identity("Email", " Ada+1&x=é@Example.com"), ()))

    assert ("entityId", " Ada+1&x=é@Example.com") in params


def test_each_plan_has_its_own_query() -> None:
    """What is asked for follows the account and the fields of each request, whatever was asked for before."""
    asking = [(ACCOUNT, ("person",)), (ACCOUNT, ("loyalty",)), (replace(ACCOUNT, merge_policy="policy-2"), ("person",))]
    params = [dict(asked(profile_request(account, ADA, fields))[1]) for account, fields in asking]

    assert [(each["fields"], each["mergePolicyId"]) for each in params] == [
        ("person", "policy-1"),
        ("loyalty", "policy-1"),
        ("person", "policy-2"),
    ]


def test_a_request_shows_nothing_of_the_customer() -> None:
    """A request's repr, which a debugger or a library's message may print, tells its operation alone."""
    request = profile_request(ACCOUNT, ADA, ("person",))

    assert repr(request) == "Request(operation='profile')"
