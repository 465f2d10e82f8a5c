"""`docs/hub.md`: every command of the page is run, in its order, and prints what the page says it prints."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "hub.md"
PORT = "8087"
_FENCE = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "\x1e"

MISSING = [tool for tool in ("bash", "curl", "jq") if not shutil.which(tool)]

pytestmark = pytest.mark.skipif(
    bool(MISSING),
    reason=f"the page's commands need {' and '.join(MISSING)}; tests/end_to_end/test_hub.py takes the same walk without them",
)


@dataclass(frozen=True, slots=True)
class Step:
    """Some commands, and what they print (`…` stands for anything within a line), if the page says so."""

    commands: str
    printed: str | None


def steps() -> Iterator[Step]:
    fences = [(found[1], found[2]) for found in _FENCE.finditer(PAGE.read_text("utf-8"))]
    for (kind, text), (following, printed) in zip(fences, [*fences[1:], ("", "")], strict=True):
        if kind == "sh":
            yield Step(text, printed if following == "text" else None)


def matches(expected: str, actual: str) -> bool:
    return re.fullmatch(r"[^\n]*".join(map(re.escape, expected.strip().split("…"))), actual.strip()) is not None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def test_walk(tmp_path: Path) -> None:
    """From an empty hub to a card, and to another card under another merge policy."""
    page, port = list(steps()), str(free_port())
    script = "".join(f"{step.commands.replace(PORT, port)}\nprintf '{_END}'\n" for step in page)
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "COLUMNS": "130",
        "LANG": "C.UTF-8",
    }
    ran = subprocess.run(  # noqa: S603 - the page's own commands
        [str(shutil.which("bash")), "-c", f"set -Eeuo pipefail\ntrap 'kill $(jobs -p)' EXIT\n{script}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    printed = ran.stdout.split(_END)

    for step, actual in zip(page, printed, strict=False):
        assert step.printed is None or matches(step.printed, actual), f"{step.commands}\n{actual}\n{ran.stderr}"
    assert (ran.returncode, len(printed)) == (0, len(page) + 1), ran.stderr
