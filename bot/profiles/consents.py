"""Consents (Adobe's data type "Consents and Preferences") → ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.config import ConsentRule, ProfileMap
from bot.profiles.model import Consent, ConsentState
from bot.profiles.values import Reader, moment, string, text

STATES = {
    "y": ConsentState.YES,
    "n": ConsentState.NO,
    "p": ConsentState.PENDING,
    "u": ConsentState.UNKNOWN,
    "dy": ConsentState.DEFAULT_YES,
    "dn": ConsentState.DEFAULT_NO,
    "LI": ConsentState.LEGAL_BASIS,
    "CT": ConsentState.LEGAL_BASIS,
    "CP": ConsentState.LEGAL_BASIS,
    "VI": ConsentState.LEGAL_BASIS,
    "PI": ConsentState.LEGAL_BASIS,
}
"""By `val`. A code that isn't here is unknown, never a yes."""


def read_consents(reader: Reader, mapping: ProfileMap) -> tuple[Consent, ...]:
    """The consents that the customer has given or refused, in the mapping's order."""
    general = reader.read(mapping.consents_time, moment)
    return tuple(_consents(reader, mapping.consents, general))


def _consents(reader: Reader, rules: tuple[ConsentRule, ...], general: datetime | None) -> Iterator[Consent]:
    """A consent without a time of its own has the time at which consents last changed."""
    for rule in rules:
        code = reader.read(f"{rule.path}.val", string)
        if code is not None:
            since = reader.read(f"{rule.path}.time", moment) or general
            reason = reader.read(f"{rule.path}.reason", text)
            yield Consent(rule.key, STATES.get(code, ConsentState.UNKNOWN), since, reason)
