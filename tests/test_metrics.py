"""What Prometheus scrapes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from bot.breaker import State
from bot.errors import CustomerContextError, leaves
from bot.metrics import KINDS, OTHER, TO_AN_ACK, TO_AN_ANSWER, Metrics
from bot.profiles.client import Exchange
from bot.slack.respond import Delivery
from bot.status import Snapshot
from tests.test_admin import WELL

OPERATIONS = Path(__file__).parent.parent / "docs" / "operations.md"
ROW = re.compile(r"^\| `(customer_context_\w+)` \| (\w+) \|([^|]*)\|", re.MULTILINE)
OPEN = "application/openmetrics-text;version=1.0.0"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def samples(metrics: Metrics, snapshot: Snapshot = WELL) -> dict[str, float]:
    """Every sample as it is written, without those of the process."""
    body, _ = metrics.render("", snapshot)
    lines = (line for line in body.decode().splitlines() if line.startswith("customer_context_"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def counted(metrics: Metrics, name: str) -> dict[str, float]:
    return {key: value for key, value in samples(metrics).items() if value and key.startswith(f"customer_context_{name}")}


def test_answers(metrics: Metrics) -> None:
    """Answers are counted by what the asker got and by door, notices by kind too."""
    metrics.answered("card", "command", 0.003)
    metrics.answered("card", "command", 0.3)
    metrics.answered("notice", "button", 9.0, "throttled")

    assert counted(metrics, "answers_total") == {
        'customer_context_answers_total{door="command",kind="",outcome="card"}': 2,
        'customer_context_answers_total{door="button",kind="throttled",outcome="notice"}': 1,
    }


def test_histograms(metrics: Metrics) -> None:
    """A duration falls into each bucket whose bound it doesn't exceed."""
    for seconds in (0.0005, 0.001, 0.0011, 4.0):
        metrics.acked("http", seconds)
    told = samples(metrics)
    name = 'customer_context_ack_seconds_bucket{le="%s",transport="http"}'

    assert [told[name % bound] for bound in (0.001, 0.0025, 3.0, "+Inf")] == [2, 3, 3, 4]
    assert told['customer_context_ack_seconds_count{transport="http"}'] == 4
    assert told['customer_context_ack_seconds_sum{transport="http"}'] == pytest.approx(4.0026)


@pytest.mark.parametrize("bounds", [TO_AN_ACK, TO_AN_ANSWER])
def test_bounds(bounds: tuple[float, ...]) -> None:
    """Bounds rise from a millisecond to Slack's three seconds, or to the deadline."""
    assert list(bounds) == sorted(set(bounds))
    assert (bounds[0], bounds[-1]) in {(0.001, 3.0), (0.001, 8.0)}


def test_the_rest(metrics: Metrics) -> None:
    """Everything else that is told is counted once, under its labels."""
    metrics.looked_up("memory", "fresh")
    metrics.flew("failed", "source_down")
    metrics.flew("asked")
    metrics.waited(0.2)
    metrics.retried("throttled")
    metrics.posted(Delivery.UNKNOWN)
    told = samples(metrics)

    expected = {
        'cache_lookups_total{layer="memory",result="fresh"}',
        'flights_total{kind="source_down",outcome="failed"}',
        'flights_total{kind="",outcome="asked"}',
        "quota_wait_seconds_count",
        'upstream_retries_total{kind="throttled"}',
        'slack_posts_total{delivery="unknown"}',
    }

    assert {told.get(f"customer_context_{name}") for name in expected} == {1.0}


@pytest.mark.parametrize(
    ("status", "label"),
    [(200, "2xx"), (404, "4xx"), (429, "429"), (502, "5xx"), (302, "3xx"), (None, "none"), (999, OTHER)],
)
def test_calls(metrics: Metrics, status: int | None, label: str) -> None:
    """Calls are counted by operation and class of status; 429 is a class of its own."""
    metrics.exchanged(Exchange("profile", "an id", status, 0.1))
    told = samples(metrics)

    assert told[f'customer_context_upstream_calls_total{{operation="profile",status="{label}"}}'] == 1
    assert told['customer_context_upstream_seconds_count{operation="profile"}'] == 1


def test_labels_are_bounded(metrics: Metrics) -> None:
    """Whatever is not of a label's closed set is counted as "other": no id and nothing of a customer makes a series."""
    before = len(samples(metrics))
    for number in range(1000):
        metrics.answered(f"outcome {number}", f"door {number}", 1.0, f"ada{number}@example.com")
        metrics.looked_up("memory", f"{number}")
        metrics.exchanged(Exchange(f"{number}", "id", number, 1.0))
    told = samples(metrics)

    assert told['customer_context_answers_total{door="other",kind="other",outcome="other"}'] == 1000
    assert told['customer_context_answer_seconds_count{outcome="other"}'] == 1000
    assert len(told) - before < 60
    assert "ada" not in str(told)


def test_counts_begin_at_zero(metrics: Metrics) -> None:
    """What alarms look at is there before it happens first, or the first time would be no increase."""
    told = samples(metrics)

    assert told['customer_context_answers_total{door="command",kind="broken",outcome="notice"}'] == 0
    assert told['customer_context_flights_total{kind="not_set_up",outcome="failed"}'] == 0
    assert told['customer_context_upstream_calls_total{operation="profile",status="429"}'] == 0
    assert told['customer_context_slack_posts_total{delivery="unknown"}'] == 0
    assert len(told) < 250


def test_every_kind_is_known() -> None:
    """Each kind of the error tree is a label's value, and so is the notice that is no error."""
    assert {each.kind for each in leaves(CustomerContextError)} | {"", "status"} == KINDS
    assert {"not_set_up", "throttled", "broken", ""} <= KINDS


def test_gauges(metrics: Metrics) -> None:
    """Gauges are read from the snapshot of the scrape."""
    told = samples(metrics, replace(WELL, source=replace(WELL.source, budget=100), slack=replace(WELL.slack, connected=False)))

    expected = {
        "ready": 1,
        "tasks": 1,
        "quota_pace_ratio": 0.5,
        "quota_next_permit_seconds": 0,
        "budget_spent_calls": 7,
        "budget_limit_calls": 100,
        "cache_entries": 3,
        "cache_bytes": 4000,
        "socket_connected": 0,
        'breaker_state{state="closed",upstream="source"}': 0,
        'breaker_state{state="open",upstream="source"}': 1,
        'breaker_state{state="half_open",upstream="source"}': 0,
        'breaker_state{state="closed",upstream="redis"}': 0,
        'breaker_state{state="open",upstream="redis"}': 1,
        'breaker_state{state="half_open",upstream="redis"}': 0,
    }
    actual = {name: told.get(f"customer_context_{name}") for name in expected}

    assert expected == actual


def test_what_does_not_apply(metrics: Metrics) -> None:
    """What this service doesn't have, it tells nothing of: no budget, no Redis, no Socket Mode."""
    told = samples(metrics, replace(WELL, cache=replace(WELL.cache, redis=None)))

    assert not [name for name in told if "budget_limit" in name or "socket" in name or "redis" in name]


@pytest.mark.parametrize("state", State)
def test_one_state_at_a_time(metrics: Metrics, state: State) -> None:
    """A breaker is in one state."""
    told = samples(metrics, replace(WELL, source=replace(WELL.source, breaker=state)))

    assert [name for name, value in told.items() if 'upstream="source"' in name and value] == [
        f'customer_context_breaker_state{{state="{state}",upstream="source"}}'
    ]


@pytest.mark.parametrize(("accept", "parse"), [("", plain), (OPEN, open_metrics)])
def test_formats(metrics: Metrics, accept: str, parse: object) -> None:
    """Both formats can be read by Prometheus's own parsers."""
    metrics.answered("card", "command", 0.1)
    metrics.acked("socket", 0.1)
    body, content_type = metrics.render(accept, WELL)
    assert callable(parse)

    assert {family.name for family in parse(body.decode())} >= {"customer_context_ack_seconds", "customer_context_ready"}
    assert ("openmetrics" in content_type) is bool(accept)


@pytest.mark.parametrize("accept", ["application/openmetrics-text;version=abc", "text/plain;version=x", ";;,=", "x" * 9000])
def test_odd_wishes(metrics: Metrics, accept: str) -> None:
    """Whatever a scraper asks for, it gets one of the two formats, and nothing of what it sent."""
    _, content_type = metrics.render(accept, WELL)

    assert content_type in {metrics.render("", WELL)[1], metrics.render(OPEN, WELL)[1]}


def test_nothing_is_global() -> None:
    """Two services count apart, and the library's own registry has nothing of ours."""
    one, other = Metrics(), Metrics()
    one.waited(1.0)

    assert counted(other, "quota_wait_seconds_count") == {}
    assert not [family for family in REGISTRY.collect() if family.name.startswith("customer_context")]


def test_the_process_is_told_of(metrics: Metrics) -> None:
    """The process's memory and processor time are told too, where the system tells."""
    families = {family.name for family in metrics.registry.collect()}

    if Path("/proc/self/stat").exists():
        assert {"process_resident_memory_bytes", "process_cpu_seconds"} <= families


def test_the_documentation_lists_every_metric(metrics: Metrics) -> None:
    """docs/operations.md has each metric with its type and labels, as it is written in a query, and none that isn't there."""
    metrics.answered("card", "command", 0.1)
    metrics.acked("http", 0.1)
    metrics.looked_up("memory", "fresh")
    metrics.flew("asked")
    metrics.waited(0.1)
    metrics.exchanged(Exchange("profile", "id", 200, 0.1))
    metrics.retried("throttled")
    metrics.posted(Delivery.ACCEPTED)
    metrics.render("", WELL)
    expected = set()
    for family in metrics.registry.collect():
        if family.name.startswith("customer_context_"):
            labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
            name = f"{family.name}_total" if family.type == "counter" else family.name
            expected.add((name, family.type, ", ".join(f"`{label}`" for label in labels)))

    actual = {
        (name, kind, ", ".join(sorted(re.findall(r"`\w+`", labels))))
        for name, kind, labels in ROW.findall(OPERATIONS.read_text("utf-8"))
    }

    assert expected == actual
