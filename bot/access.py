"""Who may ask, and for which card.

Pure. Until there are roles, every member of the workspace that installed the app may ask, and nobody else: people of other
organisations meet the app in shared channels (Slack Connect), and it is the *member's* team that counts, never the channel's.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import NotAllowed
from bot.question import Asker


@dataclass(frozen=True, slots=True)
class Home:
    """Where the app is installed: a workspace, or a whole Grid organisation."""

    team: str | None
    enterprise: str | None = None


def may_ask(asker: Asker, home: Home) -> None:
    """Pass, or say why not.

    Raises:
        NotAllowed: the asker belongs to another workspace.
    """
    if home.team is not None and asker.team == home.team:
        return
    if home.enterprise is not None and asker.enterprise == home.enterprise:
        return
    raise NotAllowed(reason="other_workspace")
