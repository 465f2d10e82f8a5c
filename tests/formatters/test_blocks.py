"""Cards and notices as Slack messages."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from formatters.blocks import message
from formatters.card import Action, Ago, Card, Chart, Data, Field, Message, Notice, Section, Words
from formatters.form import Form
from formatters.locale import Reader
from formatters.templating import Templates
from tests.formatters.monsters import NASTY, cards, monster, notices
from tests.formatters.samples import EMPTY, FULL, NOON, NOTICES, PLAIN
from tests.limits import nodes, violations

BRITISH = Reader("en_GB", "Europe/London")
READERS = (BRITISH, Reader("de_DE", "Europe/Berlin"), Reader("de_CH", "Europe/Zurich"), Reader("pt_BR", "America/Sao_Paulo"))
ANYTHING = settings(
    deadline=None,
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a card is too large to shrink in useful time
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
CARDS = {"full": FULL, "plain": PLAIN, "empty": EMPTY}

forms = pytest.mark.parametrize("form", list(Form))
readers = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.locale)


def blocks(content: Card | Notice, form: Form = Form.CLASSIC) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = message(content, BRITISH, form)["blocks"]
    return made


def kinds(content: Card | Notice, form: Form) -> list[str]:
    return [block["type"] for block in blocks(content, form)]


def shown(content: Card | Notice, form: Form) -> str:
    return json.dumps(blocks(content, form), ensure_ascii=False)


@forms
@readers
@pytest.mark.parametrize("name", CARDS)
def test_cards_look_like_this(name: str, reader: Reader, form: Form, snapshot: SnapshotAssertion) -> None:
    """Each snapshot is a file that can be pasted into Slack's Block Kit Builder."""
    made = message(CARDS[name], reader, form)

    assert violations(made) == []
    assert made == snapshot(extension_class=JSONSnapshotExtension)


@forms
@pytest.mark.parametrize("reader", READERS[:2], ids=lambda reader: reader.locale)
@pytest.mark.parametrize("kind", NOTICES)
def test_notices_look_like_this(kind: str, reader: Reader, form: Form, snapshot: SnapshotAssertion) -> None:
    """Each kind of notice has a title and says what to do, in every language."""
    made = message(NOTICES[kind], reader, form)

    assert violations(made) == []
    assert made == snapshot(extension_class=JSONSnapshotExtension)


@ANYTHING
@given(card=cards)
def test_any_card_is_within_slacks_limits(card: Card) -> None:
    """Whatever the data, both forms are sent and accepted, and are JSON."""
    for form in Form:
        made = message(card, READERS[1], form)

        assert violations(made) == []
        assert orjson.loads(orjson.dumps(made)) == made


@ANYTHING
@given(notice=notices)
def test_any_notice_is_within_slacks_limits(notice: Notice) -> None:
    """Whatever was typed, both forms are sent and accepted."""
    for form in Form:
        assert violations(message(notice, READERS[0], form)) == []


@forms
@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text[:12]))
def test_the_worst_card_is_within_slacks_limits(text: str, form: Form) -> None:
    """Thousands of rows, names of 50 KB and full lists everywhere still make one message."""
    assert violations(message(monster(text), READERS[1], form)) == []


@forms
def test_mentions_in_data_mention_nobody(form: Form) -> None:
    """A customer called `<!channel>` alerts no channel, not even in the notification."""
    name = Data("<!channel> <@U1>")
    made = message(replace(PLAIN, title=name, summary=Message("card.summary_plain", {"title": name})), BRITISH, form)

    assert "&lt;!channel&gt;" in made["text"]
    assert all("<!channel>" not in node["text"] for node in nodes(made["blocks"]) if node["type"] == "mrkdwn")


def test_data_that_would_format_is_shown_as_plain_text() -> None:
    """`*Gold*` is a tier with two asterisks, not a bold one."""
    fields = next(block["fields"] for block in blocks(FULL) if "fields" in block)

    assert {"type": "plain_text", "text": "Tier\n*Gold*", "emoji": False} in fields


def test_data_that_can_not_format_is_shown_under_a_bold_label() -> None:
    """Underscores inside a word are plain characters to Slack."""
    card = replace(PLAIN, fields=(Field("a", Words({"": "Segment"}), Data("EU_news_2026 & <more>")),))

    assert blocks(card)[3]["fields"] == [
        {"type": "mrkdwn", "text": "*Segment*\nEU_news_2026 &amp; &lt;more&gt;", "verbatim": True}
    ]


def test_a_clock_beside_data_that_would_format_becomes_a_date() -> None:
    """Both can't be had in one text, and the data's safety wins."""
    card = replace(EMPTY, footer=(Message("card.summary", {"title": Data("*x*"), "verdict": Ago(NOON)}),))

    assert blocks(card)[-1]["elements"] == [{"type": "plain_text", "text": "*x*: 3 Nov 2026, 12:00", "emoji": False}]


@forms
def test_empty_sections_are_dropped(form: Form) -> None:
    """A card of nobody's data is a name."""
    assert kinds(EMPTY, form) == ["header"]


def test_classic_uses_blocks_that_every_workspace_has() -> None:
    """The classic form is what Slack accepts in any acknowledgement."""
    assert set(kinds(FULL, Form.CLASSIC)) == {"header", "context", "section", "actions"}


def test_rich_folds_its_lists() -> None:
    """One container a section; purchases, with the most columns, are a table."""
    containers = [block for block in blocks(FULL, Form.RICH) if block["type"] == "container"]

    assert [container["child_blocks"][0]["type"] for container in containers] == [
        "section",
        "table",
        "section",
        "section",
        "section",
    ]
    assert all(container["default_collapsed"] for container in containers)


@forms
def test_a_list_says_how_many_more_there_are(form: Form) -> None:
    """Rows that don't fit, and rows that were never fetched, are counted."""
    many = Section("any", Words({"": "List"}), (Words({"": "Name"}),), tuple((Data(f"n{n}"),) for n in range(500)), 12_000)
    room = {Form.CLASSIC: 5, Form.RICH: 10}[form]

    assert f"{12_000 - room:,} more" in shown(replace(EMPTY, sections=(many,)), form)


def test_a_chart_has_its_numbers_in_text() -> None:
    """Who can't see the bars reads the same numbers; without bars there are none."""
    rich = shown(FULL, Form.RICH)

    assert kinds(FULL, Form.RICH).count("data_visualization") == 1
    assert "Aug 2026 €80.00 · Sept 2026 €90.00 · Oct 2026 €100.00" in rich
    assert "Oct 2026 €100.00" not in shown(FULL, Form.CLASSIC)


def test_bars_of_one_name_are_numbers_only() -> None:
    """Slack refuses a chart whose categories repeat."""
    chart = Chart(Words({"": "T"}), Words({"": "S"}), ((Data("x"), Decimal(1)), (Data("x"), Decimal(2))))
    card = replace(EMPTY, chart=chart)

    assert kinds(card, Form.RICH) == ["header", "section"]


@forms
def test_a_chart_without_points_is_dropped(form: Form) -> None:
    """Nothing to draw is nothing to show."""
    card = replace(EMPTY, chart=Chart(Words({"": "T"}), Words({"": "S"}), ((Data("x"), Decimal("NaN")),)))

    assert kinds(card, form) == ["header"]


def test_buttons_that_can_not_be_sent_whole_are_dropped() -> None:
    """Half a token opens nothing, half an address leads elsewhere."""
    card = replace(
        EMPTY,
        actions=(
            Action("refresh", Data("a"), token="t" * 2001),
            Action("open:x", Data("b"), url="https://example.com/" + "x" * 3000),
            Action("ask:1", Data("c"), token="t" * 2000),
        ),
    )

    assert [button["action_id"] for button in blocks(card)[-1]["elements"]] == ["ask:1"]


def test_names_of_buttons_are_unique_and_tell_addresses_apart() -> None:
    """Slack wants unique ids; the doors want to know which presses need no answer."""
    card = replace(
        EMPTY,
        actions=(
            Action("ask", Data("a"), token="1"),
            Action("ask", Data("b"), token="2"),
            Action("crm", Data("c"), url="https://a.example"),
            Action("open:crm", Data("d"), url="https://b.example"),
        ),
    )

    assert [button["action_id"] for button in blocks(card)[-1]["elements"]] == ["ask", "ask:1", "open:crm", "open:crm:1"]


def test_the_first_offer_is_the_primary_button() -> None:
    """One button stands out, and never one that leaves Slack."""
    card = replace(EMPTY, actions=(FULL.actions[1], FULL.actions[0]))
    styles = [button.get("style") for button in blocks(card)[-1]["elements"]]

    assert styles == [None, "primary"]


def test_an_organisation_may_lay_out_its_own_lines(tmp_path: Path) -> None:
    """A template of the same name takes the place of the packaged one, and data stays escaped in it."""
    packaged = Path(__file__).parents[2] / "formatters" / "templates" / "lines.mrkdwn"
    (tmp_path / "lines.mrkdwn").write_text(packaged.read_text().replace("*{{ label }}*", "_{{ label }}_"))
    card = replace(EMPTY, fields=(Field("a", Words({"": "L"}), Data("<v>")),))

    made = message(card, BRITISH, Form.CLASSIC, Templates(tmp_path))["blocks"][1]["fields"][0]["text"]

    assert made == "_L_\n&lt;v&gt;"
