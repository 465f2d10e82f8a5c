"""The account of a run, for people: a table, and sentences for what must not be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tests.chaos.ledger import Outcome, Row
from tests.chaos.logs import Logs

RECOVERS_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Account:
    """What came of a run. `calm` is the row of the load before the first fault, `troubles` are sentences about replicas that did
    not end as they should; `calls` counts what reached the other sides. `deadly` are the faults that kill a replica, and
    `promised` is how many answers one may owe at that moment.
    """

    calm: Row
    rows: Sequence[Row]
    logs: Logs
    troubles: Sequence[str]
    calls: Mapping[str, int]
    seconds: float
    deadly: frozenset[str] = frozenset()
    promised: int = 0


def failures(account: Account) -> list[str]:
    """Sentences for what must not be; none if the run is good."""
    rows = [account.calm, *account.rows]
    return [
        *(each for row in rows for each in _unkept(row)),
        *_lost(account),
        *(each for row in account.rows for each in _unrecovered(row)),
        *account.troubles,
        *_logged(account.logs),
    ]


def _unkept(row: Row) -> Iterator[str]:
    if unanswered := row.outcomes[Outcome.UNANSWERED]:
        yield f"{row.name}: {unanswered} unanswered ({_counted(row.reasons)})."
    if wrong := row.outcomes[Outcome.WRONG]:
        yield f"{row.name}: {wrong} wrong ({_counted(row.reasons)})."
    if row.late:
        yield f"{row.name}: {row.late} acks came after Slack had given up."
    if row.twice:
        yield f"{row.name}: {row.twice} answers too many."


def _lost(account: Account) -> Iterator[str]:
    """Only what a replica owed when it was killed may be lost: asked in that row, or just before it."""
    rows = [account.calm, *account.rows]
    for row, following in zip_longest(rows, rows[1:]):
        killed = {row.name, following.name if following else ""} & account.deadly
        if (lost := row.outcomes[Outcome.LOST]) > (most := account.promised if killed else 0):
            yield f"{row.name}: {lost} lost, where {most} may be."


def _unrecovered(row: Row) -> Iterator[str]:
    if row.recovery is None:
        yield f"{row.name}: no recovery was seen."
    elif row.recovery > RECOVERS_WITHIN:
        yield f"{row.name}: recovery took {row.recovery:.1f} s."


def _logged(logs: Logs) -> Iterator[str]:
    if logs.severe:
        yield f"Logged as errors: {_counted(logs.severe)}."
    if logs.revealing:
        yield f"{logs.revealing} log lines hold personal data or secrets."
    if logs.unreadable:
        yield f"{len(logs.unreadable)} log lines are no events, e.g. {logs.unreadable[0][:200]!r}."


COLUMNS = (
    "",
    "asked",
    "cards",
    "partial",
    "old",
    "notices",
    "unansw.",
    "wrong",
    "lost",
    "resent",
    "calls/s",
    "slowest",
    "recovery",
    "",
)


def table(account: Account) -> str:
    """One line for each fault; what was asked in the calm after it counts too."""
    lines = [COLUMNS, _cells(account.calm, calm=True), *map(_cells, account.rows), _totals(account)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *numbers, last = cells
    middle = "  ".join(each.rjust(width) for each, width in zip(numbers, widths[1:-1], strict=True))
    return f"{first.ljust(widths[0])}  {middle}  {last}".rstrip()


def _cells(row: Row, *, calm: bool = False) -> tuple[str, ...]:
    recovery = "" if calm else "never" if row.recovery is None else f"{row.recovery:.1f} s"
    return (row.name, *_numbers([row]), f"{row.slowest:.1f} s", recovery, _counted(row.notices))


def _totals(account: Account) -> tuple[str, ...]:
    rows = [account.calm, *account.rows]
    longest = max((row.recovery or 0.0 for row in account.rows), default=0.0)
    return ("all", *_numbers(rows), f"{max(row.slowest for row in rows):.1f} s", f"{longest:.1f} s", "")


def _numbers(rows: Iterable[Row]) -> Iterator[str]:
    rows = tuple(rows)
    yield str(sum(row.questions for row in rows))
    for outcome in (
        Outcome.CARD,
        Outcome.PARTIAL,
        Outcome.OLD,
        Outcome.NOTICE,
        Outcome.UNANSWERED,
        Outcome.WRONG,
        Outcome.LOST,
    ):
        yield str(sum(row.outcomes[outcome] for row in rows))
    yield str(sum(row.again for row in rows))
    yield str(max(row.busiest for row in rows))


LEGEND = """\
cards: full and current. partial: say what Adobe did not give. old: say that they are.
lost: promised by a replica that was killed before it could keep its word.
resent: taken by a replica that died before it answered, and passed on to another.
calls/s: the most that Adobe had in one second; what a frozen network held back arrives at once.
slowest: from the request to the answer, wherever it came.
recovery: from the fault's end to a full card of a customer that is new, then a second of nothing but full cards."""


def summary(account: Account) -> Iterator[str]:
    """What else is worth knowing."""
    yield f"{account.seconds:.0f} s; calls: {_counted(account.calls)}."
    yield f"Logged: {_counted({f'{level} {event}': count for (level, event), count in account.logs.events.items()})}."


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))
