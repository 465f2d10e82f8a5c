"""A Slack message as text, for a terminal: what arrived, not what was meant to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_BOLD = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def as_seen(message: dict[str, Any]) -> str:
    """Every text of the message's blocks, top to bottom."""
    return "\n".join(line for block in message.get("blocks", []) for line in _lines(block)) or message.get("text", "")


def _lines(block: dict[str, Any]) -> Iterator[str]:
    match block:
        case {"type": "header", "text": text}:
            yield from (shown := _text(text), "═" * len(shown))
        case {"type": "divider"}:
            yield ""
        case {"type": "context", "elements": elements}:
            yield "  ".join(map(_text, elements))
        case {"type": "actions", "elements": elements}:
            yield "  ".join(f"[{_text(element['text'])}]" for element in elements)
        case {"type": "section"}:
            yield ""
            if text := block.get("text"):
                yield _text(text)
            for field in block.get("fields", ()):
                yield "  " + _text(field).replace("\n", ": ", 1)
        case _:
            yield from _texts_in(block)


def _text(text: dict[str, Any]) -> str:
    shown = str(text.get("text", ""))
    if text.get("type") == "mrkdwn":
        shown = _BOLD.sub(r"\1", _TOKEN.sub(r"\1", shown))
        for entity, character in _ENTITIES:
            shown = shown.replace(entity, character)
    return shown


def _texts_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield _text(node)
        else:
            for value in node.values():
                yield from _texts_in(value)
    elif isinstance(node, list):
        for each in node:
            yield from _texts_in(each)
