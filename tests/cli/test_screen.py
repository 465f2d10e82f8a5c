"""A Slack message as a person would see it, in a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cli.screen import as_seen
from formatters import blocks
from formatters.card import Card
from formatters.form import Form
from formatters.locale import Reader
from tests.formatters import samples


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "header", "text": plain("Ada")}, "Ada\n═══"),
        ({"type": "divider"}, ""),
        ({"type": "context", "elements": [mrkdwn("one"), plain("two"), {"type": "image"}]}, "one  two  "),
        ({"type": "actions", "elements": [{"text": plain("Refresh")}, {"text": plain("Open")}]}, "[Refresh]  [Open]"),
        ({"type": "section", "text": mrkdwn("*High* value")}, "\nHigh value"),
        ({"type": "section", "fields": [mrkdwn("*Tier*\ngold\nsince May")]}, "\n  Tier: gold\nsince May"),
        ({"type": "section", "text": mrkdwn("a &lt;b&gt; &amp;lt; c")}, "\na <b> &lt; c"),
        ({"type": "section", "text": plain("*a* &lt;b&gt;")}, "\n*a* &lt;b&gt;"),
        ({"type": "section", "text": mrkdwn("<!date^1772712000^{ago}|on Mar 5, 2026>")}, "\non Mar 5, 2026"),
        ({"type": "section", "text": mrkdwn("2*3*4 and *b*.")}, "\n2*3*4 and b."),
        (
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}]},
            "one",
        ),
        ({"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]]}, "a\nb"),
    ],
)
def test_blocks(block: dict[str, Any], expected: str) -> None:
    """Every text of a block is shown, as Slack would show it."""
    assert as_seen({"text": "short", "blocks": [block, {"type": "header", "text": plain("x")}]}) == f"{expected}\nx\n═"


@pytest.mark.parametrize(
    ("message", "expected"), [({"text": "Looking"}, "Looking"), ({"text": "a", "blocks": []}, "a"), ({}, "")]
)
def test_without_blocks(message: dict[str, Any], expected: str) -> None:
    """A message without blocks is its text."""
    assert as_seen(message) == expected


@pytest.mark.parametrize("form", Form)
def test_whole(form: Form) -> None:
    """A whole card, in either form, is shown without Slack's own marks."""
    whole = next(value for value in vars(samples).values() if isinstance(value, Card) and value.sections and value.fields)
    seen = as_seen(blocks.message(whole, Reader("en_US", "UTC"), form))

    assert "&amp;" not in seen
    assert "<!date" not in seen
    assert len(seen.splitlines()) > 5
