"""Pure modules stay pure: import-linter sees what they name, this sees what they load."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = ("aiocache", "aiohttp", "asyncio", "httpx", "slack_bolt", "slack_sdk", "starlette", "uvicorn")


def test_pure_modules_load_nothing_heavy() -> None:
    """Importing every module of the pure contract loads neither an event loop, nor a network library, nor Slack's."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [pure] = [each["source_modules"] for each in contracts if each["name"].startswith("pure modules")]
    program = f"import sys, {', '.join(pure)}; print(sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own program

    assert done.stdout.strip() == "[]"
