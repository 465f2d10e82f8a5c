"""Who may ask: members of where the app is installed, and nobody else."""

from __future__ import annotations

import pytest

from bot.access import Home, may_ask, may_see_status, rank, team_that_counts
from bot.config import CustomerConfig
from bot.errors import NotAllowed
from bot.question import Asker, Lane, Rank
from tests.factories import config, configured

WORKSPACE = Home(team="T1")
GRID = Home(team=None, enterprise="E1")


@pytest.mark.parametrize(
    ("asker", "home"),
    [
        (Asker("U1", "T1"), WORKSPACE),
        (Asker("U1", "T1", "E9"), WORKSPACE),
        (Asker("U1", "T1", "E1"), GRID),
        (Asker("U1", "T2", "E1"), GRID),
        (Asker("U1", "T1", "E1"), Home("T1", "E1")),
    ],
)
def test_members(asker: Asker, home: Home) -> None:
    """Members of the workspace, or of any workspace of the Grid organisation, may ask."""
    may_ask(asker, home)


@pytest.mark.parametrize(
    ("asker", "home"),
    [
        (Asker("U1", "T2"), WORKSPACE),
        (Asker("U1", "T2", "E1"), WORKSPACE),
        (Asker("U1", "T1"), GRID),
        (Asker("U1", "T1", "E2"), GRID),
        (Asker("U1", ""), WORKSPACE),
        (Asker("U1", "T1"), Home(team=None)),
        (Asker("U1", "T2", "E1"), Home("T1", "E1")),
    ],
)
def test_strangers(asker: Asker, home: Home) -> None:
    """People of other workspaces, met in shared channels, may not; nobody may where the app's home isn't known."""
    with pytest.raises(NotAllowed) as refused:
        may_ask(asker, home)

    assert refused.value.reason == "other_workspace"


@pytest.mark.parametrize(("home", "expected"), [(WORKSPACE, "T1"), (GRID, "E1"), (Home("T1", "E1"), "T1"), (Home(None), "")])
def test_installation(home: Home, expected: str) -> None:
    """An installation has one id, whoever asks."""
    assert home.id == expected


@pytest.mark.parametrize(
    ("own", "pressed_in", "enterprise", "expected"),
    [
        ("T1", "T1", "E1", "T1"),
        ("T2", "T1", "E1", "T1"),
        ("T2", "T2", "E1", "T2"),
        ("T2", None, "E1", "T2"),
        ("T2", "T1", "E2", "T2"),
        ("T2", "T1", None, "T2"),
    ],
)
def test_team_that_counts(own: str, pressed_in: str | None, enterprise: str | None, expected: str) -> None:
    """Inside one Grid organisation it is the installation's workspace if the button was pressed there; else the member's own."""
    assert team_that_counts(own, pressed_in, enterprise, Home("T1", "E1")) == expected


def test_team_without_an_organisation() -> None:
    """Outside Grid only the member's own team counts, wherever the button was pressed."""
    assert team_that_counts("T2", "T1", "E1", WORKSPACE) == "T2"
    assert team_that_counts("T2", "T1", None, WORKSPACE) == "T2"


ROLES = configured(
    roles={
        "on_call": {"members": ["U0CALL", "W0BOTH"], "reserved_lane": True},
        "operations": {"members": ["U0OPS", "W0BOTH"], "status": True},
        "nothing_yet": {"members": ["U0NEW", "U0CALL"]},
    }
)


@pytest.mark.parametrize(
    ("user", "lane"),
    [
        ("U0CALL", Lane.RESERVED),
        ("W0BOTH", Lane.RESERVED),
        ("U0OPS", Lane.NORMAL),
        ("U0NEW", Lane.NORMAL),
        ("U0ANYBODY", Lane.NORMAL),
    ],
)
def test_rank(user: str, lane: Lane) -> None:
    """Whoever has a role with the reserved lane goes first, whatever their other roles are; all take turns as themselves."""
    assert rank(Asker(user, "T1"), ROLES) == Rank(lane, f"T1:{user}")


def test_same_id_elsewhere() -> None:
    """Members of two workspaces are two people."""
    assert rank(Asker("U1", "T1"), config()).person != rank(Asker("U1", "T2"), config()).person


@pytest.mark.parametrize("user", ["U0OPS", "W0BOTH"])
def test_status(user: str) -> None:
    """Whoever has a role with `status` may ask how the service is."""
    may_see_status(Asker(user, "T1"), ROLES)


@pytest.mark.parametrize(("user", "current"), [("U0CALL", ROLES), ("U0NEW", ROLES), ("U0ANYBODY", ROLES), ("U0OPS", config())])
def test_no_status(user: str, current: CustomerConfig) -> None:
    """Nobody else may; where there are no roles, nobody."""
    with pytest.raises(NotAllowed) as refused:
        may_see_status(Asker(user, "T1"), current)

    assert refused.value.reason == "status"
