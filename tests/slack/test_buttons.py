"""Buttons: the answer takes the place of the message, and who may ask is decided at the press."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.opened import Opened, opened
from tests.slack_side import ELSEWHERE, Payload, SlackSide, buttons, form_of, press, title, words
from tests.upstream import Turn


async def test_refresh(service: Opened) -> None:
    """Refresh asks Adobe although a fresh copy is at hand, and puts the new card in the old one's place."""
    card = await service.shown("ada@example.com")
    service.upstream.script["profile"].append(_renamed("Ada King"))
    pressed = await service.press(buttons(card)["Refresh"])
    fresh = await pressed.shown()

    assert pressed.ack.message == {}
    assert fresh["replace_original"] is True
    assert title(fresh) == "Ada King"
    assert service.upstream.calls["profile"] == 2
    assert title(await service.shown("ada@example.com")) == "Ada King"


async def test_refresh_while_adobe_is_down(service: Opened) -> None:
    """When Adobe is down, Refresh shows the old copy, and says so."""
    card = await service.shown("ada@example.com")
    service.upstream.script["profile"].append(Turn(500, {"statusCode": "500"}))
    old = await (await service.press(buttons(card)["Refresh"])).shown()

    assert title(old) == "Ada Lovelace"
    assert "older copy" in words(old)


async def test_slow_refresh(slack: SlackSide, transport: str) -> None:
    """A press is acknowledged at once, however long Adobe takes."""
    gate = asyncio.Event()
    async with opened(slack, transport, deadline=5) as service:
        card = await service.shown("ada@example.com")
        service.upstream.script["profile"].append(Turn(gate=gate))
        pressed = await service.press(buttons(card)["Refresh"])

        assert pressed.mailbox.posts == []
        gate.set()
        assert title(await pressed.shown()) == "Ada Lovelace"


async def test_offered_identities(service: Opened) -> None:
    """Pressing one of two identities that were offered shows that customer in the notice's place."""
    notice = await service.shown("ada@example.com, nobody@example.com")
    card = await (await service.press(buttons(notice)["ada@example.com"])).shown()

    assert title(card) == "Ada Lovelace"
    assert card["replace_original"] is True


async def test_offered_typo(service: Opened) -> None:
    """Pressing what was likely meant shows the customer."""
    notice = await service.shown("ada@exmaple.com")
    card = await (await service.press(buttons(notice)["ada@example.com"])).shown()

    assert title(card) == "Ada Lovelace"


async def test_member_of_another_organisation(service: Opened) -> None:
    """In a shared channel a guest of another organisation may press, and is refused: the guest's own team counts."""
    card = await service.shown("ada@example.com")
    asked = service.upstream.calls["profile"]
    notice = await (await service.press(buttons(card)["Refresh"], team=ELSEWHERE, user="U0GUEST")).shown()

    assert title(notice) == "You can't look up customers here"
    assert "Ada" not in words(notice)
    assert service.upstream.calls["profile"] == asked


async def test_team_that_is_not_told(service: Opened) -> None:
    """Where Slack doesn't tell the presser's own team, the channel's doesn't stand in: whoever it is, is refused."""
    button = buttons(await service.shown("ada@example.com"))["Refresh"]
    mailbox = service.slack.mailbox()
    await service.wire.send("interactive", press(button, mailbox.url) | {"user": {"id": "U0OTHER"}})

    assert title(await mailbox.take()) == "You can't look up customers here"


@pytest.mark.parametrize("value", ["", "tampered", "ÄÖÜ", "A" * 2000, None, 5])
async def test_tampered_token(service: Opened, value: object) -> None:
    """A token that isn't ours is refused politely."""
    notice = await (await service.press({"action_id": "refresh", "value": value})).shown()

    assert title(notice) == "This button no longer works"


async def test_changed_token(service: Opened) -> None:
    """A token of ours that was changed in one character is refused."""
    button = buttons(await service.shown("ada@example.com"))["Refresh"]
    value = str(button["value"])
    changed = value[:40] + ("A" if value[40] != "A" else "B") + value[41:]
    notice = await (await service.press(button | {"value": changed})).shown()

    assert title(notice) == "This button no longer works"


GRID: dict[str, Any] = {"enterprise": {"id": "E0GRID", "name": "Invented"}}


async def test_organisation(slack: SlackSide, transport: str) -> None:
    """A card of an organisation-wide installation has buttons that work for each of its members, whichever their workspace."""
    slack.home = {"enterprise_id": "E0GRID", "is_enterprise_install": True, "user_id": "U0BOT", "bot_id": "B0BOT"}
    async with opened(slack, transport) as service:
        card = await service.shown("ada@example.com", team="T0RUN", enterprise_id="E0GRID")
        button = buttons(card)["Refresh"]
        ours = await (await service.press(button, team="T0OWN", **GRID)).shown()
        theirs = await (await service.press(button, team="T0OWN", enterprise={"id": "E0OTHER"})).shown()

        assert title(ours) == "Ada Lovelace"
        assert title(theirs) == "You can't look up customers here"


async def test_workspace_of_an_organisation(slack: SlackSide, transport: str) -> None:
    """Installed in one workspace of an organisation, the app answers members of the organisation who press there, wherever their
    own workspace is; elsewhere, and for other organisations, it doesn't.
    """
    slack.home |= {"enterprise_id": "E0GRID", "is_enterprise_install": False}
    async with opened(slack, transport) as service:
        button = buttons(await service.shown("ada@example.com", enterprise_id="E0GRID"))["Refresh"]
        here = await (await service.press(button, team="T0OWN", **GRID)).shown()
        mailbox = slack.mailbox()
        await service.wire.send("interactive", press(button, mailbox.url, team="T0OWN", **GRID) | {"team": {"id": "T0OWN"}})
        elsewhere = await mailbox.take()
        guest = await (await service.press(button, team=ELSEWHERE, enterprise={"id": "E0OTHER"})).shown()

        assert title(here) == "Ada Lovelace"
        assert title(elsewhere) == title(guest) == "You can't look up customers here"


async def test_forms_of_an_organisation(slack: SlackSide) -> None:
    """That a rich card was accepted in one workspace of an organisation holds for all of it: one installation, one app."""
    slack.home = {"enterprise_id": "E0GRID", "is_enterprise_install": True, "user_id": "U0BOT", "bot_id": "B0BOT"}
    async with opened(slack, ack_budget=2.0) as service:
        card = await service.shown("ada@example.com", team="T0ONE", enterprise_id="E0GRID")
        await (await service.press(buttons(card)["Refresh"], team="T0ONE", **GRID)).shown()
        await service.quiet()
        asked = await service.ask("ada@example.com", team="T0TWO", enterprise_id="E0GRID")

        assert form_of(asked.ack.message) == "rich"


async def test_token_of_another_installation(slack: SlackSide) -> None:
    """A token is good in the installation that it was made for, and nowhere else."""
    async with opened(slack) as service:
        button = buttons(await service.shown("ada@example.com"))["Refresh"]
    slack.home |= {"team_id": "T0TWO"}
    async with opened(slack) as service:
        notice = await (await service.press(button, team="T0TWO")).shown()

    assert title(notice) == "This button no longer works"


async def test_button_that_opens_a_page(service: Opened) -> None:
    """A button that opens a page is acknowledged, and nothing else happens."""
    pressed = await service.press({"action_id": "open:adobe", "url": "https://example.com"})
    await service.quiet()

    assert pressed.ack.status == 200
    assert pressed.mailbox.posts == []


@pytest.mark.parametrize("lacking", [{"response_url": None}, {"response_url": 5}, {"actions": []}])
async def test_press_without_a_way_out(service: Opened, lacking: Payload) -> None:
    """A press that nobody can answer is acknowledged."""
    payload = press({"action_id": "refresh", "value": "x"}, service.slack.mailbox().url) | lacking

    assert (await service.wire.send("interactive", payload)).status == 200


def _renamed(name: str) -> Turn:
    entity = {"person": {"name": {"fullName": name}}, "identityMap": {"email": [{"id": "ada@example.com"}]}}
    requested = {"entityId": "ada@example.com", "entityIdNS": {"code": "email"}}
    return Turn(200, {"BVaQinvented": {"entityId": "BVaQinvented", "requestedIdentity": requested, "entity": entity}})
