"""`customer-bot lookup IDENTITY`: the same question, answered in the terminal."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import replace
from typing import Annotated

import typer

from bot import customer_file, settings
from bot.access import Home
from bot.answering import Answer
from bot.config import CustomerConfig
from bot.core import open_core
from bot.errors import ConfigurationError
from bot.question import Asker, Place, Question
from bot.reading import parse
from bot.seal import Seal
from bot.settings import Settings
from bot.status import Status
from bot.tasks import TaskSet
from bot.telling import Telling
from formatters import blocks
from formatters.card import Card
from formatters.form import Form
from formatters.locale import Reader
from formatters.text import text

TERMINAL = Home(team="terminal")
NO_CARD = 1


def lookup(
    identity: Annotated[str, typer.Argument(help="What you would type after /customer.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the profile as JSON.")] = False,
    as_blocks: Annotated[bool, typer.Option("--blocks", help="Print the Slack message, as for Block Kit Builder.")] = False,
    form: Annotated[Form, typer.Option(help="Form of the Slack message.")] = Form.CLASSIC,
    card: Annotated[str, typer.Option(help="Name of a configured card.")] = "standard",
    locale: Annotated[str | None, typer.Option(help="Language and region, e.g. de-DE.")] = None,
) -> None:
    """Look a customer up. Exit code 1 if there is no card to show."""
    chosen = settings.load(slack=False)
    config = customer_file.of(chosen)
    if card not in config.cards:
        raise ConfigurationError((f"No card is named {card}; there are {', '.join(config.cards)}.",))
    reader = Reader.of(locale, chosen.default_time_zone, default=chosen.default_reader)
    answer = asyncio.run(_asked(chosen, config, identity, card))
    content = answer.content()
    if as_json and (profile := answer.profile):
        typer.echo(profile)
    elif as_blocks:
        typer.echo(json.dumps(blocks.message(content, reader, form), indent=2, ensure_ascii=False))
    else:
        typer.echo(text(content, reader))
    if not isinstance(content, Card):
        raise typer.Exit(NO_CARD)


async def _asked(chosen: Settings, config: CustomerConfig, typed: str, card: str) -> Answer:
    def read(current: CustomerConfig) -> Question:
        return replace(parse(typed, current), card=card)

    seal = Seal((secrets.token_hex(32),))  # nobody presses a button in a terminal: its tokens may die with this process
    telling = Telling(Status(clock=time.time))
    async with open_core(chosen, lambda: config, seal=seal, home=TERMINAL, tasks=TaskSet(), telling=telling) as core:
        received = asyncio.get_running_loop().time()
        return await core.answering(read, Asker("terminal", "terminal"), Place(), received=received, door="terminal")
