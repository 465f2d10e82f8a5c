"""Logs: our own events with allowed keys, and of other libraries' records nothing but where they come from."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog

from bot.telemetry import ALLOWED, configure_logging, new_reference

SECRET = "ada@example.com"
pytestmark = pytest.mark.usefixtures("restored")


@pytest.fixture
def stream() -> io.BytesIO:
    return io.BytesIO()


def fail() -> None:
    raise ValueError(SECRET)


def lines(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_event(stream: io.BytesIO) -> None:
    """An event is one line of JSON, with level and time (UTC)."""
    configure_logging(stream)
    structlog.get_logger().info("answered", kind="not_found", ms=1.5)
    [line] = lines(stream)

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "answered", "level": "info", "kind": "not_found", "ms": 1.5}


def test_allowed_keys(stream: io.BytesIO) -> None:
    """What isn't allowed is dropped; that it was there is told, by its key alone."""
    configure_logging(stream)
    structlog.get_logger().warning("odd", value=SECRET, email=SECRET, count=1)
    [line] = lines(stream)

    assert line["dropped_keys"] == ["email", "value"]
    assert SECRET not in stream.getvalue().decode()
    assert set(line) - ALLOWED == {"dropped_keys"}


def test_level(stream: io.BytesIO) -> None:
    """Events below the level aren't written."""
    configure_logging(stream, logging.WARNING)
    structlog.get_logger().info("quiet")
    structlog.get_logger().error("loud")

    assert [line["event"] for line in lines(stream)] == ["loud"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [(10, None), (20, None), (29, None), (30, "warning"), (35, "warning"), (40, "error"), (50, "critical"), (99, "critical")],
)
def test_foreign_records(stream: io.BytesIO, level: int, expected: str | None) -> None:
    """Of another library's record, logger and level are written, from WARNING up, whatever its level is."""
    configure_logging(stream)
    other = logging.getLogger("other.library")
    other.log(level, "body of %s", SECRET, extra={"body": SECRET}, stack_info=True)
    written = [(line["event"], line["logger"], line["level"]) for line in lines(stream)]

    assert written == ([("library_record", "other.library", expected)] if expected else [])
    assert SECRET not in stream.getvalue().decode()


def test_foreign_exception(stream: io.BytesIO) -> None:
    """Of an exception in another library's record, the type is written."""
    configure_logging(stream)
    try:
        fail()
    except ValueError:
        logging.getLogger("other.library").exception("failed for %s", SECRET)
    [line] = lines(stream)

    assert (line["exception"], line["level"]) == ("ValueError", "error")
    assert SECRET not in stream.getvalue().decode()


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_any_handler(stream: io.BytesIO, level: int) -> None:
    """Whoever brings a handler of their own sees no text either, at any level."""
    configure_logging(stream)
    seen, other = io.StringIO(), logging.getLogger("other.with_handler")
    handler = logging.StreamHandler(seen)
    other.addHandler(handler)
    other.setLevel(logging.DEBUG)
    try:
        fail()
    except ValueError:
        other.log(level, "body of %s", SECRET, exc_info=True)
    finally:
        other.removeHandler(handler)
        other.setLevel(logging.NOTSET)

    assert seen.getvalue() == "library_record\n"


def test_without_exception(stream: io.BytesIO) -> None:
    """A record that was to have an exception and has none is written without."""
    configure_logging(stream)
    logging.getLogger("other.library").error("no error", exc_info=True)
    [line] = lines(stream)

    assert "exception" not in line


def test_standard_error(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Unless told otherwise, events go to standard error."""
    configure_logging()
    structlog.get_logger().info("here")
    written = capfdbinary.readouterr()

    assert (json.loads(written.err)["event"], written.out) == ("here", b"")


def test_reference() -> None:
    """A reference has eight characters that are easily told over the phone, and is never the same."""
    references = [new_reference() for _ in range(500)]

    assert len(set(references)) == 500
    assert {len(reference) for reference in references} == {8}
    assert set("".join(references)) <= set("abcdefghijklmnopqrstuvwxyz234567")
