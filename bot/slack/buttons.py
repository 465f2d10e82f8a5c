"""The buttons of cards and notices. (Slack: block_actions; its ack's body is ignored, so the answer goes to the response_url.)"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.access import Home, team_that_counts
from bot.config import CustomerConfig
from bot.question import Asker, Place, Question
from bot.seal import Seal
from bot.slack.doors import Doors, received
from bot.slack.respond import ack

ASKING = re.compile(r"^(refresh|ask:\d+)$")
"""Action ids of the buttons that ask something; all others open a page."""


async def on_button(request: AsyncBoltRequest, doors: Doors, seal: Seal) -> BoltResponse:
    """Answer what the button's token asks, in place of the message it stands on. Who may ask is decided now, not then."""
    body = request.body
    url = body.get("response_url")
    if not (isinstance(url, str) and body["actions"]):
        return ack()
    action, asker = body["actions"][0], asker_of(body, doors.home)
    refresh = action.get("action_id") == "refresh"
    read = partial(_opened, token=str(action.get("value", "")), home=doors.home.id, seal=seal, refresh=refresh)
    place = Place(_text(_object(body, "channel").get("id")))
    asked = doors.answering(read, asker, place, received=received(request), door="button")
    doors.tasks.start(doors.deliver(asked, url, asker, replace=True))
    return ack()


def asker_of(body: dict[str, object], home: Home) -> Asker:
    """Who pressed it. In a shared channel it may be a member of another organisation: see `team_that_counts`."""
    user, pressed_in = _object(body, "user"), _text(_object(body, "team").get("id"))
    enterprise = _text(user.get("enterprise_id")) or _text(_object(body, "enterprise").get("id"))
    own = _text(user.get("team_id")) or ""  # never the channel's: whose team isn't told is nobody's member
    return Asker(str(user["id"]), team_that_counts(own, pressed_in, enterprise, home), enterprise)


def _opened(_config: CustomerConfig, *, token: str, home: str, seal: Seal, refresh: bool) -> Question:
    return replace(seal.open(token, home), refresh=refresh)


def _object(body: dict[str, object], key: str) -> dict[str, object]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
