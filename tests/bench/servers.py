"""What is measured: each server runs in a process of its own, pinned to a core, and tells its address on standard output.

`everyone`  the app everyone writes: Bolt as its guide sets it up, `await ack()`, httpx's own pool, `await respond(...)`
`bare`      what Bolt itself costs: a signed command in, a fixed card in the ack, nothing looked up
`handler`   the floor of it all: a handler that checks the signature and sends the fixed card
`floor`     the floor of asking: the same handler, which first asks Adobe for profile and events with bare aiohttp
`service`   this service, as `customer-bot run` opens it
"""

from __future__ import annotations

import asyncio
import hmac
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

import aiohttp
import httpx
import orjson
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot import customer_file, settings
from bot.app import open_service
from bot.cli.stand_in import TEAM
from bot.profiles.paths import event_fields, profile_fields
from bot.serving import served, settle
from bot.telemetry import configure_logging
from tests.bench.generator import SECRET
from tests.bench.process import many_files
from tests.upstream import CREDENTIALS

OUTSIDE = os.environ.get("BENCH_OUTSIDE", "")
"""Where Adobe's and Slack's APIs are."""

ENTITIES = f"{OUTSIDE}/data/core/ups/access/entities"
HEADERS = {"authorization": "Bearer bench", "x-api-key": "key", "x-gw-ims-org-id": "org", "x-sandbox-name": "prod"}


@asynccontextmanager
async def everyone() -> AsyncIterator[ASGIApp]:
    """Bolt's and httpx's defaults, and a dict that keeps profiles."""
    profiles: dict[str, dict[str, Any]] = {}
    async with httpx.AsyncClient(base_url=OUTSIDE, headers=HEADERS) as http:
        client = AsyncWebClient(token="xoxb-bench", base_url=f"{OUTSIDE}/api/")
        app = AsyncApp(signing_secret=SECRET, client=client)

        async def entities(**params: str) -> Any:
            answer = await http.get(
                "/data/core/ups/access/entities", params={name.replace("_", "."): each for name, each in params.items()}
            )
            answer.raise_for_status()
            return answer.json()

        async def profile_of(email: str) -> dict[str, Any]:
            if email not in profiles:
                profile, events = await asyncio.gather(
                    entities(schema_name="_xdm.context.profile", entityId=email, entityIdNS="Email"),
                    entities(
                        schema_name="_xdm.context.experienceevent",
                        relatedSchema_name="_xdm.context.profile",
                        relatedEntityId=email,
                        relatedEntityIdNS="Email",
                        orderby="-timestamp",
                        limit="50",
                    ),
                )
                (profiles[email],) = profile.values()
                profiles[email]["events"] = [each["entity"] for each in events["children"]]
            return profiles[email]

        @app.command("/customer")
        async def customer(ack: AsyncAck, command: dict[str, str], respond: AsyncRespond) -> None:
            await ack()
            profile = await profile_of(command["text"])
            await respond(text="Customer", blocks=plain_card(profile), response_type="ephemeral")

        yield _bolt(app)


def plain_card(profile: dict[str, Any]) -> list[dict[str, Any]]:
    """Blocks about as large as this service's."""
    entity = profile["entity"]
    marketing = entity["consents"]["marketing"]
    facts = {
        "Email": entity["personalEmail"]["address"],
        "Phone": entity["mobilePhone"]["number"],
        "City": entity["homeAddress"]["city"],
        "Language": entity["preferredLanguage"],
        "Tier": entity["loyalty"]["tier"],
        "Points": f"{entity['loyalty']['points']:,}",
        "Account": entity["userAccount"]["accountType"],
        "Since": entity["userAccount"]["startDate"],
    }
    audiences = entity["segmentMembership"]["ups"].items()
    identities = ((namespace, each["id"]) for namespace, some in entity["identityMap"].items() for each in some)
    lists = {
        "Audiences": [f"{audience}: {each['status']}, {each['lastQualificationTime']}" for audience, each in audiences],
        "Identities": [f"{namespace}: {value}" for namespace, value in identities],
        "Consents": [f"{channel}: {each['val']} {each['time']}" for channel, each in marketing.items() if "val" in each],
        "Purchases": [
            f"{each['timestamp']}: {each['commerce']['order']['priceTotal']} {each['commerce']['order']['currencyCode']}"
            for each in profile["events"]
            if each["eventType"].strip() == "commerce.purchases"
        ][:5],
        "Interactions": [
            f"{each['timestamp']}: {each['eventType']}" for each in profile["events"] if "arketing" in each["eventType"]
        ][:5],
    }
    fields = [{"type": "mrkdwn", "text": f"*{label}*\n{value}"} for label, value in facts.items()]
    return [
        {"type": "header", "text": {"type": "plain_text", "text": entity["person"]["name"]["fullName"]}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"last changed {profile['lastModifiedAt']}"}]},
        {"type": "section", "fields": fields},
        *(
            {"type": "section", "text": {"type": "mrkdwn", "text": f"*{heading}*\n" + "\n".join(f"• {line}" for line in lines)}}
            for heading, lines in lists.items()
        ),
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": f"ask:{index}",
                    "text": {"type": "plain_text", "text": text},
                    "value": f"{text.lower()}:{facts['Email']}",
                }
                for index, text in enumerate(("Refresh", "Orders", "Cases"))
            ],
        },
    ]


@asynccontextmanager
async def bare() -> AsyncIterator[ASGIApp]:
    """Bolt as its documentation sets it up for a platform where the ack is the answer."""
    card: dict[str, Any] = orjson.loads(os.environ["BENCH_CARD"])

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_token="xoxb-bench", bot_id="B0", bot_user_id="U0")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    @app.command("/customer")
    async def customer(ack: AsyncAck, request: AsyncBoltRequest) -> None:
        await ack(text=card["text"], blocks=card["blocks"], response_type="ephemeral")

    yield _bolt(app)


def _bolt(app: AsyncApp) -> ASGIApp:
    handler = AsyncSlackRequestHandler(app)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


@asynccontextmanager
async def handler() -> AsyncIterator[ASGIApp]:
    """Checks the signature, sends the fixed card."""
    card = os.environ["BENCH_CARD"].encode()

    async def events(request: Request) -> Response:
        body = await request.body()
        return Response(card, media_type="application/json") if _genuine(request, body) else Response(status_code=401)

    yield Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


@asynccontextmanager
async def floor() -> AsyncIterator[ASGIApp]:
    """The same two calls as this service, at once, and nothing done with their answers."""
    card = os.environ["BENCH_CARD"].encode()
    config = customer_file.of(settings.load(slack=False, profile_url="hub:", app_keys="b" * 32))
    kinds = {
        "profile": {"schema.name": "_xdm.context.profile", "fields": ",".join(profile_fields(config))},
        "events": {"schema.name": "_xdm.context.experienceevent", "fields": ",".join(event_fields(config)), "limit": "50"},
    }
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=HEADERS) as session:

        async def ask(params: dict[str, str]) -> bytes:
            async with session.get(f"{ENTITIES}?{urlencode(params)}") as answer:
                return await answer.read()

        async def events(request: Request) -> Response:
            body = await request.body()
            if not _genuine(request, body):
                return Response(status_code=401)
            who = {"entityId": parse_qs(body.decode())["text"][0], "entityIdNS": "Email"}
            await asyncio.gather(*(ask(params | who) for params in kinds.values()))
            return Response(card, media_type="application/json")

        yield Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


def _genuine(request: Request, body: bytes) -> bool:
    timestamp = request.headers["x-slack-request-timestamp"]
    signature = hmac.digest(SECRET.encode(), b"v0:%b:%b" % (timestamp.encode(), body), "sha256").hex()
    return hmac.compare_digest(f"v0={signature}", request.headers["x-slack-signature"])


@asynccontextmanager
async def service() -> AsyncIterator[ASGIApp]:
    """As in production, but that nobody asks too often; logs go to standard error. BENCH_SETTINGS are settings as JSON."""
    configure_logging(final=True)
    # No limit limits, unless a run is about it.
    limits = ("person_rate", "person_burst", "team_rate", "team_burst", "quota_rate", "quota_burst")
    chosen = settings.load(
        **{
            "slack_api_url": f"{OUTSIDE}/api/",
            "slack_bot_token": "xoxb-bench",
            "slack_app_token": None,
            "slack_signing_secret": SECRET,
            "profile_url": OUTSIDE,
            "adobe_ims_url": OUTSIDE,
            "adobe_client_id": CREDENTIALS.client_id,
            "adobe_client_secret": CREDENTIALS.client_secret,
            "adobe_org_id": CREDENTIALS.org_id,
            "app_keys": "b" * 32,
            **dict.fromkeys(limits, 1_000_000),
            **orjson.loads(os.environ.get("BENCH_SETTINGS", "{}")),
        }
    )
    config = customer_file.of(chosen)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(open_service(chosen, lambda: config))
        settle()
        yield running.asgi


SERVERS = {each.__name__: each for each in (everyone, bare, handler, floor, service)}


async def main(name: str, core: int) -> None:
    """Serve until standard input closes."""
    os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})
    many_files()
    async with SERVERS[name]() as asgi, served(asgi, "127.0.0.1", 0) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
