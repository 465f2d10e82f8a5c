"""What surrounds profiles at Adobe, as plain values: audiences' names, merge policies, namespaces, the union schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from bot.errors import SourceFailed
from bot.profiles.refusals import refusal
from bot.profiles.wire import PROFILE, Account, Answer, Json, Request, read_json

MOST_AUDIENCES = 100
"""Ids in one bulk-get (Adobe: "Cannot be 0 or exceed 100")."""

_UNION_TYPE = "application/vnd.adobe.xed-full+json;version=1"


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """How Adobe puts fragments of a profile together."""

    id: str
    name: str
    default: bool = False


def audiences_request(account: Account, ids: Sequence[str]) -> Request:
    """At most `MOST_AUDIENCES` audiences by their ids (Adobe: "Audiences endpoint", bulk-get)."""
    body = orjson.dumps({"ids": [{"id": each} for each in ids]})
    headers = account.headers | {"content-type": "application/json"}
    return Request("audiences", "POST", "/data/core/ups/audiences/bulk-get", headers, body)


def read_audience_names(answer: Answer) -> dict[str, str]:
    """Name by each id that the audience goes by; who is missing is left out, and 404 says that all are.

    Raises:
        LookupFailed: the answer is a refusal, or can't be read.
    """
    if answer.status == HTTPStatus.NOT_FOUND:
        return {}
    body = _content(answer)
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, dict):
        raise SourceFailed
    return dict(_named(results))


def _named(results: Json) -> Iterator[tuple[str, str]]:
    for key, audience in results.items():
        if isinstance(audience, dict) and isinstance(name := audience.get("name"), str) and name.strip():
            ids = (key, audience.get("id"), audience.get("audienceId"))
            yield from ((each, name.strip()) for each in ids if isinstance(each, str))


def merge_policies_request(account: Account) -> Request:
    """The merge policies for profiles (Adobe allows five)."""
    path = f"/data/core/ups/config/mergePolicies?schema.name={PROFILE}&limit=100"
    return Request("merge_policies", "GET", path, account.headers)


def read_merge_policies(answer: Answer) -> tuple[MergePolicy, ...]:
    """The merge policies.

    Raises:
        LookupFailed: the answer is a refusal, or can't be read.
    """
    body = _content(answer)
    children = body.get("children") if isinstance(body, dict) else None
    if not isinstance(children, list):
        raise SourceFailed
    return tuple(
        MergePolicy(each["id"], str(each.get("name") or ""), each.get("default") is True)
        for each in children
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    )


def namespaces_request(account: Account) -> Request:
    """The identity namespaces of the organisation (Adobe: "Identity Service API")."""
    return Request("namespaces", "GET", "/data/core/idnamespace/identities", account.headers)


def read_namespaces(answer: Answer) -> tuple[str, ...]:
    """The codes of the namespaces.

    Raises:
        LookupFailed: the answer is a refusal, or can't be read.
    """
    body = _content(answer)
    if not isinstance(body, list):
        raise SourceFailed
    return tuple(each["code"] for each in body if isinstance(each, dict) and isinstance(each.get("code"), str))


def union_request(account: Account) -> Request:
    """The union of all schemas that are enabled for profiles, with every field spelt out."""
    path = f"/data/foundation/schemaregistry/tenant/unions/{PROFILE}__union"
    return Request("union_schema", "GET", path, account.headers | {"accept": _UNION_TYPE})


def read_union(answer: Answer) -> Json:
    """The schema (JSON Schema, with Adobe's `meta:` keys).

    Raises:
        LookupFailed: the answer is a refusal, or can't be read.
    """
    body = _content(answer)
    if not isinstance(body, dict):
        raise SourceFailed
    return body


def _content(answer: Answer) -> object:
    """207 is how a bulk-get succeeds."""
    if answer.status not in {HTTPStatus.OK, HTTPStatus.MULTI_STATUS}:
        raise refusal(answer.status, answer.headers, answer.body)
    return read_json(answer)
