"""Who may ask, and for which card.

Pure. Every member of the workspace that installed the app may ask, and nobody else: people of other organisations meet the app in
shared channels (Slack Connect), and it is the *member's* team that counts, never the channel's. Roles of `customer.yml` give some
members more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.config import CustomerConfig, Role
from bot.errors import NotAllowed
from bot.question import Asker, Lane, Rank


@dataclass(frozen=True, slots=True)
class Home:
    """Where the app is installed: a workspace (`enterprise` is then the Grid organisation it belongs to, if it does), or, without
    `team`, a whole Grid organisation.
    """

    team: str | None
    enterprise: str | None = None

    @property
    def id(self) -> str:
        """The installation's id, the same for whoever asks, from wherever; "" where the home isn't known."""
        return self.team or self.enterprise or ""


def may_ask(asker: Asker, home: Home) -> None:
    """Pass, or say why not.

    Raises:
        NotAllowed: the asker belongs to another workspace.
    """
    if home.team is not None:
        member = asker.team == home.team
    else:
        member = home.enterprise is not None and asker.enterprise == home.enterprise
    if not member:
        raise NotAllowed(reason="other_workspace")


def may_see_status(asker: Asker, config: CustomerConfig) -> None:
    """Pass, or say why not.

    Raises:
        NotAllowed: none of the asker's roles has `status`.
    """
    if not any(role.status for role in _roles(asker, config)):
        raise NotAllowed(reason="status")


def rank(asker: Asker, config: CustomerConfig) -> Rank:
    """Who goes first, and among whom, when calls to the source are scarce."""
    reserved = any(role.reserved_lane for role in _roles(asker, config))
    return Rank(Lane.RESERVED if reserved else Lane.NORMAL, f"{asker.team}:{asker.user}")


def _roles(asker: Asker, config: CustomerConfig) -> Iterator[Role]:
    return (role for role in config.roles.values() if asker.user in role.members)


def team_that_counts(own: str, pressed_in: str | None, enterprise: str | None, home: Home) -> str:
    """The team of whoever presses a button: the member's `own`, which in a Grid organisation may be any of its workspaces.

    Inside one Grid organisation the workspace in which it was pressed counts instead, if the app is installed there: whoever
    works there could type the command as well. `enterprise` is the presser's; people of other organisations never get by.
    """
    same_organisation = home.enterprise is not None and enterprise == home.enterprise
    return pressed_in if pressed_in is not None and pressed_in == home.team and same_organisation else own
