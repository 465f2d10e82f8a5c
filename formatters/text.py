"""A card or a notice as plain text of several lines, for terminals."""

from __future__ import annotations

from typing import Any

from formatters.card import Card, Data, Notice, Value
from formatters.locale import Reader
from formatters.mrkdwn import one_line
from formatters.page import Page, Room
from formatters.phrase import Phrase
from formatters.templating import Templates, packaged
from formatters.voice import Voice

_ROOM = Room(rows=25, value=300, sentence=1000)


def text(content: Card | Notice, reader: Reader, templates: Templates | None = None) -> str:
    """The whole content; relative times become dates, since a terminal keeps no clock."""
    templates = templates or packaged()
    page = Page(Voice(reader), templates, _ROOM)
    if isinstance(content, Card):
        return templates.card.render(_card(content, page)).strip() + "\n"
    return templates.notice.render(_notice(content, page)).strip() + "\n"


def _card(card: Card, page: Page) -> dict[str, Any]:
    return {
        "title": page.say(card.title),
        "about": _line(card.about, page),
        "banners": page.sentences(card.banners),
        "verdict": page.verdict(card),
        "figures": list(page.figures(card)),
        "listings": [page.listing(each) for each in card.sections if each.rows],
        "chart": page.graph(card.chart) if card.chart and card.chart.points else None,
        "missing": page.sentences(card.missing, 10),
        "links": [(page.say(action.label), one_line(action.url)) for action in card.actions if action.url],
        "footer": _line(card.footer, page),
    }


def _notice(notice: Notice, page: Page) -> dict[str, Any]:
    """A terminal has no buttons: where nothing else lists the ways to go on, their labels do."""
    say = page.voice.message
    ways = notice.lists or tuple(action.label for action in notice.actions)
    return {
        "title": say(f"notice.{notice.kind}.title", notice.values),
        "text": say(f"notice.{notice.kind}.text", notice.values).cut(page.room.sentence),
        "bullets": page.sentences(ways, page.room.rows),
        "reference": say("notice.reference", {"reference": Data(notice.reference)}) if notice.reference else None,
    }


def _line(values: tuple[Value, ...], page: Page) -> Phrase | None:
    return Phrase.join(" · ", map(page.say, values)) if values else None
