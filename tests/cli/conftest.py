"""The command line, run in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot import customer_file
from bot.cli.main import main
from tests import upstream


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def sample() -> dict[str, str]:
    """Settings for the sample as a hub's file, made once for all tests: `hub:` alone takes each command 2 s to invent it anew."""
    return {
        "PROFILE_URL": "hub:",
        "HUB_PATH": str(upstream.database().path),
        "CUSTOMER_CONFIG": str(customer_file.HUBS),
    }


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path, restored: None) -> Run:
    """Run `customer-bot` with these arguments and settings."""
    monkeypatch.setenv("COLUMNS", "130")

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
