"""Block Kit's smallest parts as plain dicts, each within its limit.

Facts: https://docs.slack.dev/reference/block-kit/blocks and /composition-objects/text-object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, groupby
from typing import Any

from formatters.mrkdwn import cut, inert, length, shorten
from formatters.phrase import Clock, Phrase

Element = dict[str, Any]
Block = dict[str, Any]

HEADER_TEXT = 150
SECTION_TEXT = 3000
SECTION_FIELDS = 10
FIELD_TEXT = 2000
CONTEXT_ELEMENTS = 10
BUTTONS = 5
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
BUTTON_URL = 3000
ACTION_ID = 255


def plain(text: object, most: int = SECTION_TEXT) -> Element:
    """Text that nothing in Slack interprets."""
    return {"type": "plain_text", "text": cut(str(text), most), "emoji": False}


def marked(text: str, most: int = SECTION_TEXT) -> Element:
    """Mrkdwn. `verbatim`: what looks like an address or a channel stays text."""
    return {"type": "mrkdwn", "text": shorten(text, most), "verbatim": True}


def spoken(phrase: Phrase) -> Element:
    """A phrase as plain text, unless its clocks need markup and nothing else in it would be taken for markup."""
    return marked(phrase.__html__()) if _ticks(phrase) else plain(phrase)


def header(title: object) -> Block:
    """The large bold line."""
    return {"type": "header", "text": plain(title, HEADER_TEXT)}


def section(text: Element) -> Block:
    """A text in normal size; `expand`: never behind "See more"."""
    return {"type": "section", "text": text, "expand": True}


def context(phrases: Iterable[Phrase]) -> Iterator[Block]:
    """The small grey line as one text; where data in it would be taken for markup, the phrases with clocks stand apart."""
    said = list(phrases)
    if not said:
        return
    if inert("\n".join(map(str, said))):
        whole = Phrase.join(" · ", said)
        elements = [marked(whole.__html__()) if whole.has_clock else plain(whole)]
    else:
        elements = [spoken(Phrase.join(" · ", run)) for _, run in groupby(said, key=_ticks)]
    yield {"type": "context", "elements": elements[:CONTEXT_ELEMENTS]}


def actions(buttons: Iterable[tuple[str, object, str | None, str | None]]) -> Iterator[Block]:
    """A row of buttons: kind, label, value, URL. What is too long to be sent is left out: half of it would be wrong."""
    row: list[Element] = []
    taken: set[str] = set()
    for kind, label, value, url in buttons:
        if length(value or "") <= BUTTON_VALUE and length(url or "") <= BUTTON_URL and len(row) < BUTTONS:
            taken.add(action_id := _action_id(kind, taken, opens=bool(url)))
            row.append(_button(action_id, label, value, url))
    for button in row:
        if "url" not in button:
            button["style"] = "primary"
            break
    if row:
        yield {"type": "actions", "elements": row}


def rich_text(*parts: Element) -> Block:
    """Rich text, whose strings are never parsed."""
    return {"type": "rich_text", "elements": list(parts)}


def rich_section(phrase: Phrase, **style: bool) -> Element:
    """A paragraph of rich text."""
    return {"type": "rich_text_section", "elements": [_rich_piece(piece, style) for piece in phrase.pieces]}


def _ticks(phrase: Phrase) -> bool:
    return phrase.has_clock and inert(str(phrase))


def _rich_piece(piece: str | Clock, style: dict[str, bool]) -> Element:
    element: Element
    if isinstance(piece, Clock):
        element = {"type": "date", "timestamp": piece.timestamp, "format": "{ago}", "fallback": piece.fallback}
    else:
        element = {"type": "text", "text": piece}
    return {**element, "style": style} if style else element


def _button(action_id: str, label: object, value: str | None, url: str | None) -> Element:
    button: Element = {"type": "button", "action_id": action_id, "text": plain(label, BUTTON_TEXT)}
    if value:
        button["value"] = value
    if url:
        button["url"] = url
    return button


def _action_id(kind: str, taken: set[str], *, opens: bool) -> str:
    """`refresh`, `ask:2`; `open:…` for a URL, so that a door can tell those apart. Unique in the row, as Slack demands."""
    name = kind[: ACTION_ID - 16]
    if opens and not name.startswith("open:"):
        name = f"open:{name}"
    if name not in taken:
        return name
    stem = name if opens else name.partition(":")[0]
    return next(each for n in count(1) if (each := f"{stem}:{n}") not in taken)
