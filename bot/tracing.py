"""Traces: what one answer spent its time on, for OpenTelemetry.

The core knows `Trace` alone, which costs next to nothing where nobody records. With TRACES_URL and the extra `traces`,
`open_traces` gives one that does. Attributes are allow-listed as the log's keys are, without ids of people; texts of exceptions
never get in. No global provider is set, so that no other library begins to trace. No trace id is taken from Slack, and none is
handed on to Adobe.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from opentelemetry import context, trace
from opentelemetry.trace.status import StatusCode

from bot.errors import ConfigurationError, CustomerContextError
from bot.telemetry import ALLOWED

SERVICE = "customer-context"
PEOPLE = frozenset({"asker", "team", "channel"})
ATTRIBUTES = (ALLOWED - PEOPLE) | {"operation"}
"""Keys that a span may have. A value under any other key is dropped, and named in `dropped_keys` so that it gets noticed."""

EXPORT_TIMEOUT = 5.0
FLUSH = 3.0
"""Seconds that the spans at the end have to get out."""

Value = str | int | float | None


class Span(Protocol):
    """A piece of work with a name, a beginning and an end."""

    def tell(self, **attributes: Value) -> None:
        """Add what is known by now; None is left out."""
        ...


class Trace(Protocol):
    """Makes spans: `with trace("answer", door=door) as span`. Within the block, other spans are parts of this one.

    An exception that leaves the block marks the span as failed, with its kind or type.
    """

    def __call__(self, name: str, /, **attributes: Value) -> AbstractContextManager[Span]:
        """A span that lasts as long as the block."""
        ...


class _Nothing:
    """A span that nobody records."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass

    def tell(self, **attributes: Value) -> None:
        pass


_NOTHING = _Nothing()


def untraced(_name: str, /, **_attributes: Value) -> AbstractContextManager[Span]:
    """Record nothing."""
    return _NOTHING


class Recorder:
    """A `Trace` that records by `tracer`."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def __call__(self, name: str, /, **attributes: Value) -> AbstractContextManager[Span]:
        """A span that lasts as long as the block."""
        return _Recorded(self._tracer, name, attributes)


class _Recorded:
    """One span. (The library's own context manager would record the exception's text and its stack.)"""

    def __init__(self, tracer: trace.Tracer, name: str, attributes: dict[str, Value]) -> None:
        self._tracer = tracer
        self._name = name
        self._attributes = attributes

    def __enter__(self) -> Self:
        self._span = self._tracer.start_span(self._name)
        self._outer = context.attach(trace.set_span_in_context(self._span))
        self.tell(**self._attributes)
        return self

    def __exit__(self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        if isinstance(error, CustomerContextError):
            self.tell(kind=error.kind)
        elif error is not None:
            self.tell(exception=type(error).__name__)
        if error is not None:
            self._span.set_status(StatusCode.ERROR)
        context.detach(self._outer)
        self._span.end()

    def tell(self, **attributes: Value) -> None:
        if dropped := attributes.keys() - ATTRIBUTES:
            self._span.set_attribute("dropped_keys", sorted(dropped))
        self._span.set_attributes({key: value for key, value in attributes.items() if key in ATTRIBUTES and value is not None})


@asynccontextmanager
async def open_traces(url: str | None, *, ca_bundle: Path | None = None, flush: float = FLUSH) -> AsyncIterator[Trace]:
    """What records spans and sends them to `url` (OTLP over HTTP), while this is open; without `url` nothing is recorded.

    Spans go out from a thread of their own. At the end those left have `flush` seconds, while the loop goes on. `ca_bundle` is a
    PEM file of authorities that the collector's certificate may be signed by.

    Raises:
        ConfigurationError: the extra `traces` is not installed.
    """
    if not url:
        yield untraced
        return
    try:
        # The extra, which the core does without.
        import requests  # noqa: PLC0415
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(("TRACES_URL needs an extra: pip install 'customer-context[traces]'.",)) from None
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment is for Slack and Adobe; the collector is near
    exporter = OTLPSpanExporter(
        endpoint=url, certificate_file=str(ca_bundle) if ca_bundle else None, timeout=EXPORT_TIMEOUT, session=session
    )
    provider = TracerProvider(resource=Resource({"service.name": SERVICE}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield Recorder(provider.get_tracer(SERVICE))
    finally:
        await _flushed(provider.shutdown, exporter.shutdown, flush)


class _Stops(Protocol):
    def __call__(self) -> None: ...


async def _flushed(flush: _Stops, give_up: _Stops, within: float) -> None:
    """Run `flush` in a thread that neither the loop nor the process waits for longer than `within`."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        flush()
        with suppress(RuntimeError):  # the loop has gone meanwhile
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, name="last spans", daemon=True).start()
    try:
        async with asyncio.timeout(within):
            await done.wait()
    except TimeoutError:
        give_up()
