"""What is wrong with the set-up, told in sentences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.cli.stand_in import StandIn
from bot.hub.ims import Credentials
from bot.serving import served
from tests import upstream
from tests.cli.conftest import ROOT, Ran, Run

MANIFEST = ("--manifest", str(ROOT / "app_manifest.yml"))
HUB = {"profile_url": "hub:"}
SLACK = {"slack_bot_token": "xoxb-1", "slack_signing_secret": "s3cret", "app_keys": "k" * 32}
GOOD = HUB | SLACK
NOWHERE = "http://127.0.0.1:9"


def findings(told: Ran) -> dict[str, list[str]]:
    """What was looked at, and what is wrong with it."""
    found: dict[str, list[str]] = {}
    for line in told.out.splitlines():
        if line.startswith(("✓ ", "✗ ")):
            found[line[2:]] = wrong = []
        else:
            wrong.append(line.strip())
    return found


def test_good(run: Run) -> None:
    """If all is well it says so."""
    told = run("check", *MANIFEST, **GOOD)

    assert (told.code, findings(told)) == (0, {"settings": [], "customer.yml": [], MANIFEST[1]: []})


def test_everything_wrong(run: Run, place: Path) -> None:
    """Settings, customer.yml and manifest are looked at even if one before them is wrong."""
    (place / "mine.yml").write_text("home_country: Germany\n")
    (place / "manifest.yml").write_text("features: {}\n")
    told = run("check", "--manifest", "manifest.yml", customer_config="mine.yml", port="many")
    found = findings(told)

    assert told.code == 2
    assert [problem.split()[0] for problem in found["settings"]] == [
        *("PORT:", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "APP_KEYS", "PROFILE_URL")
    ]
    assert [problem.split(": ")[0] for problem in found["customer.yml"]] == ["mine.yml:1"]
    assert len(found["manifest.yml"]) == 4


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "It can't be read (FileNotFoundError); --manifest names another."),
        (b"\xff", "It can't be read (UnicodeDecodeError); --manifest names another."),
        (b"a: [", "It can't be read (ParserError); --manifest names another."),
        (b"- a", "features.slash_commands lacks /customer."),
    ],
)
def test_manifest(run: Run, place: Path, content: bytes | None, expected: str) -> None:
    """A manifest that can't be read is told in a sentence."""
    if content:
        (place / "manifest.yml").write_bytes(content)
    told = run("check", "--manifest", "manifest.yml", **GOOD)

    assert (told.code, findings(told)["manifest.yml"][0]) == (2, expected)


def test_not_live_without_settings(run: Run) -> None:
    """With wrong settings nobody is asked."""
    assert list(findings(run("check", "--live", *MANIFEST))) == ["settings", "customer.yml", MANIFEST[1]]


Live = Callable[..., Awaitable[dict[str, list[str]]]]


@pytest.fixture
async def live(run: Run) -> AsyncIterator[Live]:
    """`check --live` against a stand-in for Slack."""
    slack = StandIn(signing_secret="s3cret", locale="en-US", tz="UTC")
    async with served(slack.asgi, "127.0.0.1", 0) as url:

        async def checked(code: int, **settings: str) -> dict[str, list[str]]:
            arguments = {"slack_api_url": f"{url}/api/"} | GOOD | settings
            told = await asyncio.to_thread(partial(run, "check", "--live", *MANIFEST, **arguments))
            found = findings(told)
            for subject in ("settings", "customer.yml", MANIFEST[1]):
                assert found.pop(subject) == []
            assert told.code == code
            return found

        yield checked


WELL: dict[str, list[str]] = {
    "Slack: auth.test": [],
    "Adobe: token and merge policy": [],
    "Adobe: namespaces": [],
    "Adobe: union schema": [],
}


async def test_live(live: Live) -> None:
    """With --live Slack and Adobe are asked; the sample data fits its own configuration."""
    assert await live(0) == WELL


async def test_slack_refuses(live: Live, sample: dict[str, str]) -> None:
    """What Slack says of the token is told, and what to do about it."""

    async def refuse(_request: Request) -> Response:
        return JSONResponse({"ok": False, "error": "invalid_auth"})

    async with served(Starlette(routes=[Route("/api/auth.test", refuse, methods=["POST"])]), "127.0.0.1", 0) as url:
        found = await live(2, **sample, slack_api_url=f"{url}/api/")

    assert found == WELL | {
        "Slack: auth.test": [
            "Slack's auth.test said invalid_auth. Reinstall the app and copy its bot token into SLACK_BOT_TOKEN."
        ]
    }


async def test_no_such_merge_policy(live: Live, sample: dict[str, str]) -> None:
    """A merge policy that Adobe doesn't have is told, with those that it has."""
    [wrong] = (await live(2, **sample, adobe_merge_policy_id="nope"))["Adobe: token and merge policy"]

    assert wrong.startswith("ADOBE_MERGE_POLICY_ID names no merge policy for profiles; there are ")


async def test_configuration_that_does_not_fit(live: Live, sample: dict[str, str], place: Path) -> None:
    """Namespaces and paths that the organisation doesn't have are told."""
    (place / "mine.yml").write_text(
        "namespaces: [{code: Shoe, label: Shoe, aliases: [shoe], example: 'shoe:39'}]\n"
        "facts: [{key: shoe_size, label: Shoe size, path: _acme.shoe.size}, {key: odd, label: Odd, path: timeZone.odd}]\n"
        "verdict: []\n"
        "cards: {standard: {fields: [], sections: []}}\n"
    )
    found = await live(2, **sample | {"CUSTOMER_CONFIG": "mine.yml"})

    assert found["Adobe: namespaces"] == [
        "customer.yml: no namespace has the code Shoe; correct it, or take it out with {code: Shoe, remove: true}."
    ]
    assert found["Adobe: union schema"] == [
        "customer.yml: the union schema has no _acme.shoe.size; what is mapped there will always be empty.",
    ]


@asynccontextmanager
async def adobe(**answers: Any) -> AsyncIterator[str]:
    """The hub on a port, some of whose endpoints answer otherwise."""
    credentials = Credentials("id", "s3cret", "ORG@AdobeOrg", "prod")
    hub = upstream.hub(upstream.database(), credentials)

    def answering(content: Any) -> Callable[[Request], Awaitable[Response]]:
        async def answer(_request: Request) -> Response:
            return JSONResponse(content)

        return answer

    for path, content in answers.items():
        hub.router.routes.insert(0, Route(path, answering(content)))
    async with served(hub, "127.0.0.1", 0) as url:
        yield url


ADOBE = {"adobe_client_id": "id", "adobe_client_secret": "s3cret", "adobe_org_id": "ORG@AdobeOrg"}


async def test_adobe(live: Live, place: Path) -> None:
    """Adobe itself is asked over the network; it fits the configuration that was made for it."""
    async with adobe() as url:
        found = await live(0, profile_url=url, adobe_ims_url=url, customer_config=str(ROOT / "bot/hub/customer.yml"), **ADOBE)

    assert found == WELL


async def test_adobe_refuses(live: Live) -> None:
    """What Adobe says of the credentials is told, and which settings they come from."""
    async with adobe() as url:
        found = await live(2, profile_url=url, adobe_ims_url=url, **ADOBE | {"adobe_client_secret": "wrong"})

    del found["Slack: auth.test"]
    assert {len(wrong) for wrong in found.values()} == {1}
    assert all("Check ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET" in wrong for [wrong] in found.values())


async def test_adobe_out_of_reach(live: Live) -> None:
    """If Adobe can't be reached, what may be the matter is told."""
    found = await live(2, profile_url=NOWHERE, adobe_ims_url=NOWHERE, **ADOBE)

    assert found["Adobe: namespaces"] == [
        "Adobe could not be asked (unreachable). Check PROFILE_URL, HTTPS_PROXY and the network."
    ]


async def test_no_default_merge_policy(live: Live) -> None:
    """An organisation without a default merge policy has to choose one."""
    policies = {"children": [], "_page": {"totalCount": 0}}
    async with adobe(**{"/data/core/ups/config/mergePolicies": policies}) as url:
        found = await live(2, profile_url=url, adobe_ims_url=url, customer_config=str(ROOT / "bot/hub/customer.yml"), **ADOBE)

    assert found["Adobe: token and merge policy"] == [
        "There is no default merge policy for profiles: make one the default, or set ADOBE_MERGE_POLICY_ID."
    ]
