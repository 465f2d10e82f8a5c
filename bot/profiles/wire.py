"""Adobe's Entities API as plain values: a question becomes a `Request`, an `Answer` becomes a result or an error.

No loop, no socket, no clock. Facts are from Adobe's "Entities endpoint" guide and its OpenAPI file (`profile.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import quote_plus, urlencode

import orjson

from bot.errors import NotFound, RequestRefused, SourceFailed
from bot.profiles.links import ACCESS, next_path
from bot.profiles.matching import asked_for
from bot.profiles.refusals import events_closed, refusal
from bot.question import Identity

Json = dict[str, object]
Params = tuple[tuple[str, str], ...]

ENTITIES = f"{ACCESS}/entities"
PROFILE = "_xdm.context.profile"
EVENT = "_xdm.context.experienceevent"

LONGEST_IDENTITY = 16_384
"""Letters, encoded. No server reads longer addresses."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose profiles are asked for. Without `merge_policy` Adobe takes its default, and answers 422 if there is none."""

    org_id: str
    sandbox: str
    api_key: str
    merge_policy: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every call needs, but for the token and the request's id, which belong to one sending."""
        return {
            "accept": "application/json",
            "x-api-key": self.api_key,
            "x-gw-ims-org-id": self.org_id,
            "x-sandbox-name": self.sandbox,
        }


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `operation` names it in logs; `path` is below the base address, with its query, and encoded.

    Its repr tells the operation alone: the rest names the customer.
    """

    operation: str
    method: str = field(repr=False)
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in lower case, the body is decoded (gzip) and whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RawProfile:
    """One profile as Adobe words it. `last_modified` is RFC 3339; `graph_size` is 0 when the answer doesn't say."""

    xid: str
    entity: Json
    sources: tuple[str, ...] = ()
    last_modified: str | None = None
    graph_size: int = 0


@dataclass(frozen=True, slots=True)
class EventsPage:
    """Some events, each with its outer `timestamp` and its `entity`.

    `next` is a path below the base address, None at the end; or where the list is `cut`, since a link leads elsewhere.
    """

    children: tuple[Json, ...] = ()
    next: str | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Newest:
    """Events, newest first; not `complete` if there are, or may be, older ones."""

    children: tuple[Json, ...]
    complete: bool


class EventsRefused(Exception):
    """The organisation has no event look-up. Adobe sells it with one edition only, and enables it on demand."""


def profile_request(account: Account, identity: Identity, fields: Sequence[str]) -> Request:
    """The attributes at `fields` (dotted XDM paths) of whom `identity` names.

    Raises:
        RequestRefused: no address can carry the identity.
    """
    return _entities("profile", account, _who(identity, "entityId"), (("schema.name", PROFILE),), fields)


def events_request(account: Account, identity: Identity, fields: Sequence[str], limit: int) -> Request:
    """The newest `limit` events. The identity is given twice, since Adobe's own clients (aepp) do so.

    Raises:
        RequestRefused: no address can carry the identity.
    """
    what = (("schema.name", EVENT), ("relatedSchema.name", PROFILE), ("orderby", "-timestamp"), ("limit", str(limit)))
    return _entities("events", account, _who(identity, "entityId", "relatedEntityId"), what, fields)


def more_events_request(account: Account, path: str) -> Request:
    """The page at `EventsPage.next`."""
    return Request("events", "GET", path, account.headers)


def _entities(operation: str, account: Account, who: str, what: Params, fields: Sequence[str]) -> Request:
    path = f"{ENTITIES}?{who}&{_encoded(what, account.merge_policy, tuple(fields))}"
    return Request(operation, "GET", path, account.headers)


def _who(identity: Identity, *names: str) -> str:
    """The identity, under each of the names."""
    with suppress(UnicodeError):
        value, namespace = quote_plus(identity.value), quote_plus(identity.namespace)
        if len(value) + len(namespace) <= LONGEST_IDENTITY:
            return "&".join(f"{name}={value}&{name}NS={namespace}" for name in names)
    raise RequestRefused(400)  # outside the block: an error's context would hold what couldn't be encoded


@lru_cache(maxsize=16)
def _encoded(what: Params, merge_policy: str | None, fields: tuple[str, ...]) -> str:
    """The part of a query that is the same for everybody: all of a configuration's fields, which take a while to encode."""
    fixed = dict(what)
    if fields:
        fixed["fields"] = ",".join(fields)
    if merge_policy:
        fixed["mergePolicyId"] = merge_policy
    return urlencode(fixed, safe=",")


def read_json(answer: Answer) -> object:
    """The body of an answer that succeeded.

    Raises:
        SourceFailed: the body is not JSON.
    """
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        failed = SourceFailed()
    raise failed  # outside the handler: orjson's error holds the whole body


def read_profile(answer: Answer, identity: Identity) -> RawProfile:
    """The profile that was asked for.

    Raises:
        NotFound: nobody has this identity, in any of the ways Adobe says so.
        SourceFailed: the answer can't be read, or it is about others.
        LookupFailed: every other refusal.
    """
    if answer.status != HTTPStatus.OK:
        raise refusal(answer.status, answer.headers, answer.body, identity)
    body = read_json(answer)
    if not isinstance(body, dict):
        raise SourceFailed
    if _names_nobody(body):
        raise NotFound(identity)
    raw = _raw_profile(*asked_for(_entries(body), identity))
    if not raw.entity and not raw.sources and (raw.last_modified or "1970").startswith("1970"):
        raise NotFound(identity)
    return raw


def _names_nobody(body: Json) -> bool:
    """Bulk look-up leaves out whom it doesn't know; the edge sends a handle with an empty payload."""
    handles = body.get("handle")
    return (
        not body
        or str(body.get("statusCode")) == "404"
        or body.get("payload") == []
        or (isinstance(handles, list) and all(isinstance(each, dict) and not each.get("payload") for each in handles))
    )


def _entries(body: Json) -> dict[str, Json]:
    return {xid: entry for xid, entry in body.items() if isinstance(entry, dict)}


def _raw_profile(xid: str, entry: Json) -> RawProfile:
    entity, sources, modified, graph = (entry.get(key) for key in ("entity", "sources", "lastModifiedAt", "identityGraph"))
    if entity is not None and not isinstance(entity, dict):
        raise SourceFailed
    return RawProfile(
        xid=xid,
        entity=entity or {},
        sources=tuple(each for each in sources if isinstance(each, str) and each) if isinstance(sources, list) else (),
        last_modified=modified if isinstance(modified, str) else None,
        graph_size=len(graph) if isinstance(graph, list) else 0,
    )


def read_events(answer: Answer, identity: Identity, base: str) -> EventsPage:
    """One page of events. Nobody there, or none: an empty page. `base` is the address that links are compared with.

    Raises:
        EventsRefused: the organisation has no event look-up.
        SourceFailed: the answer can't be read.
        LookupFailed: every other refusal.
    """
    if answer.status != HTTPStatus.OK:
        if events_closed(answer.status, answer.body):
            raise EventsRefused
        error = refusal(answer.status, answer.headers, answer.body, identity)
        if isinstance(error, NotFound):
            return EventsPage()
        raise error
    body = read_json(answer)
    children = body.get("children") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(children, list):
        raise SourceFailed
    link = _next_link(body)
    path = next_path(link, base)
    cut = path is None and isinstance(link, str) and bool(link.strip())
    return EventsPage(tuple(each for each in children if isinstance(each, dict)), path, cut)


def _next_link(body: Json) -> object:
    links = body.get("_links")
    following = links.get("next") if isinstance(links, dict) else None
    return following.get("href") if isinstance(following, dict) else None
