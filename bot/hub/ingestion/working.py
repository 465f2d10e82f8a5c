"""The process that stores and computes: all that was submitted meanwhile goes into one transaction, then what is due is done.

`python -m bot.hub.ingestion.working PATH FD`: the hub's file, and the socket to whoever submits. It ends when that one does.
"""

from __future__ import annotations

import select
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.hub.database.connection import Database, WrongFile
from bot.hub.ingestion.background import STORING, work_behind
from bot.hub.ingestion.frames import Answer, Frames, Question, answered, question_in
from bot.hub.ingestion.submission import Submission
from bot.hub.ingestion.taking import EVALUATED_AT_ONCE, Taking
from bot.hub.segments.evaluation import Evaluation
from bot.hub.times import milliseconds
from bot.telemetry import configure_logging

log = structlog.get_logger()

IDLE = 0.25
"""Seconds after which it looks for what others have put into the file: imports, enabled datasets."""

RESTING = 5.0
"""Seconds for which nothing is computed after that failed."""

POURING = 1_000
"""People of whom something arrives between two steps, from which on it pours in: a file is being imported.

More than are evaluated in a step, which is how many arrive at once when everybody is evaluated again.
"""

LASTING = 2.0
"""Seconds for which it is taken to go on: longer than an import takes from one batch to the next."""

SHARE = 0.1
"""Of the time that goes into computing while it pours in. Whatever is computed by then is soon to be computed again, and two
processes on two processors are far from twice as fast as one.
"""

_BLOCK = 1 << 20


class Working:
    """One process's work: questions from `submitting` first, what is due when there are none.

    `now` gives milliseconds since 1970, `clock` seconds that never go back; `idle` as IDLE.
    """

    def __init__(
        self,
        taking: Taking,
        submitting: socket.socket,
        now: Callable[[], int],
        *,
        clock: Callable[[], float] = time.monotonic,
        idle: float = IDLE,
    ) -> None:
        self._taking = taking
        self._socket = submitting
        self._now = now
        self._clock = clock
        self._idle = idle
        self._frames = Frames()
        self._rested = self._restrained = clock()
        self._arrived = taking.arrived
        self._poured = clock() - LASTING

    def run(self) -> None:
        """Work until nobody is at the other end of the socket."""
        due = True
        while (questions := self._questions(0.0 if due else self._idle)) is not None:
            if questions:
                self._answer(questions)
            due = self._step()

    def _questions(self, patience: float) -> list[Question] | None:
        """What has been asked by now, waiting up to `patience` seconds for the first; None at the end."""
        questions: list[Question] = []
        while select.select([self._socket], [], [], 0.0 if questions else patience)[0]:
            data = self._socket.recv(_BLOCK)
            if not data:
                return questions or None
            questions.extend(map(question_in, self._frames.feed(data)))
        return questions

    def _answer(self, questions: Sequence[Question]) -> None:
        """Store all of it in one transaction, and say so when it is durable."""
        submissions: list[Submission] = [each for question in questions for each in question.submissions]
        try:
            outcomes = self._taking.take(submissions, now=self._now())
            if any(question.settle for question in questions):
                self._taking.settle(now=self._now())
        except (sqlite3.Error, OSError) as error:  # the disk is full, somebody writes for half a minute
            log.error("hub_store_failed", kind=type(error).__name__)
            answers = [Answer(question.number, None) for question in questions]
        else:
            answers, begin = [], 0
            for question in questions:
                end = begin + len(question.submissions)
                answers.append(Answer(question.number, outcomes[begin:end]))
                begin = end
        self._socket.sendall(b"".join(map(answered, answers)))

    def _pours(self) -> bool:
        arrived = self._taking.arrived
        if arrived - self._arrived >= POURING:
            self._poured = self._clock()
        self._arrived = arrived
        return self._clock() - self._poured < LASTING

    def _step(self) -> bool:
        """Do a part of what is due, and say whether there may be more."""
        if self._clock() < self._rested:
            return False
        try:
            due = self._taking.bring_in(now=self._now())
            return self._evaluate() or due
        except Exception as error:  # noqa: BLE001 - what can't be computed must not keep records from being stored
            log.error("hub_step_failed", kind=type(error).__name__)
            self._rested = self._clock() + RESTING
            return False

    def _evaluate(self) -> bool:
        began = self._clock()
        if began < self._restrained:
            return False
        due = self._taking.evaluate(EVALUATED_AT_ONCE)
        if self._pours():
            ended = self._clock()
            self._restrained = ended + (ended - began) * (1 / SHARE - 1)
        return due


def work(path: Path, submitting: socket.socket) -> None:
    """Work on the hub at `path`. Raises WrongFile."""

    def clock() -> datetime:
        return datetime.now(UTC)

    with closing(Database.open(path)) as database, closing(Taking(database, Evaluation(database, clock))) as taking:
        Working(taking, submitting, lambda: milliseconds(clock())).run()


if __name__ == "__main__":
    configure_logging()
    work_behind(STORING)
    for ending in (signal.SIGINT, signal.SIGTERM):  # both are for the one at the other end, which then closes the socket
        signal.signal(ending, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[2])) as at_the_other_end:
        try:
            work(Path(sys.argv[1]), at_the_other_end)
        except WrongFile as wrong:
            sys.exit(f"{wrong}.")
