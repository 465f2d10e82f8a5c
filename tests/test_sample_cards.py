"""Every sample customer, through hub, client and mapping, as a card in every form and language."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
import time
from contextlib import closing
from datetime import UTC, datetime

import httpx
import orjson
import pytest
from slackblocks._surfaces import validate_surface_blocks
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from bot import customer_file, notices, present
from bot.breaker import Breaker
from bot.errors import LookupFailed, TooManyIdentities
from bot.hub.api.app import Credentials, create_hub
from bot.hub.database.connection import Database
from bot.hub.ingestion.inlet import Here
from bot.hub.invented.customers import CUSTOMERS, customers
from bot.hub.sampling import sample_database
from bot.profiles import ims
from bot.profiles.client import AdobeClient
from bot.profiles.http import OverClient
from bot.profiles.source import AdobeSource
from bot.profiles.unlimited import Unlimited
from bot.profiles.wire import Account
from bot.question import Identity, Question
from bot.retries import Retries
from formatters import blocks
from formatters.card import Card, Notice
from formatters.form import Form
from formatters.locale import Reader
from formatters.text import text
from tests.factories import PATIENCE
from tests.formatters.test_oracle import build
from tests.limits import violations

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CONFIG = customer_file.load(customer_file.HUBS)
TOKEN = "t" * 400
"""As long as a token of a long identity."""
READERS = {"en": Reader("en_US", "America/New_York"), "de": Reader("de_DE", "Europe/Berlin")}
SHOWN = ("ada@example.com", "markup@example.com", "many@example.com", "gaps@example.com")
"""Customers whose messages are kept whole, to be pasted into Block Kit Builder."""

Contents = dict[str, Card | Notice]


@pytest.fixture(scope="session")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """Every sample customer's card or notice, by primary e-mail address."""
    with closing(sample_database(tmp_path_factory.mktemp("sample"), now=NOW)) as database:
        return asyncio.run(_all_contents(database))


async def _all_contents(database: Database) -> Contents:
    who = Credentials("id", "secret", "org@AdobeOrg", "sample")
    inlet = Here(database, lambda: int(NOW.timestamp() * 1000))
    hub = create_hub(database=database, credentials=who, clock=lambda: NOW, inlet=inlet)
    transport = httpx.ASGITransport(app=hub, raise_app_exceptions=False)
    send = OverClient(httpx.AsyncClient(transport=transport))
    breaker = Breaker(clock=time.monotonic, failures=1_000, pause=1.0)
    credentials = ims.Credentials("http://hub", who.client_id, who.client_secret)
    tokens = ims.ImsTokens(send, credentials, breaker=breaker, clock=time.monotonic)
    account, retries = Account(who.org_id, who.sandbox, who.client_id), Retries(attempts=1, pause=1.0)
    client = AdobeClient(send, "http://hub", account, tokens, breaker=breaker, retries=retries, most_bytes=2_000_000)
    source = AdobeSource(client, lambda: CONFIG, clock=time.monotonic, patience=PATIENCE)
    addresses = [each.person.email for each in customers(1, NOW)]
    return {address: await _content(source, Identity("Email", address)) for address in addresses}


async def _content(source: AdobeSource, identity: Identity) -> Card | Notice:
    try:
        profile = await source.fetch(identity, Unlimited(until=math.inf))
    except LookupFailed as error:
        return notices.notice(error, CONFIG, lambda _question: TOKEN, "abcd2345")
    showing = present.Showing(
        question=Question(identity),
        config=CONFIG,
        fetched=NOW,
        token=lambda _question: TOKEN,
        source=present.Source("sample", None, sample=True),
    )
    return present.card(profile, showing)


def test_each_customer_has_a_card_but_the_one_with_too_many_identities(contents: Contents) -> None:
    """199 of the 200 customers have a card, and the one with 60 identities has the notice that says so."""
    without = {name: content.kind for name, content in contents.items() if isinstance(content, Notice)}

    assert len(contents) == CUSTOMERS
    assert without == {"many@example.com": TooManyIdentities.kind}


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("language", READERS)
def test_every_card_keeps_slacks_limits(contents: Contents, form: Form, language: str) -> None:
    """Whoever the customer is, the message is within every limit, by our own table and by another library's."""
    found = {}
    for name, content in contents.items():
        message = blocks.message(content, READERS[language], form)
        found[name] = violations(message)
        validate_surface_blocks([build(block) for block in message["blocks"]], "message")

    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("language", READERS)
def test_no_card_changes_unnoticed(contents: Contents, form: Form, language: str, snapshot: SnapshotAssertion) -> None:
    """The digest of every customer's message stays as it was last looked at."""
    digests = {
        name: hashlib.sha256(orjson.dumps(blocks.message(content, READERS[language], form))).hexdigest()[:16]
        for name, content in contents.items()
    }

    assert digests == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("language", READERS)
@pytest.mark.parametrize("name", SHOWN, ids=lambda name: name.partition("@")[0])
def test_some_cards_can_be_looked_at(
    contents: Contents, name: str, form: Form, language: str, snapshot: SnapshotAssertion
) -> None:
    """The telling customers' messages are kept whole."""
    message = blocks.message(contents[name], READERS[language], form)

    assert message == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("language", READERS)
@pytest.mark.parametrize("name", SHOWN, ids=lambda name: name.partition("@")[0])
def test_some_cards_can_be_read(contents: Contents, name: str, language: str, snapshot: SnapshotAssertion) -> None:
    """The same customers as plain text."""
    assert text(contents[name], READERS[language]) == snapshot


def test_no_sentence_is_missing_from_the_catalogues(contents: Contents) -> None:
    """No card says a message's key instead of its words."""
    said = "\n".join(text(content, reader) for content in contents.values() for reader in READERS.values())

    assert re.findall(r"\b(?:card|note|section|column|value|banner|consent|channel|missing|field)\.[a-z_]\w*", said) == []
