"""The process is killed in the middle of ingestion, again and again."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from bot.hub.database.connection import Database, transaction
from bot.hub.database.intake import Applied, Intake
from tests.hub.database.conftest import founded
from tests.hub.database.ingesting import batch
from tests.hub.database.invented import NOW

ROOT = Path(__file__).parents[3]
KILLS = 50


def acknowledged(path: Path, first: int, chance: Random) -> list[int]:
    """What a process says it stored before it is killed: at once or, most often, somewhere behind its first batch."""
    command = [sys.executable, "-m", "tests.hub.database.ingesting", str(path), str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this checkout's module
        assert process.stdout
        begun = process.stdout.readline() if chance.random() < 0.8 else ""
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=chance.uniform(0.0, 0.1))
        process.kill()
        said = begun + process.stdout.read()
    return [int(line) for line in said.splitlines(keepends=True) if line.endswith("\n")]


def stored(path: Path) -> Counter[str]:
    """How often each event is there, of a database that is sound."""
    with closing(Database.open(path)) as database, closing(database.reader()) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        bodies = (
            "SELECT event.id FROM event JOIN event_body ON event_body.id = event.body JOIN identity ON identity.id = identity"
        )
        found = Counter(name for (name,) in reader.execute(bodies))
        assert reader.execute("SELECT count(*) FROM event_body").fetchone() == (found.total(),)
    return found


def test_what_was_acknowledged_is_there_once_after_a_kill(tmp_path: Path) -> None:
    """Fifty times at random moments. What wasn't acknowledged can be sent again, whether it was stored or not."""
    path = tmp_path / "hub.db"
    founded(path).close()
    chance = Random(4)  # noqa: S311 - moments
    following = 0
    for _ in range(KILLS):
        said = acknowledged(path, following, chance)
        following = said[-1] + 1 if said else following
        sent = {record.id for number in range(following) for record in batch(number) if record.event}
        unsure = {record.id for record in batch(following) if record.event}
        found = stored(path)

        assert set(found.values()) <= {1}
        assert sent <= found.keys()
        assert found.keys() - sent in (set(), unsure)

    assert following > KILLS


def test_sending_everything_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    founded(path).close()
    said = acknowledged(path, 0, Random(1))  # noqa: S311 - a moment
    everything = [record for number in range(len(said) + 1) for record in batch(number)]
    with closing(Database.open(path)) as database, closing(database.writer()) as writer:
        organisation = database.organisation()
        with transaction(writer):
            first = Intake(writer).apply(everything, organisation, now=NOW)
        with transaction(writer):
            again = Intake(writer).apply(everything, organisation, now=NOW + 1)

    assert said
    assert first.new <= len(batch(len(said)))
    assert again == Applied(0, len(everything))
