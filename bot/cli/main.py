"""The command line. Whatever is wrong with the settings is told in sentences, with exit code 2."""

from __future__ import annotations

import logging
import sys

from bot.cli.loading import group
from bot.errors import ConfigurationError, SlackRefused
from bot.telemetry import configure_logging

app = group(
    {name: f"bot.cli.{name}:{name}" for name in ("run", "demo", "lookup", "check", "forget", "schema", "hub")},
    name="customer-bot",
    help="Answers /customer in Slack with a context card from Adobe's Real-Time Customer Profile.",
    pretty_exceptions_enable=False,
)

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
