"""The command line. Whatever is wrong with the settings is told in sentences, with exit code 2."""

from __future__ import annotations

import logging
import sys

import typer

from bot.cli.check import check
from bot.cli.demo import demo
from bot.cli.forget import forget
from bot.cli.hub import hub
from bot.cli.lookup import lookup
from bot.cli.run import run
from bot.cli.schema import schema
from bot.errors import ConfigurationError, SlackRefused
from bot.telemetry import configure_logging

app = typer.Typer(
    name="customer-bot",
    help="Answers /customer in Slack with a context card from Adobe's Real-Time Customer Profile.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (run, demo, lookup, check, forget, schema):
    app.command()(command)
app.add_typer(hub)

WRONG = 2


def main() -> None:
    """Run the command that the arguments name."""
    configure_logging(level=logging.ERROR)
    try:
        app()
    except ConfigurationError as error:
        _leave(error.problems)
    except SlackRefused as error:
        _leave((f"{error}. Check SLACK_BOT_TOKEN and SLACK_API_URL; `customer-bot check --live` tells more.",))


def _leave(problems: tuple[str, ...]) -> None:
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    raise SystemExit(WRONG)
