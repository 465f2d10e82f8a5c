"""`customer-bot run`: the service, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot import customer_file, settings
from bot.app import DRAIN_MARGIN, open_service
from bot.errors import ConfigurationError
from bot.serving import served, settle
from bot.settings import Settings
from bot.telemetry import configure_logging
from bot.tracing import Trace, untraced

log = structlog.get_logger()


def run() -> None:
    """Run the service: HTTP for Slack, and Socket Mode when SLACK_APP_TOKEN is set."""
    chosen = settings.load()
    configure_logging(level=logging.getLevelNamesMapping()[chosen.log_level], final=True)
    config = customer_file.Current(lambda: customer_file.of(chosen))
    asyncio.run(until_stopped(chosen, config))


async def until_stopped(chosen: Settings, config: customer_file.Current) -> None:
    """Serve until SIGTERM or SIGINT; read `customer.yml` again on SIGHUP.

    At the end it isn't ready any more, then takes no connections, then delivers what is under way; the admin address tells so.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, config.reload)
    async with (
        traces(chosen) as trace,
        open_service(chosen, config, trace=trace) as service,
        served(service.admin, chosen.admin_host, chosen.admin_port, grace=1.0) as admin,
    ):
        async with served(service.asgi, chosen.host, chosen.port, grace=chosen.deadline + DRAIN_MARGIN) as url:
            for number in (signal.SIGTERM, signal.SIGINT):  # not before: a start that hangs must end as any process does
                loop.add_signal_handler(number, stop.set)
            settle()
            log.info("administered", address=admin)
            log.info("listening", address=url, transport=chosen.transports)
            await stop.wait()
            log.info("stopping")
            service.status.drain()  # not ready any more, while the last connections are still served
        await service.drain()  # and what they began is delivered, while the admin address tells so


@asynccontextmanager
async def traces(chosen: Settings) -> AsyncIterator[Trace]:
    """What records spans, with TRACES_URL; without it, what doesn't.

    Raises:
        ConfigurationError: the extra `traces` is not installed.
    """
    if not chosen.traces_url:
        yield untraced
        return
    try:
        from bot.otel import open_traces  # noqa: PLC0415 - the extra, which everything else does without
    except ImportError:
        raise ConfigurationError(("TRACES_URL needs an extra: pip install 'customer-context[traces]'.",)) from None
    async with open_traces(chosen.traces_url, ca_bundle=chosen.ca_bundle) as trace:
        yield trace
