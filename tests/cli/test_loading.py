"""Commands are there by name, and loaded when they are asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import Run

LOADED = """
import sys
from bot.cli.main import main
sys.argv = ["customer-bot", *{arguments}]
try:
    main()
except SystemExit:
    print(*sys.modules, sep="\\n")
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a command needs."""
    program = LOADED.format(arguments=arguments)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - it is ours
    return set(ran.stdout.splitlines())


def test_a_command_loads_what_it_needs() -> None:
    """Slack's libraries alone take a third of a second, which who imports a file needn't wait for."""
    modules = loaded("hub", "import", "--help")

    assert "bot.cli.hub_import" in modules
    assert modules.isdisjoint({"bot.cli.run", "bot.cli.hub_serve", "bot.app", "slack_bolt", "starlette"})


@pytest.mark.parametrize(("typed", "meant"), [(("chek",), "check"), (("hub", "improt"), "import")])
def test_a_typing_mistake_is_told(run: Run, typed: tuple[str, ...], meant: str) -> None:
    ran = run(*typed)

    assert ran.code == 2
    assert f"'{meant}'" in ran.err


@pytest.mark.parametrize(("group", "name"), [((), "lookup"), (("hub",), "status")])
def test_the_help_tells_all_commands(run: Run, group: tuple[str, ...], name: str) -> None:
    ran = run(*group, "--help")

    assert ran.code == 0
    assert f" {name} " in ran.out
