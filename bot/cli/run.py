"""`customer-bot run`: the service, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

import structlog

from bot import customer_file, settings
from bot.app import DRAIN_MARGIN, open_service
from bot.serving import served
from bot.settings import Settings
from bot.telemetry import configure_logging

log = structlog.get_logger()


def run() -> None:
    """Run the service: HTTP for Slack, and Socket Mode when SLACK_APP_TOKEN is set."""
    chosen = settings.load()
    configure_logging(level=logging.getLevelNamesMapping()[chosen.log_level])
    config = customer_file.Current(lambda: customer_file.of(chosen))
    asyncio.run(until_stopped(chosen, config))


async def until_stopped(chosen: Settings, config: customer_file.Current) -> None:
    """Serve until SIGTERM or SIGINT; read `customer.yml` again on SIGHUP."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, config.reload)
    async with (
        open_service(chosen, config) as service,
        served(service.asgi, chosen.host, chosen.port, grace=chosen.deadline + DRAIN_MARGIN) as url,
    ):
        for number in (signal.SIGTERM, signal.SIGINT):  # not before: a start that hangs must end as any process does
            loop.add_signal_handler(number, stop.set)
        log.info("listening", address=url, transport=transports(chosen))
        await stop.wait()
        log.info("stopping")


def transports(chosen: Settings) -> str:
    """How Slack reaches us."""
    return " and ".join(
        name for name, used in (("http", chosen.serves_http), ("socket", chosen.slack_app_token is not None)) if used
    )
