"""What each namespace's values look like: the form in which an identity is asked for.

Pure. Which form a namespace has is configured (`normalise`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import email_validator
import phonenumbers

from bot.config import CustomerConfig, Namespace
from bot.errors import ValueNotAccepted
from bot.question import Identity

LONGEST_VALUE = 512
"""Bytes of an identity value: longer than any address (254), short enough for a button's token (2,000 characters)."""

LONGEST_ADDRESS = 254
"""Characters (RFC 5321)."""

_AROUND = " \"'*~()[]{}<>.:!?"


def bare(value: str) -> str:
    """Without the quotes and brackets that people paste around a value; `(030) 23125` keeps its own."""
    inner = value.strip(_AROUND)
    start = value.find(inner)
    unclosed = inner.count("(") - inner.count(")")
    if unclosed < 0 and "(" in value[:start]:
        return f"({inner}"
    return f"{inner})" if unclosed > 0 and ")" in value[start + len(inner) :] else inner


def normalised(namespace: Namespace, value: str, config: CustomerConfig, *, explicit: bool) -> Identity:
    """The identity that `value` is in `namespace`; `explicit` says that its alias was typed.

    Raises:
        ValueNotAccepted: the value does not have the namespace's form.
    """
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
    address = _address(value)
    local, _, domain = address.rpartition("@")
    try:
        if _PLAIN_LOCAL.fullmatch(local) and domain.isascii() and len(address) <= LONGEST_ADDRESS:
            return f"{local}@{_domain(domain)}".lower()
        return email_validator.validate_email(address, check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError:
        if explicit and local and domain:
            return _joined(address.lower())
        raise _NotItsForm("invalid_email") from None


_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+")
"""Valid by every rule there is, so that only the domain needs the library: the whole takes it 20 µs of each command."""


@lru_cache(maxsize=1024)
def _domain(domain: str) -> str:
    """The domain as the library writes it. A few serve most questions, and none names a person."""
    return str(email_validator.validate_email(f"a@{domain}", check_deliverability=False).domain)


_IN_BRACKETS = re.compile(r"<([^<>]*+)(?:>|$)")


def _address(value: str) -> str:
    """Of `Ada <ada@example.com>` what is in brackets, of `ada@example.com?subject=Hello` what is before the question mark."""
    bracketed = _IN_BRACKETS.search(value)
    local, at, domain = (bracketed[1] if bracketed and "@" in bracketed[1] else value).partition("@")
    return bare(f"{local}{at}{domain.partition('?')[0]}")


def _joined(value: str) -> str:
    """Without spaces, and as it would be if it had been typed so."""
    return unicodedata.normalize("NFKC", "".join(value.split()))


# Letters are digits to phonenumbers (0800 FLOWERS); here they are mistakes.
_LETTER = re.compile(r"[^\W\d_]")


def _phone(value: str, config: CustomerConfig, _explicit: bool) -> str:
    if _LETTER.search(value):
        raise _NotItsForm("invalid_phone")
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
