"""One question as a trace: what its answer was made of, and nothing about whom it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.otel import ATTRIBUTES, Recorder
from bot.tracing import Trace
from tests.opened import Opened, opened
from tests.slack_side import ELSEWHERE, MEMBER, TEAM, SlackSide, title
from tests.upstream import Turn

PERSONAL = ("ada@", "ada%40", "Lovelace", "Quillworks", "4930", "10001", MEMBER, TEAM, ELSEWHERE, "invented")


@dataclass(frozen=True)
class Traced:
    """What was recorded."""

    exporter: InMemorySpanExporter

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """All of it, in the order in which it began."""
        return tuple(sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time or 0))

    def tree(self) -> list[tuple[str, ...]]:
        """Each span by its path of names from its root."""
        named = {span.context.span_id: span for span in self.spans if span.context}
        return [tuple(reversed(list(self._up(span, named)))) for span in self.spans]

    def told(self, name: str) -> list[dict[str, object]]:
        """Attributes of the spans of this name."""
        return [dict(span.attributes or {}) for span in self.spans if span.name == name]

    def _up(self, span: ReadableSpan, named: Mapping[int, ReadableSpan]) -> Iterator[str]:
        yield span.name
        if span.parent:
            yield from self._up(named[span.parent.span_id], named)


@pytest.fixture
def traced() -> Traced:
    return Traced(InMemorySpanExporter())


@pytest.fixture
def record(traced: Traced) -> Trace:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(traced.exporter))
    return Recorder(provider.get_tracer("test"))


async def asked(service: Opened) -> None:
    """Ada's card, wherever it came, and nothing under way any more."""
    assert title(await service.shown("ada@example.com")) == "Ada Lovelace"
    await service.quiet()


async def test_in_the_ack(slack: SlackSide, transport: str, traced: Traced, record: Trace) -> None:
    """A new customer: the answer, in it the flight, in that what Adobe was asked. From memory it is the answer alone."""
    async with opened(slack, transport, trace=record, ack_budget=2.0, deadline=5.0) as service:
        await asked(service)
        cold = traced.tree()
        traced.exporter.clear()
        await asked(service)

        assert sum(service.upstream.calls[kind] for kind in ("profile", "events", "audiences")) == len(cold) - 2
    assert cold[:4] == [("answer",), ("answer", "flight"), *2 * [("answer", "flight", "adobe")]]
    assert set(cold[4:]) <= {("answer", "flight", "adobe")}
    assert traced.tree() == [("answer",)]
    assert [(told["outcome"], told["state"]) for told in traced.told("answer")] == [("card", "fresh")]


async def test_late(slack: SlackSide, transport: str, traced: Traced, record: Trace) -> None:
    """A slow answer is delivered besides, which is a trace of its own."""
    async with opened(slack, transport, trace=record, ack_budget=0.05, deadline=5.0) as service:
        service.upstream.always["profile"] = Turn(latency=0.2)
        await asked(service)

    assert [path for path in traced.tree() if path[-1] == "delivery"] == [("delivery",)]
    assert traced.told("delivery") == [{"outcome": "accepted"}]
    assert {(told["operation"], told["status"]) for told in traced.told("adobe")} >= {("profile", 200), ("events", 200)}


async def test_failed(slack: SlackSide, transport: str, traced: Traced, record: Trace) -> None:
    """A call that fails has its status, the flight its kind; the answer is a notice, and no failure itself."""
    async with opened(slack, transport, trace=record, ack_budget=2.0) as service:
        service.upstream.always["profile"] = Turn(status=503)
        await service.shown("ada@example.com")
        await service.quiet()

    assert 503 in [told.get("status") for told in traced.told("adobe")]
    assert [told["kind"] for told in traced.told("flight")] == ["source_failed"]
    assert [(told["outcome"], told["kind"]) for told in traced.told("answer")] == [("notice", "source_failed")]
    assert {span.name: span.status.is_ok for span in traced.spans if span.name != "adobe"} == {"answer": True, "flight": False}


async def test_nothing_personal(slack: SlackSide, transport: str, traced: Traced, record: Trace) -> None:
    """Whatever comes of a question, no span says about whom it was, who asked, or what was typed; and no key is dropped."""
    async with opened(slack, transport, trace=record, ack_budget=0.05, deadline=5.0) as service:
        service.upstream.script["profile"].extend([Turn(latency=0.2), Turn(status=500, body={"detail": "ada@example.com"})])
        for typed in ("ada@example.com", "crm:C-10001", "ada lovelace", "ada@example.com bob@example.com", "status"):
            await service.shown(typed)
        await service.shown("ada@example.com", team_id=ELSEWHERE)
        await service.quiet()
    said = " ".join(span.to_json() for span in traced.spans)

    assert {"answer", "flight", "adobe", "delivery"} == {span.name for span in traced.spans}
    assert {key for span in traced.spans for key in span.attributes or {}} <= ATTRIBUTES
    assert [each for each in PERSONAL if each in said] == []
