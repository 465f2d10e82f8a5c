"""What the code needs of Slack, to hold `app_manifest.yml` against. (Slack: "App manifest reference".)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

COMMAND = "/customer"

SCOPES = frozenset({"commands", "users:read"})
"""commands for the slash command, users:read for `users.info`. Answers go out through acks and response_urls, which need none."""

EVENTS = frozenset({"app_uninstalled", "tokens_revoked"})
"""The Events API subscriptions that a door exists for; these need no scope."""


def problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What the manifest and the code don't agree about, as sentences."""
    features, settings = _part(manifest, "features"), _part(manifest, "settings")
    commands = {str(_mapping(each).get("command")) for each in _listed(features, "slash_commands")}
    yield from _differences("features.slash_commands", commands, {COMMAND})
    scopes = set(map(str, _listed(_part(_part(manifest, "oauth_config"), "scopes"), "bot")))
    yield from _differences("oauth_config.scopes.bot", scopes, SCOPES)
    events = set(map(str, _listed(_part(settings, "event_subscriptions"), "bot_events")))
    yield from _differences("settings.event_subscriptions.bot_events", events, EVENTS)
    if _part(settings, "interactivity").get("is_enabled") is not True:
        yield "settings.interactivity.is_enabled must be true: the cards have buttons."


def _differences(where: str, found: set[str], needed: frozenset[str] | set[str]) -> Iterator[str]:
    if missing := sorted(needed - found):
        yield f"{where} lacks {', '.join(missing)}."
    if useless := sorted(found - needed):
        yield f"{where} has {', '.join(useless)}, which nothing in the code uses."


def _part(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return _mapping(of.get(key))


def _listed(of: Mapping[str, Any], key: str) -> Sequence[object]:
    value = of.get(key)
    return value if isinstance(value, list) else ()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
