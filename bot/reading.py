"""What a person typed → a `Question`.

Pure. Slack hands over what people paste as it is: `a@b.co`, `<mailto:a@b.co|a@b.co>`, `<tel:+49…|…>`, `<@U…>`, smart quotes,
no-break spaces, zero-width characters. (Slack: "Implementing slash commands", "Formatting message text".)
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, field

from bot.config import CustomerConfig, Namespace
from bot.errors import (
    NotAnIdentity,
    NothingAsked,
    NotUnderstood,
    PersonMentioned,
    SeveralIdentities,
    UnknownNamespace,
    ValueNotAccepted,
)
from bot.normalise import LONGEST_VALUE, bare, normalised
from bot.question import Identity, Question, StatusQuestion

LONGEST_TEXT = 3000
MOST_OFFERED = 5


def parse(text: str, config: CustomerConfig) -> Question:
    """The one question in `text`.

    Words around an identity are ignored, so that `Ada Lovelace <ada@example.com>` can be pasted as it is.

    Raises:
        NotUnderstood: one of its leaves, each with what its notice needs.
    """
    readable = _readable(text)
    if readable.strip(" ?!.").lower() in {"", "help", "hilfe", "--help", "-h"}:
        raise NothingAsked
    if len(readable) > LONGEST_TEXT:
        raise NotAnIdentity(typed=readable[:LONGEST_VALUE])
    reader = _Reader(readable, config)
    reader.read()
    if reader.wrong:
        raise reader.wrong
    if not reader.found:
        raise reader.doubtful or NotAnIdentity(typed=readable[:LONGEST_VALUE])
    if len(reader.found) > 1:
        raise SeveralIdentities(questions=tuple(Question(each) for each in list(reader.found)[:MOST_OFFERED]))
    return Question(next(iter(reader.found)))


def command(text: str, config: CustomerConfig) -> Question | StatusQuestion:
    """What is asked by `text` behind the slash command.

    Raises:
        NotUnderstood: as `parse`.
    """
    # Most people type an address, which need not be read twice to see that it is no word.
    asked = "@" not in text and _readable(text).strip().lower() == "status"
    return StatusQuestion() if asked else parse(text, config)


def likely_typos(asked: Identity, config: CustomerConfig) -> tuple[Identity, ...]:
    """The same address at well-known domains that look almost like the one asked for; at most two."""
    local, at, domain = asked.value.rpartition("@")
    if not at or domain in config.known_domains:
        return ()
    close = difflib.get_close_matches(domain, config.known_domains, n=2, cutoff=0.8)
    return tuple(Identity(asked.namespace, f"{local}@{each}") for each in close)


# Reading what was pasted

_LINK = re.compile(r"<(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»″"), '"') | dict.fromkeys(map(ord, "‘’‚‛‹›′`´"), "'")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_TYPOGRAPHY = _QUOTES | _DASHES


_PLAIN = re.compile(r"[ !-%'-;=?-_a-~]*")
"""What is readable as it is: ASCII without control characters, links, entities and the grave accent."""


def _readable(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return " ".join(text.split())
    linked = _LINK.sub(_what_a_link_means, text)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        linked = linked.replace(entity, character)
    visible = "".join(each for each in linked if each.isspace() or unicodedata.category(each) not in _INVISIBLE)
    # Twice: a lone accent would fall apart under NFKC, and some dashes and quotes come to light only through it.
    plain = unicodedata.normalize("NFKC", visible.translate(_TYPOGRAPHY)).translate(_TYPOGRAPHY)
    return " ".join(plain.split())


_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})


def _what_a_link_means(link: re.Match[str]) -> str:
    target, label = link["target"], link["label"]
    scheme, colon, rest = target.partition(":")
    if target[0] in "@!":
        return f" <{target}> "
    if colon and scheme.lower() in {"mailto", "tel"}:
        return f" {rest.partition('?')[0]} "
    return f" {label or target} "


# From left to right, once. Every pattern is possessive where it repeats, so that no text takes more than linear time.

_END = r"""(?=[\s,;|<>\[\]{}"'*~?!:]|(?:[xX]|[eE]xt\.?|#)\d|$)"""
_RUN = (
    rf"\(? ?\+? ?\(?\d[\d()./-]*+{_END}(?: [\d()./-]++{_END})*+"
    r"(?: \d[^\s,;|@]*+(?!@))?"  # the end of `030 23125 12a`, which must not be read as `030 23125`
)
"""A phone number, or what looks like one: whole words of digits and separators. A letter ends it, but for an extension's."""

_EXTENSION = r"(?: ?(?:[xX]|[eE]xt\.?|#) ?\d++(?!\w))?"
_TOKEN = re.compile(
    r"(?P<mention><[@!][^<>]*+>)"
    r"|\({0,2}(?P<alias>[^\W\d][\w-]*+) ?: ?"
    rf"|(?P<number>{_RUN}){_EXTENSION}"
    r'|(?P<word>[^\s,;|<>"\[\]{}]++)'
)
_FEWEST_DIGITS = 6
"""Of a number without an alias: a postal code is none."""

_WORD = re.compile(r"(?P<value>(?!<[@!])[^\s,;|]*+)")
_QUOTED = re.compile(r'(?P<value>"[^",;|@]*+")(?![^\s,;|.!?])')
_DIGITS = re.compile(rf"""["'(<\[]{{0,2}}(?P<value>{_RUN}){_EXTENSION}""")
_ADDRESS = re.compile(r"(?:[^\s,;|@:]++ )*+(?P<value>[^\s,;|@]*+@[^\s,;|]*+)")
_VERBATIM = re.compile(r"(?P<value>(?!<[@!])[^\s,;|]++(?: [^\s,;|@:]++(?![@:]))*+)")
_ID = re.compile(
    r"(?P<value>(?!<[@!])(?:"
    r"[^\s,;|\d]++(?![^\s,;|])(?: [^\s,;|\d](?![^\s,;|]))*+(?: [^\s,;|@:\d]*+\d[^\s,;|@:]*+(?![@:]))?"  # `L 200001`, `C - 10001`
    r"|[^\s,;|]++)"
    r"(?: \d[\d./-]*+(?![^\s,;|?!]))*+)"  # `2000 0123`
)
_DIGIT = re.compile(r"\d")
_VALUES = {"email": _ADDRESS, "phone": _DIGITS, "digits": _DIGITS, "lower": _ID, "upper": _ID, "none": _VERBATIM}
"""Where a value ends that follows an alias: at a space, unless what comes next can only belong to it."""

_NO_IDENTITY = re.compile(rf"//[^\s,;|]*+|(?!\(?\+){_RUN}")
"""What follows an unknown alias and mustn't be taken for an address or a phone number: a page, another kind of number."""


@dataclass
class _Reader:
    """Goes through a text. `wrong` is never overlooked; `doubtful` is told only where no identity was found."""

    text: str
    config: CustomerConfig
    found: dict[Identity, None] = field(default_factory=dict)
    wrong: NotUnderstood | None = None
    doubtful: NotUnderstood | None = None
    listed: Namespace | None = None
    """Whose ids may go on without an alias: `crm:C-1, C-2`."""

    def read(self) -> None:
        at = 0
        while not self.wrong and (token := _TOKEN.search(self.text, at)):
            at = token.end()
            match token.lastgroup:
                case "alias":
                    at = self._aliased(token["alias"], at)
                case "number":
                    self._number(token["number"])
                case "word":
                    self._word(token["word"])
                case _:
                    self.doubtful = self.doubtful or PersonMentioned()

    def _aliased(self, alias: str, at: int) -> int:
        namespace = self.config.by_alias(alias)
        if namespace is None:
            self.doubtful = self.doubtful or UnknownNamespace(alias=alias)
            skipped = _NO_IDENTITY.match(self.text, at)
            return skipped.end() if skipped else at
        typed = next(filter(None, (each.match(self.text, at) for each in (_QUOTED, _VALUES[namespace.normalise], _WORD))), None)
        self._take(namespace, typed["value"] if typed else "", explicit=True)
        self.listed = None if namespace.normalise in {"email", "phone"} else namespace
        return typed.end() if typed else at

    def _number(self, number: str) -> None:
        first = number.lstrip("( ")[0]
        if self.listed and first not in "+0":
            self._take(self.listed, number, explicit=True)
        elif sum(map(str.isdigit, number)) >= _FEWEST_DIGITS:
            self._without_alias("phone", number, sure=first == "+")

    def _word(self, word: str) -> None:
        if "@" in word:
            for part in re.split(r"[()]", word):
                if "@" in part:
                    self._without_alias("email", part)
        elif self.listed and _DIGIT.search(word):
            self._take(self.listed, word, explicit=True)

    def _without_alias(self, form: str, value: str, *, sure: bool = True) -> None:
        self.listed = None
        if namespace := next((each for each in self.config.namespaces if each.normalise == form), None):
            self._take(namespace, value, sure=sure)

    def _take(self, namespace: Namespace, value: str, *, explicit: bool = False, sure: bool = True) -> None:
        try:
            self.found[normalised(namespace, bare(value), self.config, explicit=explicit)] = None
        except ValueNotAccepted as error:
            if sure:
                self.wrong = self.wrong or error
            else:
                self.doubtful = self.doubtful or error
