"""The process that stores: all that was asked meanwhile in one transaction, then what is due, until nobody is there."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.hub.ingestion.frames import Answer, Frames, Question, answer_in, asked
from bot.hub.ingestion.submission import ACCEPTED, Submission
from bot.hub.ingestion.taking import Taking
from bot.hub.ingestion.working import Working
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
