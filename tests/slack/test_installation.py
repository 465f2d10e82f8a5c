"""Where the app is installed: asked once, at start, and a refusal is said in a sentence."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.access import Home
from bot.errors import SlackRefused
from bot.slack.installation import Installation, Known
from tests.slack_side import BOT_TOKEN, FAILED, TEAM, Reply, SlackSide


def client_of(slack: SlackSide, token: str = BOT_TOKEN) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=slack.api_url)


async def test_workspace(slack: SlackSide) -> None:
    """One workspace is home, with the bot that Slack names."""
    learnt = await Installation.learn(client_of(slack))

    assert learnt == Installation(Home(team=TEAM), BOT_TOKEN, "B0BOT", "U0BOT")
    assert (await Known(learnt)(team_id="T0ANY")).bot_token == BOT_TOKEN


async def test_organisation(slack: SlackSide) -> None:
    """An app that is installed for a Grid organisation is at home in all of it, and in no single workspace."""
    slack.home = {"team_id": TEAM, "enterprise_id": "E0GRID", "is_enterprise_install": True}

    assert (await Installation.learn(client_of(slack))).home == Home(team=None, enterprise="E0GRID")


async def test_workspace_of_an_organisation(slack: SlackSide) -> None:
    """Installed in one workspace of an organisation, it is at home in that workspace, and knows the organisation."""
    slack.home |= {"enterprise_id": "E0GRID", "is_enterprise_install": False}

    assert (await Installation.learn(client_of(slack))).home == Home(team=TEAM, enterprise="E0GRID")


async def test_refused_token(slack: SlackSide) -> None:
    """A token that Slack refuses is told by Slack's code."""
    with pytest.raises(SlackRefused, match=r"auth\.test said invalid_auth"):
        await Installation.learn(client_of(slack, "xoxb-wrong"))


@pytest.mark.parametrize(
    "reply",
    [
        FAILED,
        Reply(200, "Welcome"),
        Reply(503, "<html>no</html>", content_type="text/html"),
        Reply(200, "{", content_type="application/json"),
        Reply(200, '{"ok": false}', content_type="application/json"),
        Reply(429, "{}", {"Retry-After": "soon"}, content_type="application/json"),
    ],
)
async def test_unreadable(slack: SlackSide, reply: Reply) -> None:
    """Whatever stands in Slack's place and doesn't speak its language is refused as well, in a sentence."""
    slack.replies["auth.test"] += [reply, reply]

    with pytest.raises(SlackRefused, match=r"Slack's auth\.test said "):
        await Installation.learn(client_of(slack))


async def test_nobody_there() -> None:
    """When Slack can't be reached, that is said."""
    with pytest.raises(SlackRefused, match="nothing"):
        await Installation.learn(AsyncWebClient(token=BOT_TOKEN, base_url="http://127.0.0.1:1/api/"))
