"""Raw bytes are checked before anybody parses them. (Ten thousand odd ones: tests/end_to_end/test_mutations.py.)"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.response import BoltResponse
from starlette.types import Message

from bot.slack.ingress import Ingress, Payload, parse
from tests.slack_side import FORM, JSON, SIGNING_SECRET, command, encoded, event, press, signed

NOW = 1_800_000_000.0
URL = "https://hooks.slack.com/commands/1"


class Dispatched:
    """Remembers what came through, and answers."""

    def __init__(self, response: BoltResponse | None = None) -> None:
        self.payloads: list[Payload] = []
        self._response = response or BoltResponse(status=200)

    async def __call__(self, payload: Payload, received: float) -> BoltResponse:
        self.payloads.append(payload)
        return self._response


async def post(ingress: Ingress, body: bytes, *, at: float = NOW, **headers: str) -> httpx.Response:
    told = signed(body, at=at) | {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=ingress), base_url="https://bot.example.com") as client:
        return await client.post("/slack/events", content=body, headers=told)


def ingress_to(dispatched: Dispatched, *, most_bytes: int = 10_000, patience: float = 3.0) -> Ingress:
    return Ingress(dispatched, signing_secret=SIGNING_SECRET, clock=lambda: NOW, most_bytes=most_bytes, patience=patience)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("slash_commands", command("ada@example.com", URL)),
        ("interactive", press({"action_id": "refresh", "value": "x"}, URL)),
        ("events_api", event()),
        ("events_api", {"type": "url_verification", "challenge": "c"}),
        ("slash_commands", {"ssl_check": "1", "token": "invented"}),
    ],
)
async def test_what_slack_sends(kind: str, payload: Payload) -> None:
    """Each kind of request comes through as what Slack put in."""
    dispatched = Dispatched()
    body, content_type = encoded(kind, payload)
    answer = await post(ingress_to(dispatched), body, content_type=content_type)

    assert answer.status_code == 200
    assert dispatched.payloads == [payload]


async def test_documented_example() -> None:
    """The example of Slack's own page ("Verifying requests from Slack") is accepted, byte by byte."""
    dispatched = Dispatched()
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
        b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
        b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d1"
        b"0d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "content-type": FORM,
    }
    ingress = Ingress(dispatched, signing_secret=SIGNING_SECRET, clock=lambda: 1531420620.0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=ingress), base_url="https://bot.example.com") as client:
        answer = await client.post("/slack/events", content=body, headers=headers)

    assert answer.status_code == 200
    assert dispatched.payloads[0]["command"] == "/webhook-collect"


@pytest.mark.parametrize(("age", "status"), [(0, 200), (300, 200), (-300, 200), (301, 401), (-301, 401)])
async def test_age(age: int, status: int) -> None:
    """A request is good for five minutes, before and after; a replay later isn't."""
    body, content_type = encoded("events_api", event())

    assert status == (await post(ingress_to(Dispatched()), body, at=NOW - age, content_type=content_type)).status_code


async def test_another_secret() -> None:
    """A request that somebody else signed gets 401 and no more."""
    dispatched = Dispatched()
    body, content_type = encoded("events_api", event())
    forged = signed(body, at=NOW, secret="another")["X-Slack-Signature"]
    answer = await post(ingress_to(dispatched), body, content_type=content_type, X_Slack_Signature=forged)

    assert (answer.status_code, answer.content, dispatched.payloads) == (401, b"", [])


def test_empty_secret() -> None:
    """Without a signing secret there is no ingress: an empty one would let everybody in."""
    with pytest.raises(ValueError, match="signing secret"):
        Ingress(Dispatched(), signing_secret="", clock=time.time)


async def test_too_large() -> None:
    """A body that is larger than Slack's ever are gets 413, whether it says so or not."""
    body = b'{"type": "x", "more": "' + b"a" * 2000 + b'"}'
    ingress = ingress_to(Dispatched(), most_bytes=1000)

    assert (await post(ingress, body, content_type=JSON)).status_code == 413
    assert (await post(ingress, body, content_type=JSON, content_length="10")).status_code == 413
    assert (await post(ingress, b"{}", content_type=JSON, content_length="9" * 5000)).status_code == 413


async def run(ingress: Ingress, *messages: Message) -> list[Message]:
    """What the ingress sends; after `messages` nothing more comes."""
    sent: list[Message] = []
    coming = iter(messages)

    async def receive() -> Message:
        for message in coming:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await ingress({"type": "http", "headers": []}, receive, send)
    return sent


async def test_body_that_never_ends() -> None:
    """A body that doesn't arrive in time gets 400, so that nobody can hold connections open."""
    sent = await run(ingress_to(Dispatched(), patience=0.01), {"type": "http.request", "body": b"a", "more_body": True})

    assert sent[0]["status"] == 400


async def test_sender_that_leaves() -> None:
    """A sender who leaves halfway is no error."""
    assert (await run(ingress_to(Dispatched()), {"type": "http.disconnect"}))[0]["status"] == 400


async def test_content_type_of_the_answer() -> None:
    """What Bolt answers goes out with its status and its content type."""
    response = BoltResponse(status=200, body='{"text":"hé"}', headers={"content-type": ["application/json;charset=utf-8"]})
    body, content_type = encoded("events_api", event())
    answer = await post(ingress_to(Dispatched(response)), body, content_type=content_type)

    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert answer.json() == {"text": "hé"}


COMMAND_FORM = urlencode({"command": "/customer", "user_id": "U1", "team_id": "T1", "response_url": URL})


@given(st.lists(st.text("a+=&;é2 \n💡", max_size=20), max_size=20))
def test_forms(pairs: list[str]) -> None:
    """A form is read as the standard library reads it, whatever it holds."""
    text = "&".join([*pairs, COMMAND_FORM])

    assert parse(text.encode(), FORM.encode()) == dict(parse_qsl(text, keep_blank_values=True))


@given(st.dictionaries(st.text(), st.text(), max_size=20))
def test_encoded_forms(fields: dict[str, str]) -> None:
    """What was encoded comes back."""
    form = fields | dict(parse_qsl(COMMAND_FORM))
    form.pop("payload", None)

    assert parse(urlencode(form).encode(), FORM.encode()) == form
