"""Slack's limits for a message, as a table, and `violations`, which reads a message against it.

Knows nothing of the formatters. Facts: https://docs.slack.dev/reference/block-kit/blocks and the pages below it. How much a whole
message may hold is not documented; it was measured to be about 13,200 characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

Node = Mapping[str, Any]
Check = Callable[[Any], bool]

MESSAGE_CHARACTERS = 10_000
MESSAGE_BLOCKS = 15  # Slack allows 50; ours is what an agent will read
CONTAINER_CHILDREN = frozenset(
    {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "table", "video"}
)
MESSAGE_SURFACE = CONTAINER_CHILDREN | {"container", "data_table", "data_visualization", "markdown"}
ACTION_ID = re.compile(r"(refresh|ask)(:\d+)?|open:.+")


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def text_of(kinds: str, most: int, least: int = 1) -> Check:
    return lambda text: isinstance(text, Mapping) and text.get("type") in kinds.split() and least <= size(text["text"]) <= most


def string(most: int, least: int = 1) -> Check:
    return lambda text: type(text) is str and least <= size(text) <= most


def items(most: int, least: int = 1) -> Check:
    return lambda items: isinstance(items, list) and least <= len(items) <= most


def of(*kinds: str) -> Check:
    return lambda nodes: all(node["type"] in kinds for node in nodes)


def both(*checks: Check) -> Check:
    return lambda value: all(check(value) for check in checks)


def anything(_value: object) -> bool:
    return True


ANY_TEXT = "plain_text mrkdwn"
RICH = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")

LIMITS: dict[str, dict[str, Check]] = {
    "header": {"text": text_of("plain_text", 150)},
    "section": {
        "text": text_of(ANY_TEXT, 3000),
        "fields": both(items(10), lambda fields: all(map(text_of(ANY_TEXT, 2000), fields))),
        "expand": anything,
    },
    "context": {"elements": both(items(10), of("plain_text", "mrkdwn", "image"))},
    "divider": {},
    "actions": {"elements": both(items(5), of("button", "overflow"))},  # Slack allows 25
    "button": {
        "text": text_of("plain_text", 75),
        "action_id": both(string(255), lambda name: bool(ACTION_ID.fullmatch(name))),
        "value": string(2000),
        "url": string(3000),
        "style": lambda style: style in {"primary", "danger"},
    },
    "container": {
        "title": text_of("plain_text", 150),
        "subtitle": text_of(ANY_TEXT, 150),
        "child_blocks": both(items(10), of(*CONTAINER_CHILDREN)),
        "is_collapsible": anything,
        "default_collapsed": anything,
    },
    "table": {
        "rows": both(items(100), lambda rows: all(1 <= len(row) <= 20 and len(row) == len(rows[0]) for row in rows)),
        "column_settings": items(20),
    },
    "raw_text": {"text": string(10_000)},
    "data_visualization": {"title": string(50), "chart": anything},
    "bar": {"series": items(6), "axis_config": anything},
    "rich_text": {"elements": both(items(100), of(*RICH))},
    "rich_text_section": {"elements": both(items(100), of("text", "date"))},
    "rich_text_list": {
        "elements": both(items(100), of("rich_text_section")),
        "style": lambda style: style in {"bullet", "ordered"},
    },
    "text": {"text": string(3000), "style": anything},
    "date": {
        "timestamp": lambda seconds: type(seconds) is int,
        "format": string(100),
        "fallback": string(300),
        "style": anything,
    },
    "plain_text": {"text": string(3000), "emoji": lambda emoji: emoji is False},
    "mrkdwn": {"text": string(3000), "verbatim": lambda verbatim: verbatim is True},
}
"""By type: each property and what must hold of it. A property that isn't here may not be there."""

UNSHOWN = frozenset({"type", "value", "url", "action_id", "block_id", "style", "format", "align"})
MARKUP = re.compile(r"<!date\^-?\d+\^\{ago\}\|[^<>&|^]+>")


def violations(message: dict[str, Any]) -> list[str]:
    """Everything about `message` that Slack would refuse, or that we would."""
    return list(chain.from_iterable(check(message) for check in CHECKS))


def envelope(message: Node) -> Iterator[str]:
    if not string(3000)(message["text"]) or "\n" in message["text"]:
        yield "text: one line is needed for notifications"
    if message["unfurl_links"] is not False or message["unfurl_media"] is not False:
        yield "unfurl: data could unfurl"
    if not 1 <= len(message["blocks"]) <= MESSAGE_BLOCKS:
        yield f"blocks: {len(message['blocks'])}"
    if (total := characters(message["blocks"])) >= MESSAGE_CHARACTERS:
        yield f"blocks: {total} characters"


def surface(message: Node) -> Iterator[str]:
    kinds = [block["type"] for block in message["blocks"]]
    yield from (f"{kind}: not for messages" for kind in kinds if kind not in MESSAGE_SURFACE)
    everywhere = [node["type"] for node in nodes(message["blocks"])]
    if everywhere.count("table") + everywhere.count("data_table") > 1:
        yield "table: one per message"
    if everywhere.count("data_visualization") > 2:
        yield "data_visualization: two per message"


def limits(message: Node) -> Iterator[str]:
    for node in nodes(message["blocks"]):
        allowed = LIMITS.get(node["type"])
        if allowed is None:
            yield f"{node['type']}: unknown"
            continue
        for name, value in node.items():
            if name == "type":
                continue
            if name not in allowed:
                yield f"{node['type']}.{name}: unknown"
            elif not allowed[name](value):
                yield f"{node['type']}.{name}: {value!r:.200}"


def identifiers(message: Node) -> Iterator[str]:
    for block in nodes(message["blocks"]):
        if block["type"] == "actions":
            names = [button["action_id"] for button in block["elements"]]
            yield from (f"action_id twice: {name}" for name in set(names) if names.count(name) > 1)
            if sum("style" in button for button in block["elements"]) > 1:
                yield "more than one primary button"


def charts(message: Node) -> Iterator[str]:
    for chart in (node["chart"] for node in nodes(message["blocks"]) if node["type"] == "data_visualization"):
        categories = chart["axis_config"]["categories"]
        if not 1 <= len(categories) <= 20 or len(set(categories)) < len(categories):
            yield f"chart: categories {categories}"
        if not all(string(50)(chart["axis_config"].get(label, "-")) for label in ("x_label", "y_label")):
            yield "chart: axis label"
        for series in chart["series"]:
            labels = [point["label"] for point in series["data"]]
            if labels != categories or not all(map(string(20), [*labels, series["name"]])):
                yield f"chart: labels {labels}"
            if not all(type(point["value"]) in {int, float} for point in series["data"]):
                yield "chart: values"


def parsed_data(message: Node) -> Iterator[str]:
    """In mrkdwn nothing but our own dates may be left for Slack to parse."""
    texts = [node["text"] for node in nodes(message["blocks"]) if node["type"] == "mrkdwn"]
    for text in (*texts, message["text"]):
        rest = MARKUP.sub("", text)
        if "<" in rest or ">" in rest or re.search(r"&(?!(amp|lt|gt);)", rest):
            yield f"mrkdwn: {text!r:.200}"


CHECKS = (envelope, surface, limits, identifiers, charts, parsed_data)


def nodes(value: object) -> Iterator[Node]:
    """Every object that has a type, at any depth."""
    if isinstance(value, Mapping):
        if isinstance(value.get("type"), str):
            yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def characters(value: object) -> int:
    """Every character that may be shown."""
    if isinstance(value, str):
        return size(value)
    if isinstance(value, Mapping):
        return sum(characters(each) for name, each in value.items() if name not in UNSHOWN)
    return sum(map(characters, value)) if isinstance(value, list) else 0
