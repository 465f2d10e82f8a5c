"""What the replicas logged: what was counted, what was not expected, and whether anything of a customer is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from tests.chaos.customers import MARK
from tests.opened import APP_KEY
from tests.slack_side import BOT_TOKEN, SIGNING_SECRET
from tests.upstream import CREDENTIALS

SEVERE = frozenset({"error", "critical"})
NEVER_LOGGED = (MARK, "invented-response-secret", APP_KEY, BOT_TOKEN, SIGNING_SECRET, CREDENTIALS.client_secret)
"""Customers' data and secrets, in lower case as they are looked for."""


@dataclass(frozen=True, slots=True)
class Logs:
    """`events` counts by level and event, `severe` those of them that are errors; `revealing` counts the lines that tell too
    much, `unreadable` are those that are no event of ours, e.g. a traceback's.
    """

    events: Counter[tuple[str, str]]
    severe: Counter[str]
    revealing: int
    unreadable: tuple[str, ...]


def read(lines: Iterable[bytes]) -> Logs:
    """Read the replicas' lines."""
    events: Counter[tuple[str, str]] = Counter()
    severe: Counter[str] = Counter()
    revealing = 0
    unreadable: list[str] = []
    for line in lines:
        lowered = line.lower()
        revealing += any(each.lower().encode() in lowered for each in NEVER_LOGGED)
        try:
            told = orjson.loads(line)
            level, event = told["level"], told["event"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            unreadable.append(line.decode(errors="replace").rstrip())
            continue
        events[level, event] += 1
        if level in SEVERE:
            why = "".join(f" {key}={told[key]}" for key in ("exception", "problem", "logger", "kind") if key in told)
            severe[f"{event}{why}"] += 1
    return Logs(events, severe, revealing, tuple(unreadable))
