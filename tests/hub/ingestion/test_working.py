"""The process that stores: all that was asked meanwhile in one transaction, then what is due, until nobody is there."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from bot.hub.database.connection import transaction
from bot.hub.database.unsettled import mark
from bot.hub.ingestion.frames import Answer, Frames, Question, answer_in, asked
from bot.hub.ingestion.submission import ACCEPTED, Submission
from bot.hub.ingestion.taking import Taking
from bot.hub.ingestion.working import POURING, SHARE, Working
from tests.hub.ingestion.conftest import NOW, ORDERS, VISITS, Hub, order


class Broken:
    """An evaluation with a mistake."""

    def work(self, connection: sqlite3.Connection, limit: int) -> int:
        raise ZeroDivisionError


class Counting:
    """An evaluation that counts how often it was asked, and is done after that often."""

    def __init__(self, often: int) -> None:
        self.left = often

    def work(self, connection: sqlite3.Connection, limit: int) -> int:
        self.left -= 1
        return max(0, self.left)


class Clock:
    """Seconds, of which each look takes a hundredth."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 0.01
        return self.now


@dataclass
class Lengthy:
    """An evaluation that takes a second each time, meanwhile something arrives of `arriving` people, and never is done."""

    clock: Clock
    arriving: int
    ended: Callable[[], object]
    took: float = 0.0

    def work(self, connection: sqlite3.Connection, limit: int) -> int:
        with transaction(connection):
            mark(connection, range(1, self.arriving + 1), now=NOW)
        self.clock.now += 1.0
        self.took += 1.0
        if self.clock.now > 100:
            self.ended()
        return limit


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def submission(number: int, dataset: str = ORDERS) -> Submission:
    return Submission(dataset, json.dumps(order(number)).encode())


def worked(taking: Taking, ends: tuple[socket.socket, socket.socket], *questions: Question) -> list[Answer]:
    """What is answered to these by a process that then is left alone."""
    here, there = ends
    here.sendall(b"".join(map(asked, questions)))
    here.shutdown(socket.SHUT_WR)
    with closing(taking):
        Working(taking, there, lambda: NOW).run()
    there.shutdown(socket.SHUT_WR)
    return [answer_in(frame) for frame in Frames().feed(here.recv(1_000_000))]


def test_group(hub: Hub, ends: tuple[socket.socket, socket.socket]) -> None:
    """What several ask at once goes into one transaction, and each is answered."""
    with closing(hub.database.reader()) as connection:
        before = connection.execute("PRAGMA data_version").fetchone()
        answers = worked(Taking(hub.database), ends, Question(1, [submission(1), submission(2)]), Question(2, [submission(3)]))
        after = connection.execute("PRAGMA data_version").fetchone()

    assert answers == [Answer(1, [ACCEPTED] * 2), Answer(2, [ACCEPTED])]
    assert after[0] - before[0] == 1
    assert len(hub.events("ada@example.com")) == 3


def test_settled(hub: Hub, ends: tuple[socket.socket, socket.socket]) -> None:
    """Who asks for it is answered when all that was due is done."""
    counting = Counting(3)
    Taking(hub.database).take([submission(1, VISITS)], now=NOW)
    hub.enable(VISITS)
    answers = worked(Taking(hub.database, counting), ends, Question(1, settle=True))

    assert (answers, counting.left <= 0, len(hub.events("ada@example.com"))) == ([Answer(1, [])], True, 1)


def test_mistakes_of_evaluation(hub: Hub, ends: tuple[socket.socket, socket.socket]) -> None:
    """What can't be computed doesn't keep records from being stored."""
    answers = worked(Taking(hub.database, Broken()), ends, Question(1, [submission(1)]))

    assert (answers, len(hub.events("ada@example.com"))) == ([Answer(1, [ACCEPTED])], 1)


@pytest.mark.parametrize(("arriving", "least", "most"), [(POURING, SHARE / 2, SHARE * 1.2), (POURING // 10, 0.9, 1.0)])
def test_what_pours_in_goes_before_what_is_computed_of_it(
    hub: Hub, ends: tuple[socket.socket, socket.socket], arriving: int, least: float, most: float
) -> None:
    """Of the time a share goes into computing, and all of it when little arrives."""
    here, there = ends
    clock = Clock()
    lengthy = Lengthy(clock, arriving, lambda: here.shutdown(socket.SHUT_WR))
    with closing(Taking(hub.database, lengthy)) as taking:
        Working(taking, there, lambda: NOW, clock=clock, idle=0.0).run()

    assert least < lengthy.took / clock.now < most


def test_not_stored(hub: Hub, ends: tuple[socket.socket, socket.socket]) -> None:
    """When the file can't be written, whoever asked is told that nothing is known to be stored."""
    taking = Taking(hub.database)
    with closing(hub.database.writer()) as other:
        other.execute("DROP TABLE event_body")
        answers = worked(taking, ends, Question(1, [submission(1)]))

    assert answers == [Answer(1, None)]


def test_nobody_there(hub: Hub, ends: tuple[socket.socket, socket.socket]) -> None:
    """Without anybody at the other end there is no more work."""
    assert worked(Taking(hub.database), ends) == []
