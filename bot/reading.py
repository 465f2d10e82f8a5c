"""What a person typed → a `Question`.

Pure. Slack hands over what people paste as it is: `a@b.co`, `<mailto:a@b.co|a@b.co>`, `<tel:+49…|…>`, `<@U…>`, smart quotes,
no-break spaces, zero-width characters. (Slack: "Implementing slash commands", "Formatting message text".)
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import email_validator
import phonenumbers

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
from bot.question import Identity, Question

LONGEST_VALUE = 512
"""Bytes of an identity value: longer than any address (254), short enough for a button's token (2,000 characters)."""

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
    found: dict[Identity, None] = {}
    failed: list[NotUnderstood] = []
    for candidate in _candidates(readable):
        try:
            found[identity(candidate, config)] = None
        except NotUnderstood as error:
            failed.append(error)
    telling = [error for error in failed if not isinstance(error, NotAnIdentity)]
    if telling:
        raise telling[0]
    if not found:
        raise NotAnIdentity(typed=readable[:LONGEST_VALUE])
    if len(found) > 1:
        raise SeveralIdentities(questions=tuple(Question(each) for each in list(found)[:MOST_OFFERED]))
    return Question(next(iter(found)))


def identity(typed: str, config: CustomerConfig) -> Identity:
    """One identity from one piece of text: `alias:value`, an address, or a phone number.

    Raises:
        UnknownNamespace: no namespace has this alias.
        ValueNotAccepted: the value does not have the namespace's form.
        NotAnIdentity: it is neither of the three.
    """
    if prefixed := _PREFIXED.match(typed):
        alias, value = prefixed["alias"], _bare(prefixed["value"])
        namespace = config.by_alias(alias)
        if namespace is None:
            raise UnknownNamespace(alias=alias, value=value)
        return _normalised(namespace, value, config, explicit=True)
    value = _bare(typed)
    form = "email" if "@" in value else "phone" if _PHONE.fullmatch(value) else None
    namespace = next((each for each in config.namespaces if each.normalise == form), None)
    if namespace is None:
        raise NotAnIdentity(typed=value)
    return _normalised(namespace, value, config, explicit=False)


def likely_typos(asked: Identity, config: CustomerConfig) -> tuple[Identity, ...]:
    """The same address at well-known domains that look almost like the one asked for; at most two."""
    local, at, domain = asked.value.rpartition("@")
    if not at or domain in config.known_domains:
        return ()
    close = difflib.get_close_matches(domain, config.known_domains, n=2, cutoff=0.8)
    return tuple(Identity(asked.namespace, f"{local}@{each}") for each in close)


# Reading what was pasted

_LINK = re.compile(r"<(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_PREFIXED = re.compile(r"(?P<alias>[^\W\d][\w-]*):\s*(?P<value>.*)", re.DOTALL)
_PHONE = re.compile(r"\(?\+?[\s()./-]*(?:\d[\s()./-]*){5,}")
_ALIAS_ALONE = re.compile(r"[^\W\d][\w-]*:")
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»″"), '"') | dict.fromkeys(map(ord, "‘’‚‛‹›′`´"), "'")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_TYPOGRAPHY = _QUOTES | _DASHES
_AROUND = " \"'*~()[]{}<>.:!?"


def _readable(text: str) -> str:
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
        raise PersonMentioned
    if colon and scheme.lower() in {"mailto", "tel"}:
        return f" {rest.partition('?')[0]} "
    return f" {label or target} "


def _candidates(readable: str) -> Iterator[str]:
    """Pieces that may each be an identity. Spaces may be part of one (phone numbers), commas and semicolons are not."""
    for piece in re.split(r"[,;|]", readable):
        current = ""
        for word in piece.split():
            if current and _begins(word) and not _ALIAS_ALONE.fullmatch(current):
                yield current
                current = ""
            current = f"{current} {word}".strip()
            if "@" in word:
                yield current
                current = ""
        if current:
            yield current


def _begins(word: str) -> bool:
    return "@" in word or word.startswith(("+", "(+")) or _PREFIXED.match(word) is not None


def _bare(value: str) -> str:
    """Without the quotes and brackets that people paste around a value; `(030) 23125` keeps its own."""
    inner = value.strip(_AROUND)
    start = value.find(inner)
    unclosed = inner.count("(") - inner.count(")")
    if unclosed < 0 and "(" in value[:start]:
        return f"({inner}"
    return f"{inner})" if unclosed > 0 and ")" in value[start + len(inner) :] else inner


# What each namespace's values look like


def _normalised(namespace: Namespace, value: str, config: CustomerConfig, *, explicit: bool) -> Identity:
    if not value:
        raise ValueNotAccepted(namespace=namespace.code, value=f"{namespace.aliases[0]}:", reason="empty")
    try:
        normal = _NORMALISERS[namespace.normalise](value, config, explicit)
    except _NotItsForm as wrong:
        raise ValueNotAccepted(namespace=namespace.code, value=value[:LONGEST_VALUE], reason=wrong.reason) from None
    if len(normal.encode()) > LONGEST_VALUE:
        raise ValueNotAccepted(namespace=namespace.code, value=value[:LONGEST_VALUE], reason="too_long")
    return Identity(namespace.code, normal)


@dataclass(eq=False)
class _NotItsForm(Exception):
    reason: str


def _email(value: str, _config: CustomerConfig, explicit: bool) -> str:
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError:
        if explicit:
            return _joined(value.lower())
        raise _NotItsForm("invalid_email") from None


def _joined(value: str) -> str:
    """Without spaces, and as it would be if it had been typed so."""
    return unicodedata.normalize("NFKC", "".join(value.split()))


def _phone(value: str, config: CustomerConfig, _explicit: bool) -> str:
    try:
        number = phonenumbers.parse(value, config.home_country)
    except phonenumbers.NumberParseException:
        raise _NotItsForm("invalid_phone") from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible in {phonenumbers.ValidationResult.TOO_SHORT, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY}:
        raise _NotItsForm("too_short")
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise _NotItsForm("invalid_phone" if value.lstrip("( ").startswith("+") else "needs_country")
    normal = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if phonenumbers.parse(normal) != number:  # e.g. 000000, which loses another zero each time it is read
        raise _NotItsForm("invalid_phone")
    return normal


def _digits(value: str, _config: CustomerConfig, _explicit: bool) -> str:
    digits = re.sub(r"[\s-]", "", value)
    if not (digits.isascii() and digits.isdigit()):
        raise _NotItsForm("not_digits")
    return digits


_NORMALISERS: dict[str, Callable[[str, CustomerConfig, bool], str]] = {
    "email": _email,
    "phone": _phone,
    "digits": _digits,
    "lower": lambda value, _config, _explicit: _joined(value.lower()),
    "upper": lambda value, _config, _explicit: _joined(value.upper()),
    "none": lambda value, _config, _explicit: value,
}
