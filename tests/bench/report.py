"""Tables, and what was to be shown."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.generator import Round


@dataclass
class Measured:
    """All rounds of one server, and the processor time that it took for them, in seconds."""

    label: str
    rounds: list[Round] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rates(self) -> list[float]:
        """Cards a second, by round."""
        return [each.rate for each in self.rounds]

    @property
    def rate(self) -> float:
        """Cards a second: the median of the rounds, which a disturbed one doesn't move."""
        return statistics.median(self.rates)

    def card(self, part: float) -> float:
        """Milliseconds to the card, for `part` of all."""
        return quantile([each.answered or 0.0 for one in self.rounds for each in one.asked], part)

    def ack(self, part: float) -> float:
        """Milliseconds to the ack, for `part` of all."""
        return quantile([each.acked for one in self.rounds for each in one.asked], part)

    @property
    def cpu_each(self) -> float:
        """Microseconds of processor time for one card."""
        return 1e6 * self.cpu / max(1, sum(len(each.asked) for each in self.rounds))


def quantile(seconds: Sequence[float], part: float) -> float:
    """In milliseconds."""
    return 1000 * sorted(seconds)[int(part * (len(seconds) - 1))]


@dataclass(frozen=True)
class Goal:
    """What was to be shown of `value`."""

    text: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Whether it was."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def __str__(self) -> str:
        least = None if self.at_least is None else f"≥ {self.at_least:g}"
        most = None if self.at_most is None else f"≤ {self.at_most:g}"
        bound = ", ".join(filter(None, (least, most)))
        return f"{'met' if self.met else 'MISSED':8}{self.text:58}{self.value:>9.2f}   {bound}"


def heading(text: str) -> str:
    """A line of its own."""
    return f"\n{text}\n{'-' * len(text)}\n"


def table(title: str, results: Iterable[Measured]) -> str:
    """One line a server. The spread is that of the rounds' rates."""
    columns = "".join(f"{each:>{width}}" for each, width in _COLUMNS)
    return heading(title) + f"{'':34}{columns}\n" + "".join(map(_row, results))


_COLUMNS = (("cards/s", 9), ("of rounds", 18), ("p50 ms", 10), ("p99 ms", 10), ("ack p99", 10), ("CPU µs", 9))


def _row(each: Measured) -> str:
    spread = f"{min(each.rates):,.0f} to {max(each.rates):,.0f}"
    times = f"{each.card(0.5):>10.2f}{each.card(0.99):>10.2f}{each.ack(0.99):>10.2f}"
    return f"{each.label:34}{each.rate:>9,.0f}{spread:>18}{times}{each.cpu_each:>9,.0f}\n"


def machine() -> str:
    """What it was measured on."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ":")
    load = os.getloadavg()[0]
    return (
        f"{platform.machine()}, {model.partition(':')[2].strip()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {load:.1f} at the end\n"
    )


def judged(goals: Sequence[Goal]) -> None:
    """Print them; the process ends with 1 if one was missed."""
    sys.stdout.write(heading("Goals") + "".join(f"{goal}\n" for goal in goals) + f"\n{machine()}")
    if not all(goal.met for goal in goals):
        raise SystemExit(1)
