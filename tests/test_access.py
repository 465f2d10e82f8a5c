"""Who may ask: members of where the app is installed, and nobody else."""

from __future__ import annotations

import pytest

from bot.access import Home, may_ask
from bot.errors import NotAllowed
from bot.question import Asker

WORKSPACE = Home(team="T1")
GRID = Home(team=None, enterprise="E1")


@pytest.mark.parametrize(
    ("asker", "home"),
    [
        (Asker("U1", "T1"), WORKSPACE),
        (Asker("U1", "T1", "E9"), WORKSPACE),
        (Asker("U1", "T1", "E1"), GRID),
        (Asker("U1", "T2", "E1"), GRID),
        (Asker("U1", "T2", "E1"), Home("T1", "E1")),
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
    ],
)
def test_strangers(asker: Asker, home: Home) -> None:
    """People of other workspaces, met in shared channels, may not; nobody may where the app's home isn't known."""
    with pytest.raises(NotAllowed) as refused:
        may_ask(asker, home)

    assert refused.value.reason == "other_workspace"
