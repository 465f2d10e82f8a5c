"""Traces: what a span says, what it never says, and where spans go."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.status import StatusCode
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import NotAnIdentity, Throttled
from bot.otel import ATTRIBUTES, Recorder, open_traces
from bot.serving import served
from bot.telemetry import ALLOWED
from bot.tracing import Trace, untraced


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def record(exporter: InMemorySpanExporter) -> Trace:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Recorder(provider.get_tracer("test"))


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


def test_span(record: Trace, exporter: InMemorySpanExporter) -> None:
    """A span has its name, and what it was told at the beginning and later; None is left out."""
    with record("answer", door="command", kind=None) as span:
        span.tell(outcome="card", state=None)

    assert (only(exporter).name, dict(only(exporter).attributes or {})) == ("answer", {"door": "command", "outcome": "card"})


async def test_parts(record: Trace, exporter: InMemorySpanExporter) -> None:
    """Spans within a span are its parts, in tasks that it starts too; after it they aren't."""

    async def flight() -> None:
        with record("flight"):
            await asyncio.sleep(0)

    with record("answer"):
        await asyncio.create_task(flight())
    with record("delivery"):
        pass
    part, whole, later = exporter.get_finished_spans()

    assert part.parent is not None
    assert part.parent == whole.context
    assert later.parent is None


def test_what_is_never_said(record: Trace, exporter: InMemorySpanExporter) -> None:
    """Keys that aren't allowed are dropped, and named; ids of people are never allowed."""
    with record("answer", asker="U1", typed="ada@example.com", door="command"):
        pass

    assert dict(only(exporter).attributes or {}) == {"dropped_keys": ("asker", "typed"), "door": "command"}
    assert {"asker", "team", "channel"} == ALLOWED - ATTRIBUTES


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Throttled(1.0), {"kind": "throttled"}),
        (NotAnIdentity("ada@example.com"), {"kind": "not_an_identity"}),
        (ValueError("ada@example.com"), {"exception": "ValueError"}),
    ],
    ids=repr,
)
def test_failures(record: Trace, exporter: InMemorySpanExporter, error: Exception, told: dict[str, str]) -> None:
    """An exception marks the span as failed, with its kind or type; its text is nowhere, and it goes on its way."""
    with pytest.raises(type(error)), record("flight"):
        raise error
    span = only(exporter)

    assert (dict(span.attributes or {}), span.status.status_code, span.status.description) == (told, StatusCode.ERROR, None)
    assert span.events == ()
    assert "ada" not in span.to_json()


def test_untraced() -> None:
    """Where nobody records, there is one span for everything, which costs 0.3 µs and takes what it is told."""
    with untraced("answer", door="command") as span:
        span.tell(outcome="card")

    assert untraced("flight") is untraced("answer")


class Collector:
    """Takes spans as an OpenTelemetry collector does; hangs if it is told to."""

    def __init__(self) -> None:
        self.received: list[ExportTraceServiceRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def take(self, request: Request) -> Response:
        self.received.append(ExportTraceServiceRequest.FromString(await request.body()))
        await self.gate.wait()
        return Response(content=b"", media_type="application/x-protobuf")

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/traces", self.take, methods=["POST"])])


async def test_spans_arrive() -> None:
    """At the end all spans have arrived, under the service's name, and the loop went on meanwhile: it served the collector."""
    collector = Collector()
    async with served(collector.app, "127.0.0.1", 0) as url, open_traces(f"{url}/v1/traces") as record:
        with record("answer", door="command"):
            pass
    (sent,) = collector.received
    (told,) = sent.resource_spans

    assert [span.name for scope in told.scope_spans for span in scope.spans] == ["answer"]
    assert {each.key: each.value.string_value for each in told.resource.attributes} == {"service.name": "customer-context"}


async def test_nothing_is_global() -> None:
    """No other library begins to trace because we do."""
    before = trace.get_tracer_provider()
    async with open_traces("http://127.0.0.1:9/v1/traces"):
        pass

    assert trace.get_tracer_provider() is before


async def test_a_collector_that_hangs() -> None:
    """A collector that doesn't answer holds up the end for as long as spans have, and no longer."""
    collector = Collector()
    collector.gate.clear()
    async with served(collector.app, "127.0.0.1", 0, grace=1.0) as url:
        began = time.monotonic()
        async with open_traces(f"{url}/v1/traces", flush=0.05) as record:
            with record("answer"):
                pass
        took = time.monotonic() - began
        collector.gate.set()

    assert 0.05 <= took < 1.0


def test_without_the_extra() -> None:
    """Without the extra, whoever asks for traces is told what to install; everything else does without it."""
    program = """
import asyncio, sys
sys.modules["opentelemetry"] = sys.modules["requests"] = None
from bot import settings
from bot.cli.main import app
from bot.cli.run import traces
from bot.errors import ConfigurationError
from bot.tracing import untraced

def chosen(**more):
    return settings.load(slack=False, _env_file=None, profile_url="hub:", **more)

async def main():
    async with traces(chosen()) as trace:
        assert trace is untraced
    try:
        async with traces(chosen(traces_url="http://127.0.0.1:4318/v1/traces")):
            pass
    except ConfigurationError as error:
        print(error)

asyncio.run(main())
"""
    done = subprocess.run(  # noqa: S603 - this very Python, and the program above
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    )

    assert done.stdout == "TRACES_URL needs an extra: pip install 'customer-context[traces]'.\n"
