"""Consents (Adobe's data type "Consents and Preferences") → ours."""

from __future__ import annotations

from datetime import datetime

from bot.config import ConsentRule, ProfileMap
from bot.profiles.model import Consent, ConsentState
from bot.profiles.values import Read, Tally, at, moment, string, text

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


class ConsentMap:
    """Where the mapping's consents are."""

    def __init__(self, mapping: ProfileMap) -> None:
        self._general = at(mapping.consents_time, moment)
        self._rules = tuple(_compiled(rule) for rule in mapping.consents)

    def read(self, node: object, tally: Tally) -> tuple[Consent, ...]:
        """The consents that the customer has given or refused, in the mapping's order.

        A consent without a time of its own has the time at which consents last changed.
        """
        general = self._general(node, tally)
        return tuple(
            Consent(key, STATES.get(code, ConsentState.UNKNOWN), since(node, tally) or general, reason(node, tally))
            for key, state, since, reason in self._rules
            if (code := state(node, tally)) is not None
        )


def _compiled(rule: ConsentRule) -> tuple[str, Read[str], Read[datetime], Read[str]]:
    """Key, state, time and reason."""
    return rule.key, at(f"{rule.path}.val", string), at(f"{rule.path}.time", moment), at(f"{rule.path}.reason", text)
