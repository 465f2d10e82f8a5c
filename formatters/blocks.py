"""A card or a notice as a Slack message: Block Kit, within every limit whatever the data.

A message's blocks that together hold about 13,200 characters fail with an error that Slack doesn't document, so a message stays
under 10,000: the roomiest layout that fits is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import orjson

from formatters.card import Card, Data, Notice
from formatters.classic import Classic
from formatters.elements import SECTION_FIELDS, Block, actions, context, header
from formatters.form import Form, Sheet
from formatters.locale import Reader
from formatters.mrkdwn import cut, escape, length
from formatters.phrase import Phrase
from formatters.rich import Rich
from formatters.templating import Templates, packaged
from formatters.voice import Voice

MOST_CHARACTERS = 9_500
MOST_SECTIONS = 5
SUMMARY_TEXT = 300
_NOT_SHOWN = frozenset({"type", "value", "url", "action_id", "style", "format", "align"})

_SHEETS: dict[Form, type[Sheet]] = {Form.RICH: Rich, Form.CLASSIC: Classic}


def message(content: Card | Notice, reader: Reader, form: Form, templates: Templates | None = None) -> dict[str, Any]:
    """What to send, but for where and to whom. `text` is for notifications and screen readers."""
    voice = Voice(reader)
    sheet = _SHEETS[form]
    pages = (sheet(voice, templates or packaged(), room) for room in sheet.rooms)
    summary = voice.say(content.summary) if isinstance(content, Card) else _title(content, voice)
    return {
        "text": escape(cut(str(summary), SUMMARY_TEXT)),
        "blocks": _first_fitting(_laid_out(content, page) for page in pages),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _laid_out(content: Card | Notice, page: Sheet) -> list[Block]:
    if isinstance(content, Card):
        return list(chain.from_iterable(part(content, page) for part in _CARD))
    return list(chain.from_iterable(part(content, page) for part in _NOTICE))


def _first_fitting(layouts: Iterable[list[Block]]) -> list[Block]:
    blocks: list[Block] = []
    for blocks in layouts:
        if len(orjson.dumps(blocks)) <= MOST_CHARACTERS or _characters(blocks) <= MOST_CHARACTERS:  # JSON shows no less
            break
    return blocks


def _characters(node: object) -> int:
    """Every character that may be shown."""
    if isinstance(node, str):
        return length(node)
    if isinstance(node, dict):
        return sum([_characters(value) for key, value in node.items() if key not in _NOT_SHOWN])
    if isinstance(node, list):
        return sum(map(_characters, node))
    return 0


# A card, from top to bottom


def _name(card: Card, page: Sheet) -> Iterator[Block]:
    yield header(page.say(card.title))


def _about(card: Card, page: Sheet) -> Iterator[Block]:
    yield from context(map(page.say, card.about[:10]))


def _banners(card: Card, page: Sheet) -> Iterator[Block]:
    if card.banners:
        yield page.show_banner(Phrase.join(" ", page.sentences(card.banners)))


def _verdict(card: Card, page: Sheet) -> Iterator[Block]:
    if verdict := page.verdict(card):
        yield page.show_verdict(verdict)


def _figures(card: Card, page: Sheet) -> Iterator[Block]:
    if fields := [page.write_field(*figure) for figure in page.figures(card)][:SECTION_FIELDS]:
        yield {"type": "section", "fields": fields}


def _chart(card: Card, page: Sheet) -> Iterator[Block]:
    if card.chart:
        yield from page.show_chart(card.chart)


def _sections(card: Card, page: Sheet) -> Iterator[Block]:
    filled = (each for each in card.sections if each.rows and each.columns)
    yield from page.show_listings([page.listing(each) for each, _ in zip(filled, range(MOST_SECTIONS), strict=False)])


def _missing(card: Card, page: Sheet) -> Iterator[Block]:
    if card.missing:
        yield from context([Phrase.join(" ", (Phrase(("⚠️",)), *page.sentences(card.missing)))])


def _buttons(content: Card | Notice, page: Sheet) -> Iterator[Block]:
    yield from actions(page.buttons(content.actions))


def _footer(card: Card, page: Sheet) -> Iterator[Block]:
    yield from context(map(page.say, card.footer[:10]))


_CARD: tuple[Callable[[Card, Sheet], Iterator[Block]], ...] = (
    _name,
    _about,
    _banners,
    _verdict,
    _figures,
    _sections,
    _chart,
    _missing,
    _buttons,
    _footer,
)


# A notice, from top to bottom


def _title(notice: Notice, voice: Voice) -> Phrase:
    return voice.message(f"notice.{notice.kind}.title", notice.values)


def _what_happened(notice: Notice, page: Sheet) -> Iterator[Block]:
    yield header(_title(notice, page.voice))


def _what_to_do(notice: Notice, page: Sheet) -> Iterator[Block]:
    text = page.voice.message(f"notice.{notice.kind}.text", notice.values).cut(5 * page.room.sentence)
    yield from page.show_prose(text, page.sentences(notice.lists, 10))


def _reference(notice: Notice, page: Sheet) -> Iterator[Block]:
    if notice.reference:
        yield from context([page.voice.message("notice.reference", {"reference": Data(notice.reference)}).cut(page.room.value)])


_NOTICE: tuple[Callable[[Notice, Sheet], Iterator[Block]], ...] = (_what_happened, _what_to_do, _buttons, _reference)
