"""`customer-bot check`: what is wrong with the set-up, and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot import customer_file, settings
from bot.app import web_client
from bot.config import CustomerConfig
from bot.errors import ConfigurationError, LookupFailed, NotSetUp, SlackRefused
from bot.network import create_session
from bot.profiles.client import AdobeClient
from bot.profiles.paths import PROFILE_BASICS, profile_fields
from bot.profiles.ports import Turn
from bot.profiles.unlimited import Unlimited
from bot.settings import Settings, secret
from bot.slack.installation import Installation
from bot.slack.manifest import problems
from bot.upstream import Breakers, network_of, open_adobe

T = TypeVar("T")

MANIFEST = Path("app_manifest.yml")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `wrong` are sentences, empty if all is well."""

    subject: str
    wrong: tuple[str, ...] = ()


def check(
    live: Annotated[bool, typer.Option("--live", help="Ask Slack and Adobe too.")] = False,
    manifest: Annotated[Path, typer.Option(help="The manifest of your Slack app.")] = MANIFEST,
) -> None:
    """Check settings, customer.yml and the manifest. Exit code 2 if anything is wrong."""
    wrong = 0
    for finding in _findings(live, manifest):
        typer.echo(f"{'✗' if finding.wrong else '✓'} {finding.subject}")
        for problem in finding.wrong:
            typer.echo(f"    {problem}")
        wrong += len(finding.wrong)
    if wrong:
        raise typer.Exit(2)


def _findings(live: bool, manifest: Path) -> Iterator[Finding]:
    chosen, found = _tried("settings", settings.load)
    yield found
    # What concerns customer.yml can be told even if other settings are wrong.
    readable, _ = settings.readable()
    config, found = _tried("customer.yml", lambda: customer_file.of(readable))
    yield found
    yield Finding(str(manifest), tuple(_manifest_problems(manifest)))
    if live and chosen and config:
        yield from asyncio.run(_collected(_live(chosen, config)))


def _tried(subject: str, attempt: Callable[[], T]) -> tuple[T | None, Finding]:
    try:
        return attempt(), Finding(subject)
    except ConfigurationError as error:
        return None, Finding(subject, error.problems)


def _manifest_problems(path: Path) -> Iterator[str]:
    try:
        manifest = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        yield f"It can't be read ({type(error).__name__}); --manifest names another."
        return
    yield from problems(manifest if isinstance(manifest, dict) else {})


async def _collected(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]


async def _live(chosen: Settings, config: CustomerConfig) -> AsyncIterator[Finding]:
    async with create_session(network_of(chosen)) as session:
        try:
            await Installation.learn(web_client(chosen, session, token=secret(chosen.slack_bot_token)))
            yield Finding("Slack: auth.test")
        except SlackRefused as error:
            yield Finding("Slack: auth.test", (_how_to_mend(error),))
    # Each question is asked once, whatever came of the one before: what is wrong is to be told, not to be got over.
    asking = chosen.model_copy(update={"attempts": 1, "breaker_failures": len(_ADOBE) + 1})
    async with open_adobe(asking, Breakers.of(asking)) as adobe:
        for subject, ask in _ADOBE.items():
            try:
                turn = Unlimited(asyncio.get_running_loop().time() + chosen.deadline)
                wrong = tuple([problem async for problem in ask(adobe, chosen, config, turn)])
            except LookupFailed as error:
                wrong = (_explained(error),)
            yield Finding(f"Adobe: {subject}", wrong)


def _how_to_mend(error: SlackRefused) -> str:
    if error.answered:
        return f"{error}. Reinstall the app and copy its bot token into SLACK_BOT_TOKEN."
    return f"{error}. Check SLACK_API_URL, HTTPS_PROXY and the network."


def _explained(error: LookupFailed) -> str:
    if isinstance(error, NotSetUp):
        return (
            f"Adobe refused with {error.code or error.status}. Check ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET, ADOBE_ORG_ID and "
            "ADOBE_SANDBOX, and that the project has the Experience Platform API and a product profile."
        )
    return f"Adobe could not be asked ({error.kind}). Check PROFILE_URL, HTTPS_PROXY and the network."


async def _merge_policy(adobe: AdobeClient, chosen: Settings, _config: CustomerConfig, turn: Turn) -> AsyncIterator[str]:
    policies = await adobe.merge_policies(turn)
    wanted, known = chosen.adobe_merge_policy_id, [policy.id for policy in policies]
    if wanted and wanted not in known:
        there = ", ".join(f"{policy.name} ({policy.id})" for policy in policies)
        yield f"ADOBE_MERGE_POLICY_ID names no merge policy for profiles; there are {there}."
    if not wanted and not any(policy.default for policy in policies):
        yield "There is no default merge policy for profiles: make one the default, or set ADOBE_MERGE_POLICY_ID."


async def _namespaces(adobe: AdobeClient, _chosen: Settings, config: CustomerConfig, turn: Turn) -> AsyncIterator[str]:
    known = {code.lower() for code in await adobe.namespaces(turn)}
    for namespace in config.namespaces:
        if namespace.code.lower() not in known:
            removed = f"{{code: {namespace.code}, remove: true}}"
            yield f"customer.yml: no namespace has the code {namespace.code}; correct it, or take it out with {removed}."


async def _schema(adobe: AdobeClient, _chosen: Settings, config: CustomerConfig, turn: Turn) -> AsyncIterator[str]:
    union = await adobe.union_schema(turn)
    for path in profile_fields(config):
        if path not in PROFILE_BASICS and not _has(union, path):
            yield f"customer.yml: the union schema has no {path}; what is mapped there will always be empty."


def _has(schema: object, path: str) -> bool:
    for key in path.split("."):
        properties = schema.get("properties") if isinstance(schema, dict) else None
        if not isinstance(properties, dict) or key not in properties:
            return False
        schema = properties[key]
    return True


_ADOBE: dict[str, Callable[[AdobeClient, Settings, CustomerConfig, Turn], AsyncIterator[str]]] = {
    "token and merge policy": _merge_policy,
    "namespaces": _namespaces,
    "union schema": _schema,
}
