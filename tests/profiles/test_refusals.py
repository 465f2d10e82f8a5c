"""Adobe's ways of saying no."""

from __future__ import annotations

import dataclasses

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LookupFailed
from bot.profiles.refusals import refusal
from bot.question import Identity
from tests.profiles.invented import ADA, ADA_XID

DATE = {"date": "Mon, 02 Mar 2026 10:00:00 GMT"}


def refused(status: int, content: object, headers: dict[str, str] | None = None, identity: Identity | None = ADA) -> object:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    error = refusal(status, headers or {}, body, identity)
    return error.kind, *(getattr(error, field.name) for field in dataclasses.fields(error))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"message": "Namespace code is wrong", "statusCode": "400"}, ("namespace_refused", 400, "Email")),
        (400, {"message": "Bad", "cause": "unknown NAMESPACE", "statusCode": "400"}, ("namespace_refused", 400, "Email")),
        (400, {"message": "startTime is no number", "statusCode": "400"}, ("request_refused", 400)),
        (400, {"error_code": "400003", "message": "Header missing"}, ("not_set_up", 400, "400003")),
        (400, {"error_code": 400003, "message": "Header missing"}, ("not_set_up", 400, "400003")),
        (400, b"Bad Request", ("request_refused", 400)),
        (401, {"error_code": "403010", "message": "Oauth token is missing"}, ("not_set_up", 401, "403010")),
        (401, {"error_code": 401013, "message": "Oauth token is not valid"}, ("not_set_up", 401, "401013")),
        (401, {"title": "UnauthorizedAccessInvalidScope", "status": 401}, ("not_set_up", 401, None)),
        (403, {"error_code": "403000", "message": "Api Key is required"}, ("not_set_up", 403, "403000")),
        (403, {"error_code": "403027", "message": "No product profile"}, ("not_set_up", 403, "403027")),
        (
            403,
            {"message": "UPS-ACC-1000004: IMS Org is not provisioned.", "statusCode": "403"},
            ("not_set_up", 403, "UPS-ACC-1000004"),
        ),
        (403, {"type": "https://ns.adobe.com/aep/errors/UIS-4064-403", "status": 403}, ("not_set_up", 403, "UIS-4064-403")),
        (403, {"error_code": "ada@example.com"}, ("not_set_up", 403, None)),
        (403, {"error_code": [1]}, ("not_set_up", 403, None)),
        (403, b"", ("not_set_up", 403, None)),
        (404, {"statusCode": "404"}, ("not_found", ADA)),
        (404, {"error_code": "404000", "message": "No such route"}, ("not_set_up", 404, "404000")),
        (404, b"<html>Not Found</html>", ("source_failed", 404)),
        (422, {"message": "UPS-ACCSDK-1000005:Too many related identities. Got: 446, max: 50"}, ("too_many_identities", 446, 50)),
        (422, {"message": "UPS-ACCSDK-1000005"}, ("too_many_identities", None, 50)),
        (422, {"message": "No default merge policy found", "statusCode": "422"}, ("no_merge_policy",)),
        (422, {"message": "Merge policy is not set", "cause": "", "statusCode": "422"}, ("no_merge_policy",)),
        (422, {"message": 'UPS-MRG-1000001:Identities cannot be retrieved for XID - "A0"'}, ("request_refused", 422)),
        (429, [{"message": "Too many requests", "retryAfterMs": "500", "statusCode": "429"}], ("throttled", 0.5)),
        (429, [{"retryAfterMs": "500"}, {"retryAfterMs": 1500}], ("throttled", 1.5)),
        (429, {"title": "RequestRateTooLarge", "status": 429}, ("throttled", None)),
        (429, [{"retryAfterMs": "soon"}], ("throttled", None)),
        (429, [{"retryAfterMs": -5}], ("throttled", 0.0)),
        (429, [{"retryAfterMs": "inf"}], ("throttled", None)),
        (429, [{"retryAfterMs": "9" * 30}], ("throttled", 86_400.0)),
        (429, b"", ("throttled", None)),
        (500, {"message": "Unable to connect", "cause": "Status Code - 500 : Connection Timeout"}, ("source_failed", 500)),
        (503, b"<html>", ("source_failed", 503)),
        (302, b"", ("source_failed", 302)),
        (207, [{"xid": ADA_XID, "error": {"message": "UPS-MRG-1000001:...", "statusCode": "422"}}], ("request_refused", 422)),
        (207, [{"xid": ADA_XID, "error": {"statusCode": "429", "retryAfterMs": "250"}}], ("throttled", 0.25)),
        (207, [], ("source_failed", 207)),
        (207, [{"error": "odd"}], ("source_failed", 207)),
    ],
)
def test_refusal(status: int, body: object, expected: object) -> None:
    """Each refusal is the error that says who can mend it."""
    assert refused(status, body) == expected


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": "Mon, 02 Mar 2026 10:00:07 GMT", **DATE}, 7.0),
        ({"retry-after": "Mon, 02 Mar 2026 09:59:00 GMT", **DATE}, 0.0),
        ({"retry-after": "Mon, 02 Mar 2026 10:00:07 GMT"}, 0.5),
        ({"retry-after": "Mon, 02 Mar 2026 10:00:07 -0000", **DATE}, 0.5),
        ({"retry-after": "later", **DATE}, 0.5),
        ({}, 0.5),
    ],
)
def test_the_header_goes_before_the_body(headers: dict[str, str], wait: float) -> None:
    """Retry-After is seconds or a date, which is measured from the answer's own; without it the body's wait counts."""
    assert refused(429, [{"retryAfterMs": "500"}], headers) == ("throttled", wait)


def test_a_value_that_mentions_a_namespace() -> None:
    """What was asked for is echoed in messages, and is no statement about namespaces."""
    identity = Identity("Email", "namespace@example.com")

    assert refused(400, {"message": "namespace@example.com is odd"}, identity=identity) == ("request_refused", 400)


def test_calls_about_nobody() -> None:
    """Without an identity nobody can be missing, and no namespace be wrong."""
    assert refused(404, {"statusCode": "404"}, identity=None) == ("source_failed", 404)
    assert refused(400, {"message": "namespace"}, identity=None) == ("request_refused", 400)


@given(st.integers(100, 599), st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text()), st.binary())
def test_any_refusal_is_an_error_of_ours(status: int, headers: dict[str, str], body: bytes) -> None:
    """No status, header or body is too odd."""
    assert isinstance(refusal(status, headers, body, ADA), LookupFailed)
