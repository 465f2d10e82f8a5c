"""The command line as a whole."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run

COMMANDS = ("run", "demo", "lookup", "check", "schema")


def test_help(run: Run) -> None:
    """Every command is listed, and has a help of its own."""
    told = run("--help")

    assert told.code == 0
    assert all(f" {command} " in told.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of(run: Run, command: str) -> None:
    """Every command tells what it does."""
    told = run(command, "--help")

    assert (told.code, f"customer-bot {command}" in told.out) == (0, True)


@pytest.mark.parametrize("arguments", [(), ("nope",), ("lookup",), ("lookup", "ada@example.com", "--nope")])
def test_usage(run: Run, arguments: tuple[str, ...]) -> None:
    """Who types something else is told what there is."""
    told = run(*arguments)

    assert told.code == 2
    assert "Usage" in told.out + told.err


@pytest.mark.parametrize("command", [("run",), ("lookup", "ada@example.com")])
def test_settings(run: Run, command: tuple[str, ...]) -> None:
    """Whatever is wrong with the settings is told in sentences, one a line."""
    told = run(*command, port="many")

    assert (told.code, told.out) == (2, "")
    assert {"PORT:", "PROFILE_URL"} <= {line.split()[0] for line in told.err.splitlines()}
    assert all(line.endswith((".", ".)")) for line in told.err.splitlines())


def test_slack_out_of_reach(run: Run) -> None:
    """A service that Slack doesn't know doesn't start, and says what to check."""
    told = run(
        "run",
        profile_url="hub:",
        slack_bot_token="xoxb-1",
        slack_signing_secret="s",
        app_keys="k" * 32,
        slack_api_url="http://127.0.0.1:9/api/",
    )

    assert told.code == 2
    assert told.err.splitlines()[-1].startswith("Slack's auth.test said nothing (")
    assert "Check SLACK_BOT_TOKEN and SLACK_API_URL" in told.err
