"""Traces for OpenTelemetry: the extra `traces`.

Attributes are allow-listed as the log's keys are, without ids of people; texts of exceptions never get in. No global provider is
set, so that no other library begins to trace. No trace id is taken from Slack, and none is handed on to Adobe.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import requests
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.status import StatusCode

from bot.errors import CustomerContextError
from bot.telemetry import ALLOWED
from bot.tracing import Span, Trace, Value

SERVICE = "customer-context"
PEOPLE = frozenset({"asker", "team", "channel"})
ATTRIBUTES = (ALLOWED - PEOPLE) | {"operation"}
"""Keys that a span may have. A value under any other key is dropped, and named in `dropped_keys` so that it gets noticed."""

EXPORT_TIMEOUT = 5.0
FLUSH = 3.0
"""Seconds that the spans at the end have to get out."""


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
async def open_traces(url: str, *, ca_bundle: Path | None = None, flush: float = FLUSH) -> AsyncIterator[Trace]:
    """What records spans and sends them to `url` (OTLP over HTTP), while this is open.

    Spans go out from a thread of their own. At the end those left have `flush` seconds, while the loop goes on. `ca_bundle` is a
    PEM file of authorities that the collector's certificate may be signed by.
    """
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


async def _flushed(flush: Callable[[], None], give_up: Callable[[], None], within: float) -> None:
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
