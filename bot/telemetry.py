"""Logs: our own events alone, as JSON lines with allow-listed keys.

Nobody else's log record is trusted: Bolt logs whole cards at DEBUG and bodies at INFO, httpx logs URLs. Records of other
libraries are let through from WARNING up, and reduced to logger, level and the exception's type.
"""

from __future__ import annotations

import logging
import secrets
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

# fmt: off
ALLOWED = frozenset({
    "event", "level", "timestamp", "reference", "flight", "kind", "outcome", "state", "namespace", "card", "form", "asker",
    "team", "channel", "door", "transport", "exception", "logger", "status", "ms", "count", "address", "problem", "version",
    "attempt",
})
# fmt: on
"""Keys a log line may have. A value under any other key is dropped, and named in `dropped_keys` so that it gets noticed."""


def new_reference() -> str:
    """A short id that ties what a person was shown to log lines: eight characters without look-alikes."""
    return "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(8))


def configure_logging(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send our events to `stream` (standard error) as JSON, and everyone else's through the filter."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.setLogRecordFactory(ReducedRecord)
    logging.basicConfig(level=logging.WARNING, handlers=[ForeignRecords()], force=True)


def only_allowed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop what is not allow-listed."""
    dropped = sorted(set(event) - ALLOWED)
    kept = {key: value for key, value in event.items() if key in ALLOWED}
    return kept | {"dropped_keys": dropped} if dropped else kept


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
        structlog.get_logger().log(record.levelno, "library_record", **fields)
