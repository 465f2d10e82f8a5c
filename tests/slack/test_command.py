"""`/customer`: who may ask, what is understood, and in whose language the answer comes."""

from __future__ import annotations

import asyncio

import pytest

from tests.factories import configured
from tests.limits import violations
from tests.opened import Opened, opened
from tests.slack_side import ELSEWHERE, FAILED, MEMBER, Reply, SlackSide, buttons, command, title, words
from tests.upstream import Turn


@pytest.mark.parametrize(
    "typed", ["ada@example.com", "ADA@Example.com", "<mailto:ada@example.com|ada@example.com>", "crm:c-10001"]
)
async def test_ways_to_type(service: Opened, typed: str) -> None:
    """An identity is understood in the ways in which people type and Slack pastes it."""
    assert title(await service.shown(typed)) == "Ada Lovelace"


@pytest.mark.parametrize(
    ("typed", "headline"),
    [
        ("", "Look up a customer"),
        ("help", "Look up a customer"),
        ("nobody@example.com", "No customer found"),
        ("Ada", "This doesn't identify a customer"),
        ("<@U0SOMEBODY>", "That is a colleague in Slack"),
        ("fax:1", "Unknown kind of number"),
        ("ada@", "Please check what you typed"),
    ],
)
async def test_notices(service: Opened, typed: str, headline: str) -> None:
    """What isn't understood is explained in the ack, within Slack's limits, for the asker alone."""
    asked = await service.ask(typed)

    assert title(asked.ack.message) == headline
    assert asked.ack.message["response_type"] == "ephemeral"
    assert violations({key: value for key, value in asked.ack.message.items() if key != "response_type"}) == []


async def test_not_echoed(service: Opened) -> None:
    """What was typed is never published: the answer is for the asker alone, comes once, and doesn't repeat it."""
    asked = await service.ask("  ADA@Example.com  ")
    await service.quiet()

    assert asked.ack.message["response_type"] == "ephemeral"
    assert asked.mailbox.posts == []
    assert "ADA@Example.com" not in words(asked.ack.message)


async def test_unknown_command(service: Opened) -> None:
    """A command that the manifest has and the code doesn't know is answered with help."""
    assert title(await service.shown("ada@example.com", command="/client")) == "Look up a customer"


async def test_other_workspace(service: Opened) -> None:
    """A member of another workspace is refused, and Adobe isn't asked."""
    notice = await service.shown("ada@example.com", team=ELSEWHERE, user="U0STRANGER")

    assert title(notice) == "You can't look up customers here"
    assert service.upstream.calls["profile"] == 0


async def test_member_of_the_organisation(slack: SlackSide, transport: str) -> None:
    """Where the app is installed for a whole Grid organisation, its members may ask, whichever their workspace."""
    slack.home = {"enterprise_id": "E0GRID", "is_enterprise_install": True, "user_id": "U0BOT", "bot_id": "B0BOT"}
    async with opened(slack, transport) as service:
        ours = await service.shown("ada@example.com", team="T0ANY", enterprise_id="E0GRID")
        theirs = await service.shown("ada@example.com", team="T0ANY", enterprise_id="E0OTHER")

        assert title(ours) == "Ada Lovelace"
        assert title(theirs) == "You can't look up customers here"


async def test_german_asker(service: Opened) -> None:
    """Who has Slack in German gets the card in German; Slack is asked for the language once."""
    service.slack.members["U0BERLIN"] = {"locale": "de-DE", "tz": "Europe/Berlin"}
    first = await service.shown("ada@example.com", user="U0BERLIN")
    again = await service.shown("nobody@example.com", user="U0BERLIN")

    assert "Abwanderungsrisiko" in words(first)
    assert title(again) == "Niemanden gefunden"
    assert service.slack.calls["users.info"] == 1


async def test_slow_directory(slack: SlackSide, transport: str) -> None:
    """While Slack is slow to tell the language, the ack leaves with the default one; once it is known, it is used."""
    slack.members["U0BERLIN"] = {"locale": "de-DE", "tz": "Europe/Berlin"}
    gate = asyncio.Event()
    body = '{"ok": true, "user": {"id": "U0BERLIN", "locale": "de-DE", "tz": "Europe/Berlin"}}'
    slack.replies["users.info"].append(Reply(body=body, content_type="application/json", after=gate))
    async with opened(slack, transport, ack_budget=2.0) as service:
        first = await service.ask("nobody@example.com", user="U0BERLIN")  # comes back although the gate is closed
        gate.set()
        await service.quiet()
        second = await service.ask("nobody@example.com", user="U0BERLIN")

        assert title(first.ack.message) == "No customer found"
        assert title(second.ack.message) == "Niemanden gefunden"
        assert slack.calls["users.info"] == 1


async def test_slow_directory_and_no_budget(slack: SlackSide) -> None:
    """The wait for the language is part of the ack's budget: where a slow body has used it up, nobody waits for Slack."""
    slack.replies["users.info"].append(Reply(after=asyncio.Event()))
    async with opened(slack, ack_budget=0.1, locale_patience=1.0) as service:
        service.upstream.always["profile"] = Turn(gate=(gate := asyncio.Event()))
        loop = asyncio.get_running_loop()
        began = loop.time()
        response = await service.service.dispatch(command("ada@example.com", slack.mailbox().url), began - 0.1)
        took = loop.time() - began
        gate.set()

    assert "Looking, the card follows." in response.body
    assert took < 0.9


@pytest.mark.parametrize(
    "reply",
    [
        FAILED,
        Reply(503, "<html>no</html>", content_type="text/html"),
        Reply(200, "{", content_type="application/json"),
        Reply(200, "[]", content_type="application/json"),
        Reply(200, '{"ok": true, "user": []}', content_type="application/json"),
        Reply(200, '{"ok": true, "user": {"locale": 5, "tz": []}}', content_type="application/json"),
        Reply(200, '{"ok": true, "user": {"locale": "xx-klingon", "tz": "Mars/North"}}', content_type="application/json"),
        Reply(200, '{"ok": false, "error": "ratelimited"}', content_type="application/json"),
    ],
)
async def test_failing_directory(slack: SlackSide, transport: str, reply: Reply) -> None:
    """When Slack doesn't tell the language, whatever it says instead, answers come in the default one, either way."""
    slack.replies["users.info"] += [reply, reply]
    async with opened(slack, transport, default_locale="de-DE") as service:
        service.upstream.script["profile"].append(Turn(latency=0.2))
        quick = await service.shown("help")
        slow = await service.shown("ada@example.com", user="U0OTHER")

        assert title(quick) == "Kundin oder Kunden nachschlagen"
        assert "Abwanderungsrisiko" in words(slow)


async def test_known_for_a_minute(slack: SlackSide) -> None:
    """A failure to tell the language is remembered too, so that Slack isn't asked with each command."""
    async with opened(slack) as service:
        await service.shown("help", user="U0UNKNOWN")
        await service.shown("help", user="U0UNKNOWN")

        assert slack.calls["users.info"] == 1


async def test_missing_scope(slack: SlackSide) -> None:
    """An installation without users:read still answers, in the default language."""
    slack.scopes = frozenset({"commands"})
    async with opened(slack) as service:
        assert title(await service.shown("ada@example.com")) == "Ada Lovelace"


async def test_offers(service: Opened) -> None:
    """Two identities are not guessed between: each is offered as a button; and for a typo, what was likely meant."""
    two = await service.shown("ada@example.com, crm:C-10002")
    typo = await service.shown("ada@exmaple.com")

    assert set(buttons(two)) == {"ada@example.com", "C-10002"}
    assert set(buttons(typo)) == {"ada@example.com"}


async def test_status(slack: SlackSide, transport: str) -> None:
    """Who looks after the service is told in the ack how it is; nobody is looked up."""
    config = configured(roles={"operations": {"members": [MEMBER], "status": True}})
    async with opened(slack, transport, config=lambda: config) as service:
        asked = await service.ask("status")
        message = {key: value for key, value in asked.ack.message.items() if key != "response_type"}

        assert title(message) == "How this app is doing"
        assert asked.ack.message["response_type"] == "ephemeral"
        assert violations(message) == []
        assert service.upstream.calls["profile"] == 0


async def test_status_of_others(service: Opened) -> None:
    """Who doesn't isn't told."""
    asked = await service.ask("status")

    assert title(asked.ack.message) == "You can't look up customers here"
    assert "told to those who look after it" in words(asked.ack.message)


async def test_asked_too_often(slack: SlackSide, transport: str) -> None:
    """Who asks too often is told in the ack for how long to wait; others aren't concerned."""
    async with opened(slack, transport, person_rate=1, person_burst=2) as service:
        for _ in range(2):
            assert title(await service.shown("ada@example.com")) == "Ada Lovelace"
        too_often = (await service.ask("ada@example.com")).ack.message

        assert title(too_often) == "That was a lot of questions"
        assert "in 60 seconds" in words(too_often)
        assert title(await service.shown("ada@example.com", user="U0OTHER")) == "Ada Lovelace"
