"""An outside opinion: PyPI's slackblocks has Slack's limits from a source of its own, and builds what it accepts."""

from __future__ import annotations

from typing import Any

import pytest
import slackblocks as sb
from slackblocks import _limits as oracle  # its registry has no public name
from slackblocks._surfaces import validate_surface_blocks

from formatters import blocks, elements, rich
from formatters.form import Form
from formatters.locale import Reader
from tests.formatters.monsters import NASTY, monster
from tests.formatters.samples import EMPTY, FULL, NOTICES, PLAIN

CONTENTS = [FULL, PLAIN, EMPTY, *NOTICES.values(), *map(monster, NASTY[::4])]


def text(node: dict[str, Any]) -> sb.Text:
    kind = sb.TextType.MARKDOWN if node["type"] == "mrkdwn" else sb.TextType.PLAINTEXT
    return sb.Text(node["text"], kind, verbatim=node.get("verbatim", False))


def section(node: dict[str, Any]) -> sb.Block:
    return sb.SectionBlock(
        text=text(node["text"]) if "text" in node else None, fields=[text(each) for each in node.get("fields", [])] or None
    )


def button(node: dict[str, Any]) -> sb.Element:
    return sb.Button(
        text=text(node["text"]),
        action_id=node["action_id"],
        value=node.get("value"),
        url=node.get("url"),
        style=node.get("style"),
    )


def chart(node: dict[str, Any]) -> sb.Block:
    drawn = node["chart"]
    series = [
        sb.DataSeries(each["name"], [sb.DataPoint(point["label"], point["value"]) for point in each["data"]])
        for each in drawn["series"]
    ]
    axes = sb.AxisConfig(drawn["axis_config"]["categories"], y_label=drawn["axis_config"]["y_label"])
    return sb.DataVisualizationBlock(node["title"], sb.BarChart(series, axes))


def container(node: dict[str, Any]) -> sb.Block:
    return sb.ContainerBlock(
        [build(child) for child in node["child_blocks"]],
        title=text(node["title"]),
        subtitle=text(node["subtitle"]),
        is_collapsible=node["is_collapsible"],
        default_collapsed=node["default_collapsed"],
    )


def rich_text(node: dict[str, Any]) -> sb.Block:
    strings = [
        piece.get("text") or piece["fallback"]
        for part in node["elements"]
        for piece in part["elements"]
        if "elements" not in piece
    ]
    return sb.RichTextBlock([sb.RichTextSection([sb.RichText(each) for each in strings])])


BUILDERS = {
    "header": lambda node: sb.HeaderBlock(text(node["text"])),
    "section": section,
    "context": lambda node: sb.ContextBlock([text(each) for each in node["elements"]]),
    "actions": lambda node: sb.ActionsBlock([button(each) for each in node["elements"]]),
    "table": lambda node: sb.TableBlock([[sb.RawText(cell["text"]) for cell in row] for row in node["rows"]]),
    "container": container,
    "data_visualization": chart,
    "rich_text": rich_text,
}


def build(node: dict[str, Any]) -> sb.Block:
    block: sb.Block = BUILDERS[node["type"]](node)
    return block


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: f"{type(content).__name__}")
def test_slackblocks_accepts_every_message(content: Any, form: Form) -> None:
    """Each block can be rebuilt by a library that refuses what Slack refuses, on the surface it is for."""
    made = blocks.message(content, Reader("de_DE", "Europe/Berlin"), form)["blocks"]

    validate_surface_blocks([build(block) for block in made], "message")


def test_limits_agree_with_slackblocks() -> None:
    """Where our limit is lower than Slack's, it is on purpose: buttons, characters."""
    assert elements.HEADER_TEXT == oracle.HEADER_TEXT_MAX_LENGTH
    assert elements.SECTION_TEXT == oracle.SECTION_TEXT_MAX_LENGTH
    assert elements.SECTION_FIELDS == oracle.SECTION_FIELDS_MAX_ITEMS
    assert elements.FIELD_TEXT == oracle.SECTION_FIELDS_ITEM_MAX_LENGTH
    assert elements.CONTEXT_ELEMENTS == oracle.CONTEXT_ELEMENTS_MAX_ITEMS
    assert elements.BUTTON_TEXT == oracle.BUTTON_TEXT_MAX_LENGTH
    assert elements.BUTTON_VALUE == oracle.BUTTON_VALUE_MAX_LENGTH
    assert elements.BUTTON_URL == oracle.BUTTON_URL_MAX_LENGTH
    assert elements.ACTION_ID == oracle.ACTION_ID_MAX_LENGTH
    assert elements.BUTTONS <= oracle.ACTIONS_ELEMENTS_MAX_ITEMS
    assert rich.CONTAINER_TITLE == oracle.CONTAINER_TITLE_MAX_LENGTH == oracle.CONTAINER_SUBTITLE_MAX_LENGTH
    assert rich.CHART_TITLE == oracle.DATA_VISUALIZATION_TITLE_MAX_LENGTH
    assert rich.CHART_LABEL == oracle.DATA_VISUALIZATION_CATEGORY_LABEL_MAX_LENGTH
    assert rich.AXIS_LABEL == oracle.DATA_VISUALIZATION_AXIS_LABEL_MAX_LENGTH
