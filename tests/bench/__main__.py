"""`make bench`: one signed `/customer` at a time, this service beside a bare Bolt app, in turns within one run.

The generator runs on one core and the server that is asked on another. What counts is the time from the first byte sent to the
whole card received. Ratios carry over to other machines; absolute times don't.
"""

from __future__ import annotations

import http.client
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

from bot.cli.stand_in import TEAM, USER, StandIn
from tests.bench.servers import SECRET

ROUNDS = 30
COMMANDS = 100
WARM_UP = 200
GOAL = 1.3
FORM = {
    "command": "/customer",
    "text": "ada@example.com",
    "team_id": TEAM,
    "user_id": USER,
    "channel_id": "C0BENCH",
    "response_url": "https://hooks.slack.com/commands/never-used",
}


class Asker:
    """Sends signed commands over one connection, as Slack's proxies keep theirs."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self._body = urlencode(FORM).encode()
        self._slack = StandIn(signing_secret=SECRET, locale="en-US", tz="UTC")

    def ask(self) -> tuple[float, bytes]:
        """One command: seconds until the whole answer was there, and the answer."""
        signed = self._slack.signed(self._body)
        began = time.perf_counter()
        self._connection.request("POST", "/slack/events", signed["content"], signed["headers"])
        response = self._connection.getresponse()
        answer = response.read()
        taken = time.perf_counter() - began
        if response.status != http.client.OK or b'"blocks"' not in answer:
            raise SystemExit(f"no card: status {response.status}, {len(answer)} bytes")
        return taken, answer


@contextmanager
def running(name: str, **environment: str) -> Iterator[Asker]:
    """The server `name` in a process of its own."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "tests.bench.servers", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | environment,
        text=True,
    ) as process:
        if process.stdout is None or process.stdin is None:
            raise SystemExit("no pipes")
        url = process.stdout.readline().strip()
        try:
            yield Asker(url)
        finally:
            process.stdin.close()


def main() -> None:
    """Measure, and say whether the goal is met (exit code 1 if not)."""
    os.sched_setaffinity(0, {0})
    with running("service") as service:
        card = service.ask()[1]
        with running("bare", BENCH_CARD=card.decode()) as bare:
            askers = {"bare Bolt, fixed card": bare, "this service, warm cache": service}
            for asker in askers.values():
                for _ in range(WARM_UP):
                    asker.ask()
            times: dict[str, list[list[float]]] = {name: [] for name in askers}
            for _ in range(ROUNDS):
                for name, asker in askers.items():
                    times[name].append([asker.ask()[0] for _ in range(COMMANDS)])
    report(times, len(card))


def report(times: dict[str, list[list[float]]], size: int) -> None:
    """Print the table; the spread is that of the rounds' medians."""
    sys.stdout.write(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; ")
    sys.stdout.write(f"{ROUNDS} rounds of {COMMANDS} commands each, in turns; the card has {size:,} bytes\n\n")
    sys.stdout.write(f"{'one at a time':28}{'p50 ms':>10}{'p99 ms':>10}{'p50 of rounds':>20}{'ratio':>8}\n")
    floor = 0.0
    ratio = 0.0
    for name, rounds in times.items():
        every = sorted(1000 * each for one in rounds for each in one)
        medians = [1000 * statistics.median(one) for one in rounds]
        p50, p99 = statistics.median(every), every[int(0.99 * len(every))]
        floor = floor or p50
        ratio = p50 / floor
        spread = f"{min(medians):.3f} to {max(medians):.3f}"
        sys.stdout.write(f"{name:28}{p50:>10.3f}{p99:>10.3f}{spread:>20}{ratio:>8.2f}\n")
    met = ratio <= GOAL
    sys.stdout.write(f"\nGoal: at most {GOAL} × the bare app: {'met' if met else 'missed'}\n")
    if not met:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
