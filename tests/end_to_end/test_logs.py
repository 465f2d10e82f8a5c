"""With every logger at DEBUG, nothing that anybody logs tells about a customer, or opens a door.

Everything is asked once, over both transports, and everything breaks once; then standard error, what a handler on the root logger
was given, and every warning are searched for each thing that must not be there.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import structlog

from bot.telemetry import configure_logging
from tests.broken import broken_server
from tests.opened import APP_KEY, TRANSPORTS, Opened, opened
from tests.slack_side import (
    APP_TOKEN,
    BOT_TOKEN,
    ELSEWHERE,
    EXPIRED,
    FAILED,
    INVALID_BLOCKS,
    MEMBER,
    SIGNING_SECRET,
    Payload,
    SlackSide,
    buttons,
    event,
    press,
    slack_side,
    title,
    words,
)
from tests.upstream import CREDENTIALS, Turn

SECRETS = (
    SIGNING_SECRET,
    BOT_TOKEN,
    APP_TOKEN,
    APP_KEY,
    CREDENTIALS.client_secret,
    "invented-response-secret",
    "invented-verification-token",
    "invented-trigger",
    "Bearer",
)
CUSTOMERS = (
    "ada@example.com", "ada%40example", "Lovelace", "Quillworks", "quillworks", "+4930", "30 23125", "%2B4930", "23125123",
    "C-10001", "L-200001", "384000000", "Lindenallee", "nobody@example", "exmaple", "O-58213", "Refund for",
)  # fmt: skip


@dataclass
class Everything(logging.Handler):
    """Keeps all there is of every record."""

    records: list[logging.LogRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.DEBUG)

    __hash__ = object.__hash__

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def text(self) -> str:
        formatter = logging.Formatter("%(name)s %(message)s")
        return "\n".join(f"{formatter.format(record)} {record.__dict__!r}" for record in self.records)


@dataclass(frozen=True)
class Logged:
    stream: io.BytesIO
    handler: Everything
    warned: list[warnings.WarningMessage]

    def text(self) -> str:
        return "\n".join((self.stream.getvalue().decode(), self.handler.text(), *(str(each.message) for each in self.warned)))

    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def logged(events: object) -> Iterator[Logged]:
    """Logging as the service configures it, at DEBUG, with every logger that exists at DEBUG as well."""
    configured, factory, root = structlog.get_config(), logging.getLogRecordFactory(), logging.getLogger()
    handlers, levels = root.handlers[:], _levels()
    stream, handler = io.BytesIO(), Everything()
    configure_logging(stream, logging.DEBUG)
    root.addHandler(handler)
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    for each in root.handlers:
        each.setLevel(logging.DEBUG)
    logging.captureWarnings(False)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield Logged(stream, handler, warned)
    structlog.configure(**configured)
    logging.setLogRecordFactory(factory)
    root.handlers[:] = handlers
    for logger, level in levels.items():
        logger.setLevel(level)


def _levels() -> dict[logging.Logger, int]:
    known = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    return {each: each.level for each in known if isinstance(each, logging.Logger)}


async def asked_everything(service: Opened) -> list[Payload]:
    """Cards, notices, errors, buttons, refusals, and posts that fail."""
    shown = [await service.shown(text) for text in TYPED]
    card = shown[0]
    offered = (*buttons(card).values(), *buttons(shown[-1]).values(), {"action_id": "refresh", "value": "tampered"})
    shown += [await (await service.press(button)).shown() for button in offered if "value" in button]
    shown.append(await service.shown("ada@example.com", team=ELSEWHERE))
    shown.append(await (await service.press(buttons(card)["Refresh"], team=ELSEWHERE)).shown())
    for status in (429, 404, 500, 400, 403, 422):
        body = {"message": "ada@example.com +493023125123 Lovelace", "statusCode": str(status)}
        service.upstream.script["profile"].append(Turn(status, body))
        shown.append(await (await service.press(buttons(card)["Refresh"])).shown())
    for trouble in ([FAILED], [INVALID_BLOCKS], [EXPIRED]):
        pressed = service.slack.mailbox()
        pressed.script += trouble
        await service.press(buttons(card)["Refresh"], response_url=pressed.url)
        await service.quiet()
    await service.ask("ada@example.com", response_url="https://hooks.slack.com.attacker.example/invented-response-secret")
    await service.press(buttons(card)["Refresh"], response_url="https://attacker.example/invented-response-secret")
    service.upstream.script["profile"].append(Turn(latency=0.3))
    shown.append(await service.shown("+49 30 23125 124"))
    service.upstream.script["profile"].append(Turn(latency=2))
    shown.append(await service.shown("+49 30 23125 125"))
    for odd in (event(), event() | {"authorizations": 5}, {"type": "odd", "text": "ada@example.com"}):
        await service.wire.send("events_api", odd)
    await service.wire.send("interactive", press({"action_id": 5}, service.slack.mailbox().url))
    await service.quiet()
    return shown


TYPED = (
    "ada@example.com", "+49 30 23125 123", "crm:C-10001", "", "Lovelace", "<@U0ADA>", "fax:+493023125123", "ada@",
    "phone:23125123999999999", "nobody@example.com", "many@example.com", "ada@exmaple.com", "ada@example.com, crm:C-10001",
)  # fmt: skip


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_nothing_is_told(logged: Logged, transport: str) -> None:
    """No address, name, number, response_url, token or secret is in anything that is logged; each answer and its reference is."""
    async with slack_side() as slack:
        slack.members[MEMBER] = {"locale": "en-GB", "tz": "Europe/Berlin", "real_name": "Ada Lovelace"}
        async with opened(slack, transport, failure_shared=0.0) as service:
            shown = await asked_everything(service)
        answered = [each for each in logged.events() if each["event"] == "answered"]
        references = {each["reference"] for each in answered}
        tokens = {str(each["value"]) for message in shown for each in buttons(message).values() if "value" in each}

        assert {title(each) for each in shown} >= {
            "Ada Lovelace",
            "No customer found",
            "Adobe has a problem",
            "Adobe took too long",
        }
        assert len(tokens) > 3
        assert found(logged, (*SECRETS, *CUSTOMERS, *tokens, slack.url)) == []
        assert len(answered) >= len(shown)
        assert all(reference in references for reference in _references(shown))
        assert {each["outcome"] for each in answered} == {"card", "old_card", "notice"}
        assert {"undelivered", "response_url_refused", "flight_failed", "asked_adobe"} <= {
            each["event"] for each in logged.events()
        }
        assert not [each for each in logged.events() if "dropped_keys" in each]
        assert logged.handler.records


@pytest.mark.parametrize(
    "kind", ["reset", "garbage status line", "bad gzip", "redirect to nonsense", "not UTF-8", "hang before head"]
)
async def test_nothing_is_told_of_broken_servers(logged: Logged, slack: SlackSide, kind: str) -> None:
    """Nor when Adobe's server is broken: neither the URL, which holds the address, nor the token gets out."""
    async with broken_server(kind) as adobe, broken_server(kind, times=0, good=TOKEN) as ims:
        reached: dict[str, Any] = {"network": True, "profile_url": adobe, "adobe_ims_url": ims, "read_timeout": 0.3}
        async with opened(slack, **reached) as service:
            shown = await service.shown("ada@example.com")

        assert title(shown).startswith("Adobe ")
        assert found(logged, (*SECRETS, *CUSTOMERS, "invented-access-token", adobe, ims)) == []
        assert _references([shown]) <= {each.get("reference") for each in logged.events()}


TOKEN = b'{"access_token": "invented-access-token", "token_type": "bearer", "expires_in": 86399}'


def found(logged: Logged, secret: tuple[str, ...]) -> list[str]:
    """Lines that tell something, with what they tell."""
    return [f"{each}: {line:.300}" for line in logged.text().splitlines() for each in secret if each in line]


def _references(shown: list[Payload]) -> set[str]:
    return {words(each).partition("Reference: ")[2][:8] for each in shown if "Reference: " in words(each)}
