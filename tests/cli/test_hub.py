"""`customer-bot hub`: the file is filled, looked into, and emptied of a person from the command line."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from bot.hub.database.connection import Database
from tests.cli.conftest import ROOT, Ran, Run
from tests.hub.ingestion.conftest import Hub, hub, order, write_lines

__all__ = ["hub"]
ADOBE = {"ADOBE_CLIENT_ID": "key-1", "ADOBE_CLIENT_SECRET": "s3cret", "ADOBE_ORG_ID": "ORG@AdobeOrg"}


def process(*arguments: str, **environment: str) -> Ran:
    """What `customer-bot hub` leaves behind as a process of its own: an import makes its process polite for good."""
    command = [sys.executable, "-m", "bot", "hub", *arguments]
    ran = subprocess.run(command, env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def file(hub: Hub) -> str:
    return str(hub.database.path)


def test_filled_and_looked_into(file: str, tmp_path: Path) -> None:
    """What was imported shows in the status; what was refused is told, with the file that lists it."""
    orders = write_lines(tmp_path / "orders.jsonl", [order(1), order(2), order(3, level="none")])
    ran = process("import", str(orders), "--dataset", "Orders", HUB_PATH=file)
    again = process("import", str(orders), "--dataset", "5f0000000000000000000002", "--again", "--hub", file)
    told = process("status", "--json", "--hub", file)
    status = json.loads(told.out)

    assert (ran.code, ran.out.splitlines()) == (
        1,
        [
            "3 lines: 2 records are new, 0 change nothing, 1 were refused.",
            f"The refused ones, each with line, path and reason: {orders}.rejects.jsonl",
        ],
    )
    assert again.out.startswith("3 lines: 0 records are new, 2 change nothing, 1 were refused.")
    assert (status["profiles"], status["events"], status["rejects"], status["unsettled"]) == (1, 2, 1, 0)
    assert [(each["details"]["file"], each["dataset"], each["rejected"]) for each in status["imports"]] == [
        ("orders.jsonl", "Orders", 1)
    ]


def test_status_for_people(file: str, tmp_path: Path, run: Run) -> None:
    """Without `--json` the same is a table."""
    orders = write_lines(tmp_path / "orders.jsonl", [order(1)])
    process("import", str(orders), "--dataset", "Orders", "--hub", file)
    told = run("hub", "status", "--hub", file)

    assert told.code == 0
    assert re.search(r"events +1 ", told.out)
    assert re.search(r"orders\.jsonl +Orders +done +1 +0 +0 +1 +20", told.out)
    assert re.search(r"Visits +no +0 +0 +0", told.out)


def test_export_and_delete(file: str, tmp_path: Path, run: Run) -> None:
    """A person is given out and then deleted, which is looked after."""
    orders = write_lines(tmp_path / "orders.jsonl", [order(1)])
    process("import", str(orders), "--dataset", "Orders", "--hub", file)
    given = run("hub", "export", "email:Ada@Example.com", "--hub", file)
    deleted = run("hub", "delete", "Email:ada@example.com", "--hub", file)
    then = run("hub", "export", "Email:ada@example.com", "--hub", file)

    assert [each["record"]["_id"] for each in json.loads(given.out)["events"]] == ["order-1"]
    assert (deleted.code, deleted.out.splitlines()[:2]) == (
        0,
        [
            "Deleted: 1 identities, 0 profile records, 1 events, 0 waiting records, 0 rejects.",
            "Looked for in every table and, byte by byte, in the hub's file and its log: nothing is left.",
        ],
    )
    assert (then.code, then.err) == (2, "Nobody in the hub has that identity.\n")


def test_compact(file: str, tmp_path: Path, run: Run) -> None:
    """The file is written anew, and knows what it knew."""
    orders = write_lines(tmp_path / "orders.jsonl", [order(1)])
    process("import", str(orders), "--dataset", "Orders", "--hub", file)
    before = run("hub", "status", "--json", "--hub", file)
    ended = run("hub", "compact", "--hub", file)
    after = run("hub", "status", "--json", "--hub", file)

    assert (ended.code, ended.out.startswith("From ")) == (0, True)
    assert json.loads(after.out)["events"] == json.loads(before.out)["events"] == 1


def test_backup(file: str, tmp_path: Path, run: Run) -> None:
    """A copy is a hub like the first; the hub itself isn't overwritten."""
    orders = write_lines(tmp_path / "orders.jsonl", [order(1)])
    process("import", str(orders), "--dataset", "Orders", "--hub", file)
    copied = run("hub", "backup", str(tmp_path / "copy.db"), "--hub", file)
    status = json.loads(run("hub", "status", "--json", "--hub", str(tmp_path / "copy.db")).out)
    itself = run("hub", "backup", file, "--hub", file)
    nowhere = run("hub", "backup", str(tmp_path / "none" / "copy.db"), "--hub", file)

    assert (copied.code, status["events"]) == (0, 1)
    assert (itself.code, itself.err.startswith(f"{file}: is the hub itself")) == (2, True)
    assert (nowhere.code, nowhere.err) == (2, f"{tmp_path / 'none' / 'copy.db'}: No such file or directory.\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("status",), "HUB_PATH is missing: the hub's file, e.g. hub.db; or name it with --hub."),
        (("status", "--hub", "none.db"), "none.db: there is no hub; `customer-bot hub serve` makes one."),
        (
            ("export", "ada@example.com", "--hub", "{file}"),
            "An identity begins with its namespace and a colon; there are: CORE, ",
        ),
        (("export", "Phone:030", "--hub", "{file}"), "The value isn't a phone number with its country code"),
        (
            ("import", "x.jsonl", "--dataset", "Nothing", "--hub", "{file}"),
            "--dataset: there is no 'Nothing'; there are: Orders, ",
        ),
        (("serve",), "ADOBE_CLIENT_ID is missing: "),
    ],
)
def test_mistakes(file: str, run: Run, arguments: tuple[str, ...], told: str) -> None:
    """Whatever is wrong is told in a sentence, with what would be right."""
    ran = run("hub", *(each.format(file=file) for each in arguments))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(told)


def test_import_mistakes(file: str, tmp_path: Path) -> None:
    """A file that can't be imported is told by its name, and so is one that isn't there."""
    (tmp_path / "orders.xml").write_text("<orders/>")
    wrong = process("import", str(tmp_path / "orders.xml"), "--dataset", "Orders", "--hub", file)
    none = process("import", str(tmp_path / "none.jsonl"), "--dataset", "Orders", "--hub", file)

    assert (wrong.code, "its name must end in .jsonl" in wrong.err) == (2, True)
    assert (none.code, none.err.splitlines()[-1]) == (2, f"{tmp_path / 'none.jsonl'}: No such file or directory.")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A new hub, served on a free port by a process of its own."""
    path = tmp_path / "new.db"
    command = [sys.executable, "-m", "bot", "hub", "serve", "--hub", str(path), "--port", "0"]
    with subprocess.Popen(command, env=os.environ | ADOBE, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603
        assert running.stdout
        url = running.stdout.readline().split(" listens at ")[1].rstrip(".\n")
        yield url, path
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0


def test_serve(served: tuple[str, Path]) -> None:
    """A hub that isn't there is made and served; who brings the settings' credentials gets in, and it ends when told to."""
    url, path = served
    form = {"grant_type": "client_credentials", "client_id": "key-1", "client_secret": "s3cret"}
    token = httpx.post(f"{url}/ims/token/v3", data=form).json()["access_token"]
    refused = httpx.post(f"{url}/ims/token/v3", data=form | {"client_secret": "other"})
    with closing(Database.open(path)) as database:
        tenant = database.organisation().tenant

    assert (bool(token), refused.status_code, tenant) == (True, 400, "demo")


def test_full_disk(file: str, tmp_path: Path) -> None:
    """When the disk is full an import says so in a sentence, and goes on where it was once there is room."""
    orders = write_lines(tmp_path / "orders.jsonl", [order(number) for number in range(1, 6_001)])
    command = (sys.executable, "-m", "bot", "hub", "import", str(orders), "--dataset", "Orders", "--hub", file, "--no-compute")
    limit = Path(file).stat().st_size + 300_000
    full = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    roomy = process(*command[4:])

    assert (full.returncode, "Traceback" in full.stderr, "goes on from here" in full.stderr) == (2, False, True)
    assert roomy.out == "6,000 lines: 6,000 records are new, 0 change nothing, 0 were refused.\n"
