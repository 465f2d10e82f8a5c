"""Forgetting, through the whole service."""

from __future__ import annotations

import httpx

from bot.seal import Seal
from tests.opened import APP_KEY, Opened, opened
from tests.slack_side import Payload, SlackSide, title
from tests.upstream import Turn

NAME = "Ada Lovelace"
GONE = Turn(404, {"statusCode": "404"})
DOWN = Turn(503, {})


async def forget(service: Opened, typed: str) -> Payload:
    """As an admin would."""
    bearer = {"authorization": f"Bearer {Seal((APP_KEY,)).bearer()}"}
    admin = httpx.ASGITransport(app=service.service.admin)
    async with httpx.AsyncClient(transport=admin, base_url="http://admin.example.com", headers=bearer) as http:
        told: Payload = (await http.post("/forget", json={"identity": typed})).json()
    return told


async def test_another_identity(slack: SlackSide) -> None:
    """Whoever is forgotten by their address is forgotten as well where they were asked for by number."""
    async with opened(slack) as service:
        assert title(await service.shown("crm:C-10001")) == NAME
        assert (await forget(service, "ada@example.com"))["copies"] == 1
        service.upstream.always["profile"] = DOWN

        assert title(await service.shown("crm:C-10001")) == "Adobe has a problem"


async def test_gone_from_adobe(slack: SlackSide) -> None:
    """That nobody has an address any more takes the copy with it that is kept of the same person's number."""
    async with opened(slack, fresh=0.001, stale=0.002, not_found_kept=0.001) as service:
        assert title(await service.shown("crm:C-10001")) == NAME
        service.upstream.script["profile"].append(GONE)
        assert title(await service.shown("ada@example.com")) == "No customer found"
        service.upstream.always["profile"] = DOWN

        assert title(await service.shown("crm:C-10001")) == "Adobe has a problem"
