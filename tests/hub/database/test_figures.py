"""How much is in a hub."""

from __future__ import annotations

from dataclasses import replace

from bot.hub.database import imports
from bot.hub.database.connection import transaction
from bot.hub.database.figures import Content, Figures, status
from bot.hub.database.imports import Refusal
from bot.hub.database.intake import Intake
from tests.hub.database.conftest import Store
from tests.hub.database.invented import CRM_DATA, NOW, SHOP_DATA, WEB_DATA, crm, ecid, event, profile


def test_an_empty_hub_has_nothing(store: Store) -> None:
    figures = status(store.reader)

    assert replace(figures, bytes=0) == Figures(0, 0, 0, 0, 0, 0, 0, None, 0, {})
    assert figures.bytes > 0


def test_everything_is_counted(store: Store) -> None:
    """By dataset too; the oldest is what waits longest to be computed."""
    store.take(profile(crm("1"), ecid("7")), event(ecid("7"), named="e1"), event(ecid("8"), named="e2"))
    store.take(event(ecid("7"), named="e3", dataset=SHOP_DATA), now=NOW + 1)
    with transaction(store.writer):
        Intake(store.writer).wait(SHOP_DATA, [b"{}"], now=NOW)
        imports.refuse(store.writer, "import-1", [Refusal(3, "person.name", "isn't a text")], now=NOW)
    files = [file.stat().st_size for file in store.database.path.parent.iterdir() if not file.name.endswith("-shm")]

    assert status(store.reader) == Figures(
        profiles=2,
        identities=3,
        fragments=1,
        events=3,
        waiting=1,
        rejects=1,
        unsettled=2,
        oldest=NOW,
        bytes=sum(files),
        datasets={CRM_DATA: Content(fragments=1), WEB_DATA: Content(events=2), SHOP_DATA: Content(events=1, waiting=1)},
    )
