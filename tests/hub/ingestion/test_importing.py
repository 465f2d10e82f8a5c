"""A file goes in, whole or in pieces, and each record of it once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.hub.database import imports
from bot.hub.database.imports import Import, Status
from bot.hub.ingestion.ahead import batches_ahead
from bot.hub.ingestion.batch import batches
from bot.hub.ingestion.files import UnreadableFile
from bot.hub.ingestion.importing import Batching, Overtaken, Progress, import_file
from bot.hub.ingestion.source import Source
from tests.hub.ingestion.conftest import NOW, ORDERS, VISITS, Hub, children_running, order, write_lines

COUNT = 60_000
GOOD = 59_400


class Stopped(Exception):
    """The import ended early."""


def state_of(hub: Hub) -> Import:
    with closing(hub.database.reader()) as connection:
        [state] = imports.all(connection)
    return state


def large(tmp_path: Path, count: int = COUNT) -> Path:
    """A file of several batches: each hundredth record is bad."""
    lines = [order(line, level="low" if line % 100 else "none") for line in range(1, count + 1)]
    return write_lines(tmp_path / "orders.jsonl", lines)


@pytest.mark.parametrize("batching", [batches, batches_ahead])
def test_whole(hub: Hub, tmp_path: Path, batching: Batching) -> None:
    """Each line of a file is a record of the dataset, whether this process prepares them or another one."""
    file = large(tmp_path)
    heard: list[Progress] = []
    done = import_file(hub.database, Source(file, ORDERS), now=NOW, told=heard.append, batching=batching)

    assert (done.accepted, done.known, done.rejected, done.lines) == (GOOD, 0, 600, COUNT)
    assert done.position == done.size == file.stat().st_size
    assert len(heard) > 3
    assert [each.position for each in heard] == sorted({each.position for each in heard})
    assert (state_of(hub).status, state_of(hub).accepted, len(hub.events("ada@example.com"))) == (Status.DONE, GOOD, GOOD)


def test_again(hub: Hub, tmp_path: Path) -> None:
    """A file that is in has nothing new; read again from the beginning, it changes nothing."""
    source = Source(write_lines(tmp_path / "orders.jsonl", [order(1), order(2)]), ORDERS)
    first = import_file(hub.database, source, now=NOW)
    second = import_file(hub.database, source, now=NOW)
    third = import_file(hub.database, source, now=NOW, again=True)

    assert (first, (third.accepted, third.known)) == (second, (0, 2))


def test_grown(hub: Hub, tmp_path: Path) -> None:
    """Of a file that has grown, only what was added is read."""
    file = write_lines(tmp_path / "orders.jsonl", [order(1)])
    import_file(hub.database, Source(file, ORDERS), now=NOW)
    with file.open("a") as more:
        more.write(json.dumps(order(2)) + "\n")
    heard: list[Progress] = []
    done = import_file(hub.database, Source(file, ORDERS), now=NOW, told=heard.append)

    assert (done.accepted, done.lines, heard[0].lines) == (2, 2, 1)


def test_another_file_of_that_name(hub: Hub, tmp_path: Path) -> None:
    """A file that isn't any more what it was is read from the beginning."""
    file = write_lines(tmp_path / "orders.jsonl", [order(1), "bad"])
    import_file(hub.database, Source(file, ORDERS), now=NOW)
    write_lines(file, [order(2), order(3), order(4)])
    done = import_file(hub.database, Source(file, ORDERS), now=NOW)

    assert (done.accepted, done.rejected, done.lines, done.rejects.exists()) == (3, 0, 3, False)


def test_interrupted(hub: Hub, tmp_path: Path) -> None:
    """An import that ended early goes on where it was: nothing is read twice, nothing is listed twice."""
    source = Source(large(tmp_path), ORDERS)

    def stop(progress: Progress) -> None:
        if progress.lines:
            raise Stopped

    with pytest.raises(Stopped):
        import_file(hub.database, source, now=NOW, told=stop)
    begun = state_of(hub)
    with source.rejects_path.open("ab") as rejects:
        rejects.write(b"written, and never committed\n")
    heard: list[Progress] = []
    done = import_file(hub.database, source, now=NOW, told=heard.append)
    listed = [json.loads(line)["line"] for line in done.rejects.read_text().splitlines()]

    assert (begun.status, heard[0].position, 0 < begun.line < COUNT) == (Status.RUNNING, begun.position, True)
    assert (done.accepted, done.known, done.rejected) == (GOOD, 0, 600)
    assert listed == list(range(100, COUNT + 1, 100))


def test_killed(hub: Hub, tmp_path: Path) -> None:
    """Killed again and again, an import ends with each record in, and each bad one listed, once."""
    file = large(tmp_path)
    command = [sys.executable, "-m", "bot", "hub", "import", str(file), "--dataset", "Orders", "--no-compute"]
    ends = []
    for patience in (0.9, 1.2, 1.5, 1.8, 2.1, 30):
        process = subprocess.Popen([*command, "--hub", str(hub.database.path)], stderr=subprocess.DEVNULL)  # noqa: S603
        with process:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
        ends.append(process.returncode)
    state = state_of(hub)
    listed = [json.loads(line)["line"] for line in Path(state.details["rejects_path"]).read_text().splitlines()]

    assert (-signal.SIGKILL in ends, ends[-1]) == (True, 1)
    assert (state.accepted, state.known, state.rejected, state.line) == (GOOD, 0, 600, COUNT)
    assert listed == list(range(100, COUNT + 1, 100))


def test_overtaken(hub: Hub, tmp_path: Path) -> None:
    """Of two that import the same file at once, one gives way, and nothing is counted twice."""
    source = Source(large(tmp_path), ORDERS)

    def overtake(progress: Progress) -> None:
        if not progress.lines:
            import_file(hub.database, source, now=NOW)

    with pytest.raises(Overtaken):
        import_file(hub.database, source, now=NOW, told=overtake)

    assert (state_of(hub).accepted, state_of(hub).known) == (GOOD, 0)


def test_not_enabled(hub: Hub, tmp_path: Path) -> None:
    """Records of a dataset that isn't enabled wait, and those that come after it was enabled don't."""
    source = Source(large(tmp_path), VISITS)

    def enable(progress: Progress) -> None:
        if progress.lines:
            hub.enable(VISITS)

    done = import_file(hub.database, source, now=NOW, told=enable)
    with closing(hub.database.reader()) as connection:
        [(waiting,)] = connection.execute("SELECT count(*) FROM waiting")
        [(events,)] = connection.execute("SELECT count(*) FROM event")

    assert (done.accepted, waiting + events) == (GOOD, GOOD)
    assert 0 < waiting < GOOD / 2


def test_process_dies(hub: Hub, tmp_path: Path) -> None:
    """When the process that prepares dies, the import ends with an error, not as if the file were over."""
    source = Source(large(tmp_path), ORDERS)

    def kill_children(progress: Progress) -> None:
        if progress.lines:
            for child in children_running("bot.hub.ingestion.ahead"):
                os.kill(child, signal.SIGKILL)

    with pytest.raises(RuntimeError, match="has died"):
        import_file(hub.database, source, now=NOW, told=kill_children, batching=batches_ahead)

    assert state_of(hub).status == Status.RUNNING


@pytest.mark.parametrize("batching", [batches, batches_ahead])
def test_unreadable(hub: Hub, tmp_path: Path, batching: Batching) -> None:
    """A file that can't be what its name says is refused as a whole, with what would be right."""
    file = tmp_path / "orders.json"
    file.write_bytes(b"[" + b" " * 1_000_001)

    with pytest.raises(UnreadableFile, match=r"orders.json:1: is longer than 1000000 bytes; JSON Lines has one object a line"):
        import_file(hub.database, Source(file, ORDERS), now=NOW, batching=batching)


@pytest.mark.parametrize(
    ("name", "dataset", "mapping", "told"),
    [
        ("orders.xml", ORDERS, None, "its name must end in .jsonl, "),
        ("orders.jsonl", "0", None, "is for a dataset that isn't in the catalogue"),
        ("orders.jsonl", ORDERS, "mapping.yml", "a mapping is for tables"),
    ],
)
def test_not_importable(hub: Hub, tmp_path: Path, name: str, dataset: str, mapping: str | None, told: str) -> None:
    """What can't be imported is told before anything is read."""
    source = Source(write_lines(tmp_path / name, []), dataset, tmp_path / mapping if mapping else None)

    with pytest.raises(UnreadableFile, match=told):
        import_file(hub.database, source, now=NOW)


def test_no_file(hub: Hub, tmp_path: Path) -> None:
    """A file that isn't there is an error of the system's own."""
    with pytest.raises(FileNotFoundError):
        import_file(hub.database, Source(tmp_path / "orders.jsonl", ORDERS), now=NOW)


def test_empty(hub: Hub, tmp_path: Path) -> None:
    """Nothing is in an empty file, nor in empty lines."""
    empty = import_file(hub.database, Source(write_lines(tmp_path / "none.jsonl", []), ORDERS), now=NOW)
    blank = import_file(hub.database, Source(write_lines(tmp_path / "blank.jsonl", ["", "  ", order(1), ""]), ORDERS), now=NOW)

    assert (empty.accepted, empty.lines, blank.accepted, blank.rejected, blank.lines) == (0, 0, 1, 0, 4)


def test_last_line_without_an_end(hub: Hub, tmp_path: Path) -> None:
    """The last line counts whether or not it is ended."""
    file = tmp_path / "orders.jsonl"
    file.write_text(f"{json.dumps(order(1))}\n{json.dumps(order(2))}")

    assert import_file(hub.database, Source(file, ORDERS), now=NOW).accepted == 2


@pytest.mark.parametrize("cut", [20, -1])
def test_grown_within_a_line(hub: Hub, tmp_path: Path, cut: int) -> None:
    """A last line that had no end yet when it was read is read again, whole, once the file has grown."""
    file = tmp_path / "orders.jsonl"
    text = f"{json.dumps(order(1))}\n{json.dumps(order(2))}\n"
    file.write_text(text[: text.index("\n") + cut] if cut > 0 else text[:cut])
    import_file(hub.database, Source(file, ORDERS), now=NOW)
    file.write_text(text + json.dumps(order(3)) + "\n")
    done = import_file(hub.database, Source(file, ORDERS), now=NOW)
    known = import_file(hub.database, Source(file, ORDERS), now=NOW)

    assert [event.id for event in hub.events("ada@example.com")] == ["order-1", "order-2", "order-3"]
    assert (done.lines, done.accepted, known) == (3, 3, done)


def test_byte_order_mark(hub: Hub, tmp_path: Path) -> None:
    """A file may begin with a byte order mark."""
    file = tmp_path / "orders.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(order(1)).encode() + b"\r\n")

    assert import_file(hub.database, Source(file, ORDERS), now=NOW).accepted == 1


@pytest.mark.parametrize("length", [1_000_001, 1_000_002, 2_500_000])
def test_long_line(hub: Hub, tmp_path: Path, length: int) -> None:
    """A line that is far too long is refused, listed by its beginning, and the lines behind it go in."""
    file = write_lines(tmp_path / "orders.jsonl", [order(1), "x" * length, order(2)])
    done = import_file(hub.database, Source(file, ORDERS), now=NOW)
    [listed] = map(json.loads, done.rejects.read_text().splitlines())

    assert (done.accepted, done.lines, done.position) == (2, 3, file.stat().st_size)
    assert (listed["line"], listed["reason"], listed["record"]) == (2, "is longer than 1000000 bytes", "x" * 1_000_000)


def test_deeply_nested(hub: Hub, tmp_path: Path) -> None:
    """A record that is nested so deeply that it can be read and not be written again is refused, and stops nothing."""
    deep = '{"a": ' + "[" * 300 + "]" * 300 + "}"
    done = import_file(hub.database, Source(write_lines(tmp_path / "orders.jsonl", [deep, order(1)]), ORDERS), now=NOW)
    [listed] = map(json.loads, done.rejects.read_text().splitlines())

    assert (done.accepted, done.rejected, listed["record"]) == (1, 1, deep)


def test_rejects_replace_nothing_else(hub: Hub, tmp_path: Path) -> None:
    """A file that holds something else than rejects isn't written to, let alone deleted."""
    file = write_lines(tmp_path / "orders.jsonl", [order(1), "bad"])

    with pytest.raises(UnreadableFile, match="holds no rejects"):
        import_file(hub.database, Source(file, ORDERS, rejects=file), now=NOW)
    assert file.read_text().endswith("bad\n")


def test_rejects_of_two_datasets(hub: Hub, tmp_path: Path) -> None:
    """What was refused of a file for one dataset isn't lost when the file goes into another."""
    file = write_lines(tmp_path / "orders.jsonl", ["bad"])
    first = import_file(hub.database, Source(file, ORDERS), now=NOW)
    written = first.rejects.read_bytes()

    with pytest.raises(UnreadableFile, match="holds what another import refused"):
        import_file(hub.database, Source(file, VISITS), now=NOW)
    other = import_file(hub.database, Source(file, VISITS, rejects=tmp_path / "visits.rejects.jsonl"), now=NOW)
    assert (first.rejects.read_bytes(), other.rejected) == (written, 1)


def test_rejects_elsewhere(hub: Hub, tmp_path: Path) -> None:
    """An import that goes on has its rejects in one file; one that begins anew leaves none in another."""
    file, elsewhere = write_lines(tmp_path / "orders.jsonl", ["bad"]), tmp_path / "elsewhere.jsonl"
    first = import_file(hub.database, Source(file, ORDERS), now=NOW)

    with pytest.raises(UnreadableFile, match="holds what was refused so far"):
        import_file(hub.database, Source(file, ORDERS, rejects=elsewhere), now=NOW)
    again = import_file(hub.database, Source(file, ORDERS, rejects=elsewhere), now=NOW, again=True)
    assert (first.rejects.exists(), again.rejects.exists()) == (False, True)
    assert state_of(hub).details["rejects_path"] == str(elsewhere)
