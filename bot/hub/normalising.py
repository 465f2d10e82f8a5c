"""The form in which a namespace keeps the values of its identities, so that those of one person are equal.

E-mail values compare without case, phone values in E.164; all others are kept as they come, without the space around them. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import phonenumbers

from bot.hub.model import Namespace

LONGEST = 1024
"""Characters of an identity's value ("Guardrails for Identity Service": longer ones aren't ingested)."""


def normalised(namespace: Namespace, value: str) -> str:
    """The value as `namespace` keeps it. What came out goes in again unchanged.

    Raises:
        ValueError: it can't be a value of that namespace; the text says what would be, and doesn't repeat it.
    """
    bare = value.strip()
    if not bare:
        raise ValueError("is empty, so it names nobody")
    if len(bare) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    form = _FORMS.get(namespace.id_type)
    return form(bare) if form else bare


def _email(value: str) -> str:
    if "@" not in value:
        raise ValueError("isn't an e-mail address")
    # Lower, not folded: a folded ß is ss, which is somebody else's address.
    return value.lower() if value.isascii() else unicodedata.normalize("NFC", value.lower())


_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def _phone(value: str) -> str:
    if _E164.fullmatch(value):
        return value
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        raise ValueError(_NO_PHONE) from None
    normal = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if not _E164.fullmatch(normal):
        raise ValueError(_NO_PHONE)
    return normal


_NO_PHONE = "isn't a phone number with its country code, such as +493023125123"

_FORMS: dict[str, Callable[[str], str]] = {"EMAIL": _email, "PHONE": _phone}
