"""The manifest asks for what the code needs, and for nothing else."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.slack.manifest import problems

MANIFEST: dict[str, Any] = YAML(typ="safe").load(Path(__file__).parents[2] / "app_manifest.yml")


def changed(path: str, value: object) -> dict[str, Any]:
    manifest = deepcopy(MANIFEST)
    node: Any = manifest
    *parents, last = path.split(".")
    for key in parents:
        node = node.setdefault(key, {})
    node[last] = value
    return manifest


def test_ours() -> None:
    """The manifest of this repository and the code agree."""
    assert list(problems(MANIFEST)) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("features.slash_commands", [], ["features.slash_commands lacks /customer."]),
        ("features.slash_commands", None, ["features.slash_commands lacks /customer."]),
        (
            "features.slash_commands",
            [{"command": "/client"}],
            [
                "features.slash_commands lacks /customer.",
                "features.slash_commands has /client, which nothing in the code uses.",
            ],
        ),
        ("oauth_config.scopes.bot", ["commands"], ["oauth_config.scopes.bot lacks users:read."]),
        (
            "oauth_config.scopes.bot",
            ["commands", "users:read", "chat:write", "channels:history"],
            ["oauth_config.scopes.bot has channels:history, chat:write, which nothing in the code uses."],
        ),
        (
            "settings.event_subscriptions",
            {"bot_events": ["app_mention"]},
            [
                "settings.event_subscriptions.bot_events lacks app_uninstalled, tokens_revoked.",
                "settings.event_subscriptions.bot_events has app_mention, which nothing in the code uses.",
            ],
        ),
        ("settings.interactivity", None, ["settings.interactivity.is_enabled must be true: the cards have buttons."]),
        ("settings.interactivity.is_enabled", "yes", ["settings.interactivity.is_enabled must be true: the cards have buttons."]),
    ],
)
def test_differences(path: str, value: object, expected: list[str]) -> None:
    """What is missing and what is of no use is named."""
    assert list(problems(changed(path, value))) == expected


def test_empty() -> None:
    """An empty manifest lacks everything."""
    assert len(list(problems({}))) == 4


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PATHS = ["features", "features.slash_commands", "oauth_config", "oauth_config.scopes", "oauth_config.scopes.bot", "settings"]


@given(st.sampled_from([*PATHS, "settings.interactivity", "settings.event_subscriptions.bot_events"]), ANY)
def test_anything(path: str, value: object) -> None:
    """Whatever stands in a manifest, it is told in sentences."""
    assert all(
        sentence.endswith(("uses.", "buttons.", "/customer.", "users:read.", "tokens_revoked."))
        for sentence in problems(changed(path, value))
    )
