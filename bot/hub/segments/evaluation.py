"""Evaluating people: those of whom something arrived, and on demand everybody."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import structlog

from bot.hub.database import unsettled
from bot.hub.database.connection import Database, snapshot, transaction
from bot.hub.database.reading import Reading, Standing
from bot.hub.database.unsettled import Settlement, Unsettled
from bot.hub.model import MOST_IDENTITIES, Event, Fragment
from bot.hub.segments.standings import Definitions, Known
from bot.hub.segments.sweeping import Sweeping
from bot.hub.times import milliseconds

log = structlog.get_logger()

_TOGETHER = 16
"""People whose data is in memory at once. More of them make the garbage collector, which finds nothing, walk over it all."""


class Evaluation:
    """Computes audience memberships and computed attributes. `clock` gives the present as an aware datetime.

    Those of whom something arrived come first. Whenever nobody waits, everybody is evaluated again for the jobs that are open, a
    few people at a time; and once a day of itself, as Adobe's batch segmentation does: time windows move while nothing arrives.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._sweeping = Sweeping(database)
        self._after = 0

    def work(self, connection: sqlite3.Connection, limit: int) -> int:
        """Evaluate the people to whom the next `limit` waiting identities belong; how many those are, 0 if nothing is to do.

        `connection` is one of `Database.writer`, outside of a transaction. All that is read is of one moment, nobody is kept
        from writing while it is computed, and people of whom more arrived meanwhile keep waiting.
        """
        settled = self._settle(connection, limit)
        while not settled and self._sweeping.go_on(connection, limit, now=self._now):
            settled = self._settle(connection, limit)
        return settled

    def everybody(self, connection: sqlite3.Connection) -> None:
        """Let everybody wait for `work` to evaluate them again. In several transactions: others may write in between."""
        after: int | None = 0
        while after is not None:
            with transaction(connection):
                after = unsettled.mark_everybody(connection, now=self._now, after=after)

    @property
    def _now(self) -> int:
        return milliseconds(self._clock())

    def _settle(self, connection: sqlite3.Connection, limit: int) -> int:
        taken = self._taken(connection, limit)
        if not taken:
            return 0
        with snapshot(connection):
            seen = unsettled.newest(connection)
            computed = list(self._computed(connection, taken))
        with transaction(connection):
            unsettled.settle(connection, computed, seen=seen)
        return len(computed)

    def _taken(self, connection: sqlite3.Connection, limit: int) -> list[Unsettled]:
        """The next of this round, or the first of another one with all that has arrived by then."""
        taken = unsettled.take(connection, limit, after=self._after) if self._after else []
        if not taken:
            while unsettled.ungathered(connection):
                with transaction(connection):
                    unsettled.gather(connection)
            taken = unsettled.take(connection, limit)
        self._after = taken[-1].identity if taken else 0
        return taken

    def _computed(self, connection: sqlite3.Connection, taken: Sequence[Unsettled]) -> Iterator[Settlement]:
        now = self._now
        reading = Reading(connection, self._database)
        definitions = Definitions(self._database.organisation(), now)
        for start in range(0, len(taken), _TOGETHER):
            for person, mine, known in _waiting(reading, taken[start : start + _TOGETHER]):
                yield Settlement(person, mine, _standing(definitions, known) if known else Standing(now, {}, {}))


def _standing(definitions: Definitions, known: Known) -> Standing:
    try:
        return definitions.standing(known)
    except Exception as error:  # noqa: BLE001 - one person's data must not keep everybody else from being evaluated
        log.error("hub_evaluation_failed", kind=type(error).__name__)
        return definitions.unchanged(known)


def _waiting(reading: Reading, taken: Sequence[Unsettled]) -> Iterator[tuple[int, list[Unsettled], Known | None]]:
    """Each person among them: the number, what of `taken` is that person's, and what is known.

    None of a graph that is too large: it has no profile that could be looked up, so there is nothing to compute of it.
    """
    people = reading.people([each.identity for each in taken])
    whose = {member.number: person.number for person in people for member in person.members}
    numbers = [member.number for person in people if person.size <= MOST_IDENTITIES for member in person.members]
    mine: defaultdict[int, list[Unsettled]] = defaultdict(list)
    fragments: defaultdict[int, list[Fragment]] = defaultdict(list)
    events: defaultdict[int, list[Event]] = defaultdict(list)
    before: defaultdict[int, list[Standing]] = defaultdict(list)
    for each in taken:
        if each.identity in whose:
            mine[whose[each.identity]].append(each)
    for fragment in reading.fragments(numbers):
        fragments[whose[fragment.identity]].append(fragment)
    for event in reading.all_events(numbers):
        events[whose[event.identity]].append(event)
    for number, standing in reading.standings(list(whose)).items():
        before[whose[number]].append(standing)
    for person in people:
        number = person.number
        whole = person.size <= MOST_IDENTITIES
        yield number, mine[number], Known(fragments[number], events[number], before[number]) if whole else None
