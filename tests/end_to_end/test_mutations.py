"""Ten thousand requests that are almost Slack's: each gets 400, 401 or 413, or is still one that Slack could have sent.

What is to be expected is decided by `expected`, which is written after Slack's documentation ("Verifying requests from Slack",
"Slash commands", "Interactive payloads", "Events API") with other means than the code has: it knows nothing of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

import orjson
from starlette.types import ASGIApp, Message

from tests.opened import opened
from tests.slack_side import SIGNING_SECRET, SlackSide, command, encoded, event, press, signed

COUNT = 10_000
NOW = time.time()
OLDEST, MOST_BYTES, MOST_FIELDS, DEEPEST = 300, 1_000_000, 100, 1000

Raw = tuple[bytes, bytes]


@dataclass(frozen=True)
class Request:
    headers: tuple[Raw, ...]
    body: bytes
    pieces: int = 1

    def of(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key == name]

    def having(self, name: bytes, *values: bytes) -> Request:
        kept = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*kept, *((name, value) for value in values)))

    def holding(self, body: bytes) -> Request:
        return replace(self, body=body).having(b"content-length", str(len(body)).encode())


SIGNATURE, TIMESTAMP, TYPE, LENGTH, CODING = (
    b"x-slack-signature",
    b"x-slack-request-timestamp",
    b"content-type",
    b"content-length",
    b"content-encoding",
)


def signed_anew(request: Request) -> Request:
    """The same with a true signature: it gets past the door, to those who parse it."""
    fresh = signed(request.body, at=NOW)
    named = {name.lower().encode(): value.encode() for name, value in fresh.items()}
    return request.having(TIMESTAMP, named[TIMESTAMP]).having(SIGNATURE, named[SIGNATURE])


def request_of(kind: str, payload: dict[str, Any]) -> Request:
    body, content_type = encoded(kind, payload)
    bare = Request(((b"host", b"bot.example.com"), (TYPE, content_type.encode()), (b"user-agent", b"Slackbot 1.0")), body)
    return signed_anew(bare.holding(body))


URL = "https://response.example/1"
KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("slash_commands", command("ada@example.com", URL)),
    ("slash_commands", command("ada@example.com", URL, command="/client")),
    ("interactive", press({"action_id": "refresh", "value": "tampered"}, URL)),
    ("interactive", press({"action_id": "open:page", "url": "https://example.com"}, URL)),
    ("events_api", event()),
    ("slash_commands", {"ssl_check": "1", "token": "invented"}),
    ("events_api", {"type": "url_verification", "challenge": "c", "token": "invented"}),
    ("interactive", {"type": "view_submission", "user": {"id": "U1"}, "team": {"id": "T1"}, "view": {}}),
)
"""What Slack sends, of each kind one. (Nobody is at the response_url, and the service doesn't go there.)"""


# What to expect


def expected(request: Request) -> set[int]:
    """The statuses that are right. Where several things are wrong, each of their statuses is."""
    wrong = {status for status in (_authentic(request), _size(request), _readable(request)) if status}
    return wrong or {200}


def _authentic(request: Request) -> int | None:
    signatures, timestamps = request.of(SIGNATURE), request.of(TIMESTAMP)
    if len(signatures) != 1 or len(timestamps) != 1 or not re.fullmatch(rb"[0-9]{1,12}", timestamps[0]):
        return 401
    signer = hmac.new(SIGNING_SECRET.encode(), b"v0:" + timestamps[0] + b":" + request.body, hashlib.sha256)
    fresh = abs(NOW - int(timestamps[0])) <= OLDEST
    return None if fresh and signatures[0] == b"v0=" + signer.hexdigest().encode() else 401


def _size(request: Request) -> int | None:
    declared = [int(value[:20]) for value in request.of(LENGTH) if re.fullmatch(rb"[0-9]+", value)]
    return 413 if max([len(request.body), *declared]) > MOST_BYTES else None


def _readable(request: Request) -> int | None:
    if any(len(request.of(name)) > 1 for name in (TYPE, LENGTH, CODING)):
        return 400
    if any(value.strip().lower() != b"identity" for value in request.of(CODING)):
        return 400
    try:
        return None if _from_slack(_payload(request)) else 400
    except (ValueError, RecursionError, KeyError):
        return 400


def _payload(request: Request) -> Any:
    media = b"".join(request.of(TYPE)).split(b";")[0].decode("latin-1").strip().lower()
    if media == "application/json":
        return _json(request.body.decode("utf-8"))
    if media != "application/x-www-form-urlencoded":
        raise ValueError(media)
    request.body.decode("utf-8")
    pairs = [pair.partition(b"=") for pair in request.body.split(b"&") if pair]
    if request.body.count(b"&") >= MOST_FIELDS:
        raise ValueError("too many fields")
    form = {_plain(name): _plain(value) for name, _, value in pairs}
    return _json(form["payload"]) if "payload" in form else form


def _plain(text: bytes) -> str:
    return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")


def _json(text: str) -> Any:
    value = json.loads(text, parse_int=float)  # RFC 8259: a number that is no double can't be exchanged
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")  # neither NaN, infinity nor a lone surrogate is JSON
    if _depth(text) > DEEPEST:
        raise ValueError("too deep")
    return value


def _depth(text: str) -> int:
    outside = re.sub(r'"(\\.|[^"\\])*"', "", text)
    depth = deepest = 0
    for character in outside:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


def _from_slack(payload: Any) -> bool:
    """Whether Slack could send this: each kind has the fields that its documentation promises."""
    if not isinstance(payload, dict):
        return False
    if "command" in payload:
        return all(_filled(payload.get(name)) for name in ("command", "user_id", "team_id", "response_url"))
    if payload.get("type") == "block_actions":
        user, actions = payload.get("user"), payload.get("actions")
        named = isinstance(user, dict) and _filled(user.get("id"))
        return named and isinstance(actions, list) and all(isinstance(each, dict) for each in actions)
    if payload.get("type") == "event_callback":
        return isinstance(payload.get("event"), dict) and isinstance(payload["event"].get("type"), str)
    return _filled(payload.get("type")) or ("ssl_check" in payload and not isinstance(payload.get("type"), str))


def _filled(value: object) -> bool:
    return isinstance(value, str) and value != ""


# How requests are changed

Mutation = Callable[[random.Random, Request], Request]


def without_a_header(chance: random.Random, request: Request) -> Request:
    return request.having(chance.choice([SIGNATURE, TIMESTAMP, TYPE, b"host"]))


def twice_the_header(chance: random.Random, request: Request) -> Request:
    name = chance.choice([SIGNATURE, TIMESTAMP, TYPE, LENGTH, b"user-agent"])
    value = request.of(name)[0]
    return request.having(name, value, chance.choice([value, b"", garbage(chance)]))


def garbage_in_a_header(chance: random.Random, request: Request) -> Request:
    return request.having(chance.choice([SIGNATURE, TIMESTAMP, TYPE, LENGTH, CODING, b"cookie"]), garbage(chance))


def garbage(chance: random.Random) -> bytes:
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: chance.randbytes(chance.randrange(40)),
        "v0=é✓²".encode,
        lambda: "²³".encode("latin-1"),
        lambda: b"9" * chance.choice([1, 12, 13, 400, 5000]),
        lambda: b"-1",
        lambda: b"1e9",
        lambda: b"v0=" + b"0" * 64,
        lambda: b"abc",
    )
    return chance.choice(kinds)()


def another_time(chance: random.Random, request: Request) -> Request:
    """A timestamp that was not signed, or (a replay, a clock that is wrong) one that was."""
    offset = chance.choice([-(10**9), -86_400, -302, -301, -298, -1, 0, 1, 298, 302, 86_400])
    fresh = signed(request.body, at=NOW + offset)
    told = request.having(TIMESTAMP, fresh["X-Slack-Request-Timestamp"].encode())
    return told.having(SIGNATURE, fresh["X-Slack-Signature"].encode()) if chance.random() < 0.7 else told


def another_secret(chance: random.Random, request: Request) -> Request:
    return request.having(SIGNATURE, signed(request.body, at=NOW, secret="another")["X-Slack-Signature"].encode())


def signature_in_another_way(chance: random.Random, request: Request) -> Request:
    value = request.of(SIGNATURE)[0]
    ways = (value.upper(), value[3:], value[:-1], value + b"0", b"v1" + value[2:], b" " + value, b"v0=" + value[3:].upper(), b"")
    return request.having(SIGNATURE, chance.choice(ways))


def truncated(chance: random.Random, request: Request) -> Request:
    return request.holding(request.body[: chance.randrange(len(request.body))])


def flipped(chance: random.Random, request: Request) -> Request:
    body = bytearray(request.body)
    for _ in range(chance.randint(1, 4)):
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return request.holding(bytes(body))


def spliced(chance: random.Random, request: Request) -> Request:
    at = chance.randrange(len(request.body))
    strange = chance.choice([b"\x00", b"\xff\xfe", b"%ff", b"%", b"&", b"=", b'"', b"{", b"]", b"\\ud800", b"\xed\xa0\x80", b"+"])
    return request.holding(request.body[:at] + strange + request.body[at:])


def oversized(chance: random.Random, request: Request) -> Request:
    match chance.randrange(40):
        case 0:
            return replace(request, pieces=5).holding(request.body + b"&more=" + b"a" * MOST_BYTES)
        case number if number % 2:
            return request.having(LENGTH, chance.choice([b"1000001", b"9" * 18]))
        case _:
            return request.having(LENGTH, chance.choice([b"0", b"1", b"999999", b"", b"many"]))


def encoded_otherwise(chance: random.Random, request: Request) -> Request:
    return request.holding(
        request.body.decode("latin-1").encode(chance.choice(["utf-16", "utf-8-sig", "utf-32", "cp037"]), "replace")
    )


def other_content_type(chance: random.Random, request: Request) -> Request:
    types = [
        b"text/plain",
        b"",
        b"application/json",
        b"application/x-www-form-urlencoded",
        b"application/json; charset=latin-1",
        b"Application/JSON ;charset=utf-8",
        b"APPLICATION/X-WWW-FORM-URLENCODED",
        b"multipart/form-data; boundary=a",
        b"application/json, text/plain",
        "application/jsön".encode(),
    ]
    return request.having(TYPE, chance.choice(types))


def content_coding(chance: random.Random, request: Request) -> Request:
    return request.having(CODING, chance.choice([b"gzip", b"br", b"identity", b"Identity ", b"", b"gzip, identity"]))


def many_fields(chance: random.Random, request: Request) -> Request:
    count = chance.choice([1, 50, 85, 99, 100, 101, 5000])
    return request.having(TYPE, b"application/x-www-form-urlencoded").holding(
        b"&".join([*request.body.split(b"&")[:1], *(b"f%d=v" % number for number in range(count))])
    )


def deep(chance: random.Random, request: Request) -> Request:
    depth = chance.choice([10, 500, 900, 1100, 3000, 20_000])
    opening, closing = chance.choice([("[", "]"), ('{"a":', "}")])
    nested = opening * depth + ("1" if opening == '{"a":' else "") + closing * (depth if chance.random() < 0.8 else 0)
    return as_json(chance, request, '{"type": "shortcut", "deep": ' + nested + "}")


def odd_shape(chance: random.Random, request: Request) -> Request:
    """A payload with one part of it, anywhere, replaced by something of another type."""
    payload = chance.choice([orjson.loads(orjson.dumps(each)) for _, each in KINDS])
    places = list(_places(payload))
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(places)
        if chance.random() < 0.2 and isinstance(holder, dict):
            holder.pop(key, None)
        else:
            holder[key] = orjson.loads(chance.choice(ODD))
    return as_json(chance, request, orjson.dumps(payload).decode())


ODD = (
    b"null",
    b"true",
    b"0",
    b"-1.5e300",
    b'""',
    b'"x"',
    b"[]",
    b"{}",
    b"[[]]",
    b'{"id":null}',
    b'[{"id":5}]',
    b"[null]",
    b'"\xf0\x9f\xa6\x8a"',
)


def as_json(chance: random.Random, request: Request, text: str) -> Request:
    if chance.random() < 0.5:
        return request.having(TYPE, b"application/json").holding(text.encode())
    return request.having(TYPE, b"application/x-www-form-urlencoded").holding(b"payload=" + quote_plus(text).encode())


def strange_json(chance: random.Random, request: Request) -> Request:
    texts = [
        "null", "5", "[]", '"text"', "", "{", "{}", '{"type": NaN}', '{"type": "shortcut", "n": 1e999999}', "\ufeff{}",
        '{"type": "shortcut", "type": 5}', '{"type": "\\ud800"}', '{"type": "x", "n": ' + "9" * 4000 + "}", "{'type': 'x'}",
        '{"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}',
        '{"type": "url_verification", "challenge": {"a": []}}', '{"type": "url_verification"}', '{"ssl_check": 1}',
        '{"type": "view_submission", "view": 5}', '{"type": "block_suggestion", "container": []}',
        '{"type": "dialog_submission"}',
        '{"type": "interactive_message", "actions": [1]}', '{"type": "workflow_step_edit", "workflow_step": 1}',
    ]  # fmt: skip
    return as_json(chance, request, chance.choice(texts))


def in_pieces(chance: random.Random, request: Request) -> Request:
    return replace(request, pieces=chance.randint(2, 9))


def as_it_is(_chance: random.Random, request: Request) -> Request:
    return request


MUTATIONS: tuple[Mutation, ...] = (
    without_a_header, twice_the_header, garbage_in_a_header, another_time, another_secret, signature_in_another_way, truncated,
    flipped, spliced, oversized, encoded_otherwise, other_content_type, content_coding, many_fields, deep, odd_shape, odd_shape,
    odd_shape, strange_json, in_pieces, as_it_is,
)  # fmt: skip


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for key, inner in items:
        yield value, key
        yield from _places(inner)


async def answered(asgi: ASGIApp, request: Request) -> tuple[int, bytes]:
    """Status and body; an exception of the application is an exception here."""
    size = max(1, -(-len(request.body) // request.pieces))
    parts = [request.body[start : start + size] for start in range(0, len(request.body), size)] or [b""]
    sent: list[Message] = []
    coming = iter(
        [{"type": "http.request", "body": part, "more_body": number < len(parts)} for number, part in enumerate(parts, 1)]
    )

    async def receive() -> Message:
        return next(coming)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/slack/events", "query_string": b"", "headers": list(request.headers)}
    await asgi(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_mutations(slack: SlackSide) -> None:
    """No mutation brings anything but the status that is right for it; half of them are truly signed."""
    chance = random.Random(20261123)  # noqa: S311 - seeded: the same requests each time
    seeds = [request_of(*kind) for kind in KINDS]
    seen: Counter[int] = Counter()
    wrong: list[tuple[str, int, set[int], bytes]] = []
    async with opened(slack, clock=lambda: NOW) as service:
        await service.shown("ada@example.com")
        for number in range(COUNT):
            mutation = chance.choice(MUTATIONS)
            request = mutation(chance, chance.choice(seeds))
            request = signed_anew(request) if number % 2 else request
            status, body = await answered(service.service.asgi, request)
            seen[status] += 1
            if status not in (right := expected(request)) or (status != 200 and body):
                wrong.append((mutation.__name__, status, right, request.body[:300]))
        await service.quiet()
        after = await service.ask("ada@example.com")

    assert wrong[:5] == []
    assert all(seen[status] > 50 for status in (200, 400, 401, 413)), seen
    assert set(seen) == {200, 400, 401, 413}
    assert "Ada Lovelace" in str(after.ack.message)
