"""What Prometheus scrapes: a registry of its own for each service, labels from closed sets, no id and nothing of a customer.

Everything runs on the event loop, so what is counted on the hot path are plain numbers (0.3 µs; the library's own counters and
histograms take a lock each time, and four times as long), which the library writes out when it scrapes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, product

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from bot.breaker import State
from bot.errors import CustomerContextError, LookupFailed, leaves
from bot.profiles.client import Exchange
from bot.slack.respond import Delivery
from bot.status import Snapshot, ready

PREFIX = "customer_context_"

OPEN_METRICS = "application/openmetrics-text"

OTHER = "other"
"""Stands for a label's value that is not of its closed set."""

NOTHING = ""
"""A label that does not apply. (To Prometheus a label without a value is one that isn't there.)"""

TO_AN_ACK = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0)
"""Seconds; Slack gives up after three."""

TO_AN_ANSWER = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Seconds, up to the deadline as it comes."""

Labels = tuple[str, ...]


KINDS = frozenset(each.kind for each in leaves(CustomerContextError)) | {NOTHING, "status"}
FAILURES = frozenset(each.kind for each in leaves(LookupFailed))
OUTCOMES = frozenset({"card", "old_card", "notice"})
DOORS = frozenset({"command", "button"})
TRANSPORTS = frozenset({"http", "socket"})
LAYERS = frozenset({"memory", "shared"})
RESULTS = frozenset({"fresh", "stale", "old", "miss"})
FLIGHTS = frozenset({"asked", "shared", "failed"})
OPERATIONS = frozenset({"profile", "events", "audiences", "merge_policies", "namespaces", "union_schema", "token"})
STATUSES = frozenset({"none", "1xx", "2xx", "3xx", "4xx", "429", "5xx"})
DELIVERIES = frozenset(Delivery)


class Metrics:
    """What components count, each by a method of this that it is given; see docs/operations.md for the names."""

    def __init__(self) -> None:
        self._answers = _Counts(
            "answers",
            "Questions answered, by what the asker got.",
            product(["card", "old_card"], [NOTHING], DOORS),
            product(["notice"], KINDS - {NOTHING}, DOORS),
            outcome=OUTCOMES,
            kind=KINDS,
            door=DOORS,
        )
        self._answer_seconds = _Durations(
            "answer_seconds", "From a question's first byte to its answer.", TO_AN_ANSWER, outcome=OUTCOMES
        )
        self._ack_seconds = _Durations(
            "ack_seconds", "From a request's first byte to its acknowledgement.", TO_AN_ACK, transport=TRANSPORTS
        )
        self._lookups = _Counts("cache_lookups", "Look-ups in the cache.", product(LAYERS, RESULTS), layer=LAYERS, result=RESULTS)
        self._flights = _Counts(
            "flights",
            "Shared calls to the source that ended.",
            product(FLIGHTS - {"failed"}, [NOTHING]),
            product(["failed"], FAILURES),
            outcome=FLIGHTS,
            kind=KINDS,
        )
        self._waits = _Durations("quota_wait_seconds", "What calls waited for their permit.", TO_AN_ANSWER)
        self._calls = _Counts(
            "upstream_calls",
            "Calls that were sent to the source.",
            product(["profile"], STATUSES),
            operation=OPERATIONS,
            status=STATUSES,
        )
        self._call_seconds = _Durations("upstream_seconds", "What calls to the source took.", TO_AN_ANSWER, operation=OPERATIONS)
        self._retries = _Counts("upstream_retries", "Calls to the source that were sent once more.", kind=KINDS)
        self._posts = _Counts(
            "slack_posts", "Messages posted to Slack, by what became of them.", product(DELIVERIES), delivery=DELIVERIES
        )
        self._readings = _Readings()
        self.registry = CollectorRegistry(auto_describe=False)
        counted: tuple[Collector, ...] = (
            self._answers,
            self._answer_seconds,
            self._ack_seconds,
            self._lookups,
            self._flights,
            self._waits,
            self._calls,
            self._call_seconds,
            self._retries,
            self._posts,
            self._readings,
        )
        for each in counted:
            self.registry.register(each)
        ProcessCollector(registry=self.registry)

    def answered(self, outcome: str, door: str, seconds: float, kind: str = NOTHING) -> None:
        """A question that came in at `door` was answered, `seconds` after its first byte; `kind` is a notice's."""
        self._answers.add(outcome, kind, door)
        self._answer_seconds.add(seconds, outcome)

    def acked(self, transport: str, seconds: float) -> None:
        """A request was acknowledged, `seconds` after its first byte."""
        self._ack_seconds.add(seconds, transport)

    def looked_up(self, layer: str, result: str) -> None:
        """A copy was looked for in a layer of the cache ("memory" or "shared"): it was "fresh", "stale", "old", or a "miss"."""
        self._lookups.add(layer, result)

    def flew(self, outcome: str, kind: str = NOTHING) -> None:
        """A flight ended: the source was "asked", another replica's answer "shared", or it "failed" with an error of `kind`."""
        self._flights.add(outcome, kind)

    def waited(self, seconds: float) -> None:
        """A call got its permit after `seconds`."""
        self._waits.add(seconds)

    def exchanged(self, exchange: Exchange) -> None:
        """A call was sent to the source, and answered or not."""
        self._calls.add(exchange.operation, _status(exchange.status))
        self._call_seconds.add(exchange.seconds, exchange.operation)

    def retried(self, kind: str) -> None:
        """A call that failed with an error of `kind` is sent once more."""
        self._retries.add(kind)

    def posted(self, delivery: Delivery) -> None:
        """A message was posted to Slack."""
        self._posts.add(delivery)

    def render(self, accept: str, snapshot: Snapshot) -> tuple[bytes, str]:
        """Everything, as the scraper's Accept header wishes: body and content type. Gauges are those of `snapshot`."""
        self._readings.snapshot = snapshot
        if OPEN_METRICS in accept.lower():  # the library's own choice stumbles over odd versions, and repeats what it was sent
            body: bytes = openmetrics.generate_latest(self.registry)  # type: ignore[no-untyped-call]  # ships no type for it
            return body, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4


class _Counts(Collector):
    """How often, by labels. Those to be `expected` are there from the beginning, at 0: the first of anything would be no increase
    to Prometheus otherwise.
    """

    def __init__(self, name: str, text: str, *expected: Iterable[Labels], **labels: frozenset[str]) -> None:
        self._name, self._text = name, text
        self._labels = _Closed(labels)
        self._counts = dict.fromkeys((tuple(map(str, values)) for values in chain(*expected)), 0)

    def add(self, *values: str) -> None:
        try:
            self._counts[values] += 1
        except KeyError:
            bounded = self._labels.bounded(values)
            self._counts[bounded] = self._counts.get(bounded, 0) + 1

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(PREFIX + self._name, self._text, labels=self._labels.names)
        for values, count in self._counts.items():
            family.add_metric(values, count)
        yield family


class _Durations(Collector):
    """How long, by labels: a histogram. `bounds` are in seconds."""

    def __init__(self, name: str, text: str, bounds: tuple[float, ...], **labels: frozenset[str]) -> None:
        self._name, self._text, self._bounds = name, text, bounds
        self._labels = _Closed(labels)
        self._rows: dict[Labels, _Row] = {}

    def add(self, seconds: float, *values: str) -> None:
        try:
            row = self._rows[values]
        except KeyError:
            row = self._rows.setdefault(self._labels.bounded(values), _Row([0] * (len(self._bounds) + 1)))
        row.counts[bisect_left(self._bounds, seconds)] += 1
        row.total += seconds

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(PREFIX + self._name, self._text, labels=self._labels.names)
        ends = (*map(str, self._bounds), "+Inf")
        for values, row in self._rows.items():
            family.add_metric(values, list(zip(ends, accumulate(row.counts), strict=True)), row.total)
        yield family


@dataclass(slots=True)
class _Row:
    counts: list[int]
    total: float = 0.0


class _Closed:
    """Labels and the values they may have, so that no number of series is beyond them."""

    def __init__(self, labels: dict[str, frozenset[str]]) -> None:
        self.names = tuple(labels)
        self._known = tuple(labels.values())

    def bounded(self, values: Labels) -> Labels:
        return tuple(str(value) if value in known else OTHER for value, known in zip(values, self._known, strict=True))


def _status(status: int | None) -> str:
    """The class of an HTTP status; 429 is one of its own, since it alone is about our quota."""
    if status is None:
        return "none"
    return "429" if status == 429 else f"{status // 100}xx"  # noqa: PLR2004 - Too Many Requests


Samples = Iterable[tuple[Labels, float]]


@dataclass(frozen=True, slots=True)
class _Gauge:
    """One row of the table below: what of a snapshot is shown, and under which name. No samples: it doesn't apply here."""

    name: str
    text: str
    read: Callable[[Snapshot], Samples]
    labels: Labels = ()


class _Readings(Collector):
    """Gauges read from a snapshot at scrape time."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None

    def collect(self) -> Iterator[Metric]:
        for gauge in _GAUGES:
            family = GaugeMetricFamily(PREFIX + gauge.name, gauge.text, labels=gauge.labels)
            for values, value in gauge.read(self.snapshot) if self.snapshot else ():
                family.add_metric(values, value)
            yield family


def _one(value: float | None) -> Samples:
    return () if value is None else (((), value),)


def _breakers(told: Snapshot) -> Samples:
    states: dict[str, str] = {"source": told.source.breaker}
    if told.cache.redis:
        states["redis"] = told.cache.redis
    return (((upstream, state), float(state == now)) for upstream, now in states.items() for state in State)


_GAUGES = (
    _Gauge("ready", "1 unless a restart or an admin must mend something.", lambda told: _one(ready(told))),
    _Gauge("tasks", "Tasks under way: answers, deliveries, refreshes.", lambda told: _one(told.tasks)),
    _Gauge("quota_pace_ratio", "Part of the quota's rate that is used just now.", lambda told: _one(told.source.pace)),
    _Gauge("quota_next_permit_seconds", "Until the next call may be sent.", lambda told: _one(told.source.wait)),
    _Gauge("budget_spent_calls", "Today's calls to the source, of all replicas.", lambda told: _one(told.source.spent)),
    _Gauge("budget_limit_calls", "Calls a day, if there is a budget.", lambda told: _one(told.source.budget)),
    _Gauge("breaker_state", "1 for the state that the breaker is in.", _breakers, labels=("upstream", "state")),
    _Gauge("cache_entries", "Copies in memory.", lambda told: _one(told.cache.entries)),
    _Gauge("cache_bytes", "What they take, with their finished messages.", lambda told: _one(told.cache.bytes)),
    _Gauge("socket_connected", "1 while Socket Mode is connected, if it is used.", lambda told: _one(told.slack.connected)),
)
