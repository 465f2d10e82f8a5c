"""The command line, run in this process."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from bot.cli.main import main
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def restored() -> Iterator[None]:
    """Global logging as it was."""
    factory, root = logging.getLogRecordFactory(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    logging.setLogRecordFactory(factory)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory, and an environment without any setting of ours."""
    ours = {name.upper() for name in Settings.model_fields}
    for name in list(os.environ):
        if name.upper().removesuffix("_FILE") in ours:
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "130")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path, restored: None) -> Run:
    """Run `customer-bot` with these arguments and settings."""

    def ran(*arguments: str, **settings: str) -> Ran:
        for name, value in settings.items():
            monkeypatch.setenv(name.upper(), value)
        monkeypatch.setattr(sys, "argv", ["customer-bot", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Ran(int(left.value.code or 0), told.out, told.err)

    return ran
