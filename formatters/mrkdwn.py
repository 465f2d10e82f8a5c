"""Text for Slack: cleaning, escaping, measuring, cutting. Knows strings only.

Facts: Slack parses `&`, `<` and `>` in mrkdwn and decodes `&amp;`, `&lt;` and `&gt;` alone
(https://docs.slack.dev/messaging/formatting-message-text).
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"

_HIDDEN = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # control characters that are not white space
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the direction of what follows
    r"\u200b\u2060\ufeff"  # no width
    r"\ud800-\udfff]"  # half a character: no JSON encoder takes it
)
_BREAKS = re.compile(r"[\t\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]")
_ATOM = re.compile(r"&(?:amp|lt|gt);|<[^<>]*>")
_FORMATTING = tuple(
    (mark, re.compile(formats, re.MULTILINE))
    for mark, formats in {
        # Between two letters or digits they are plain characters: EU_news_2026.
        "*": r"(?<![^\W_])\*|\*(?![^\W_])",
        "_": r"(?<![^\W_])_|_(?![^\W_])",
        "~": r"(?<![^\W_])~|~(?![^\W_])",
        "`": r"`",
        ":": r":[^\s:]+:",  # emoji
        ">": r"^\s*>",  # quote; also in its escaped form
    }.items()
)
_LONGEST_CLUSTER = 32


def clean(text: str) -> str:
    """`text` without what can't be seen or moves the cursor; lines stay lines."""
    return _BREAKS.sub(" ", _HIDDEN.sub("", text))


def one_line(text: str) -> str:
    """`text` cleaned and on one line, every run of white space one space."""
    visible = text if text.isprintable() and text.isascii() else _HIDDEN.sub("", text)
    return " ".join(visible.split())


def escape(text: str) -> str:
    """`text` such that Slack's parser shows it as it is: no mention, no link, no date."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def inert(text: str) -> bool:
    """Whether mrkdwn, once escaped, shows `text` as it is: nothing in it would turn bold, italic, code, quote or emoji."""
    present = [formats for mark, formats in _FORMATTING if mark in text]
    return not present or not any(formats.search(text) for formats in present)


def length(text: str) -> int:
    """Length in UTF-16 units, which is never less than Slack counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def width(text: str) -> int:
    """Length of `text` after escaping."""
    return length(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def cut(text: str, most: int) -> str:
    """`text`, or as much of it as takes `most` characters even when escaped, with an ellipsis."""
    if 5 * len(text) <= most or width(text) <= most:
        return text
    room = most - len(ELLIPSIS)
    end = 0
    for char in text:
        room -= width(char)
        if room < 0:
            break
        end += 1
    return text[: _cluster_start(text, end)].rstrip() + ELLIPSIS


def shorten(marked: str, most: int) -> str:
    """Mrkdwn of at most `most` characters. No entity, link or date token is cut in two."""
    if 2 * len(marked) <= most or length(marked) <= most:
        return marked
    room, end = most - len(ELLIPSIS), 0
    for char in marked:
        room -= length(char)
        if room < 0:
            break
        end += 1
    end = _cluster_start(marked, end)
    across = next((atom for atom in _ATOM.finditer(marked) if atom.start() < end < atom.end()), None)
    return marked[: across.start() if across else end].rstrip() + ELLIPSIS


def _cluster_start(text: str, end: int) -> int:
    """The last place at or before `end` that is not inside what a reader sees as one character."""
    for place in range(end, max(end - _LONGEST_CLUSTER, 0), -1):
        if not _inside_cluster(text, place):
            return place
    return end


def _inside_cluster(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if before == "\u200d" or after == "\u200d" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if _is_regional(after):
        flags = text[:place]
        return (len(flags) - len(flags.rstrip(_REGIONAL))) % 2 == 1
    return unicodedata.category(after).startswith("M") or "\U000e0020" <= after <= "\U000e007f"


_REGIONAL = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
