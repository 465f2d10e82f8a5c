"""Who is told how it goes: metrics, status and the log, each of what concerns it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.answering import Answered
from bot.errors import LookupFailed
from bot.metrics import Metrics
from bot.profiles.client import Exchange
from bot.retries import Retry
from bot.slack.respond import Delivery
from bot.status import Status
from bot.tracing import Trace, untraced
from bot.upstream import log_exchange, log_retry


@dataclass(frozen=True, slots=True)
class Telling:
    """Passes on what components observe. `trace` records spans, which components make themselves."""

    status: Status
    metrics: Metrics = field(default_factory=Metrics)
    trace: Trace = untraced

    def exchanged(self, exchange: Exchange) -> None:
        """A call was sent to the source."""
        self.metrics.exchanged(exchange)
        log_exchange(exchange)

    def retried(self, retry: Retry) -> None:
        """A call to the source was sent again."""
        self.metrics.retried(retry.error.kind)
        log_retry(retry)

    def flew(self, outcome: str, error: LookupFailed | None) -> None:
        """A flight ended."""
        self.metrics.flew(outcome, error.kind if error else "")
        if outcome != "shared":
            self.status.asked(error)

    def posted(self, delivery: Delivery) -> None:
        """A message was sent to Slack."""
        self.metrics.posted(delivery)
        self.status.posted(delivery)

    def answered(self, answered: Answered) -> None:
        """A question was answered."""
        self.metrics.answered(answered.outcome, answered.door, answered.seconds, answered.kind or "")
