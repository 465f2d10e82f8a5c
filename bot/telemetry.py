"""Logs: our own events alone, as JSON lines with allow-listed keys.

Nobody else's log record is trusted: Bolt logs whole cards at DEBUG and bodies at INFO, httpx logs URLs. Records of other
libraries are let through from WARNING up, and reduced to logger, level and the exception's type.
"""

from __future__ import annotations

import base64
import logging
import secrets
import sys
from typing import Any, BinaryIO

import orjson
import structlog
from stamina.instrumentation import set_on_retry_hooks
from structlog.typing import EventDict, WrappedLogger

# fmt: off
ALLOWED = frozenset({
    "event", "level", "timestamp", "reference", "flight", "kind", "outcome", "state", "namespace", "card", "form", "asker",
    "team", "channel", "door", "transport", "exception", "logger", "status", "ms", "count", "address", "problem", "version",
    "request_id",
})
# fmt: on
"""Keys a log line may have. A value under any other key is dropped, and named in `dropped_keys` so that it gets noticed."""


def new_reference() -> str:
    """A short id that ties what a person was shown to log lines: eight characters of a to z and 2 to 7."""
    return base64.b32encode(secrets.token_bytes(5)).decode().lower()


def unobserved(*_told: object) -> None:
    """Observe nothing, whatever one is told."""


def configure_logging(stream: BinaryIO | None = None, level: int = logging.INFO, *, final: bool = False) -> None:
    """Send our events to `stream` (standard error) as JSON, and everyone else's through the filter.

    If that is `final`, each logger stays as it is at its first event, which spares the others some time.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(file=stream or sys.stderr.buffer),
        cache_logger_on_first_use=final,
    )
    set_on_retry_hooks(())  # stamina would log and count by itself, what it was called with included
    logging.setLogRecordFactory(ReducedRecord)
    logging.basicConfig(level=logging.WARNING, handlers=[ForeignRecords()], force=True)


def only_allowed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop what is not allow-listed, and what is None."""
    kept = {key: value for key, value in event.items() if value is not None}
    if kept.keys() <= ALLOWED:
        return kept
    dropped = sorted(kept.keys() - ALLOWED)
    return {key: value for key, value in kept.items() if key in ALLOWED} | {"dropped_keys": dropped}


class ReducedRecord(logging.LogRecord):
    """Another library's record without its text, which may hold addresses, bodies and URLs: no handler ever sees that."""

    def __init__(
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        _msg: object,
        _args: object,
        exc_info: Any,
        *_rest: object,
        **_more: object,
    ) -> None:
        super().__init__(name, level, pathname, lineno, "library_record", (), None)
        self.exception = exc_info[0].__name__ if isinstance(exc_info, tuple) and exc_info[0] else None


class ForeignRecords(logging.Handler):
    """Writes other libraries' records from WARNING up as events of our own."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Write logger, level and exception type."""
        fields: dict[str, Any] = {"logger": record.name}
        if exception := getattr(record, "exception", None):
            fields["exception"] = exception
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # structlog knows the standard levels alone
        structlog.get_logger().log(level, "library_record", **fields)
