"""The slash command: `/customer <identity>`. (Slack: "Implementing slash commands": the ack's body may be the message.)

The text is never echoed: the answer is for the asker alone, and what was typed stays out of the channel.
"""

from __future__ import annotations

import asyncio
from functools import partial

import orjson
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.question import Asker, Place
from bot.reading import command
from bot.slack.doors import Doors, left, received
from bot.slack.respond import ack
from formatters.card import Message
from formatters.voice import Voice


async def on_command(request: AsyncBoltRequest, doors: Doors, text: str) -> BoltResponse:
    """Answer `text` in the ack if the answer is there within its budget, else through the response_url."""
    form, at = request.body, received(request)
    asker = Asker(form["user_id"], form["team_id"], form.get("enterprise_id") or None)
    read = partial(command, text)
    asked = doors.tasks.start(doors.answering(read, asker, Place(form.get("channel_id")), received=at, door="command"))
    await asyncio.sleep(0)  # one turn is all that a kept answer needs
    reader = await doors.directory.reader(asker.user, within=left(doors.ack_budget, at))
    if not asked.done():
        await asyncio.wait({asked}, timeout=left(doors.ack_budget, at))
    if asked.done():
        return ack(await asked.result().body(reader, doors.forms.for_ack(doors.home.id)))
    doors.tasks.start(doors.deliver(asked, form["response_url"], asker))
    return ack(orjson.dumps({"response_type": "ephemeral", "text": str(Voice(reader).say(Message("ack.looking")))}).decode())
