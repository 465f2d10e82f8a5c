"""Where the app is installed. (Slack: auth.test, which Bolt would ask per cold request; here it is asked once, at start.)"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.access import Home
from bot.errors import SlackRefused


@dataclass(frozen=True, slots=True)
class Installation:
    """One workspace, or one Grid organisation, with its bot token."""

    home: Home
    bot_token: str
    bot_id: str | None
    bot_user: str | None

    @classmethod
    async def learn(cls, client: AsyncWebClient) -> Installation:
        """Ask Slack whose token this is.

        Raises:
            SlackRefused: the token isn't accepted, or Slack can't be reached.
        """
        told = await asked(client.auth_test(), "auth.test")
        org_wide = bool(told.get("is_enterprise_install"))
        home = Home(team=None if org_wide else told.get("team_id"), enterprise=told.get("enterprise_id"))
        return cls(home, client.token or "", told.get("bot_id"), told.get("user_id"))


async def asked(call: Awaitable[AsyncSlackResponse], method: str) -> AsyncSlackResponse:
    """What Slack answers to a call without which the service can't start.

    Raises:
        SlackRefused: it said no, or nothing that can be read.
    """
    try:
        return await call
    except SlackApiError as error:
        raise SlackRefused(code_of(error) or "nothing that can be read", method) from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise SlackRefused(f"nothing ({type(error).__name__})", method, answered=False) from None
    except (AttributeError, ValueError):  # slack_sdk's own, when a proxy says 200 in plain text, or a Retry-After in words
        raise SlackRefused("nothing that can be read", method, answered=False) from None


def code_of(error: SlackApiError) -> str | None:
    """Slack's error code, None if the answer can't be read."""
    told = getattr(error.response, "data", None)
    return str(told["error"]) if isinstance(told, dict) and "error" in told else None


class Known(AsyncAuthorize):
    """Bolt's question who the app is in a workspace: always the same, without asking Slack again."""

    def __init__(self, installation: Installation) -> None:
        self._result = AuthorizeResult(
            enterprise_id=installation.home.enterprise,
            team_id=installation.home.team,
            bot_token=installation.bot_token,
            bot_id=installation.bot_id,
            bot_user_id=installation.bot_user,
        )

    async def __call__(self, **_asked: Any) -> AuthorizeResult:
        """Whoever asks."""
        return self._result
