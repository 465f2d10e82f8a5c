"""Consents (Adobe's data type "Consents and Preferences") → ours."""

from __future__ import annotations

from bot.config import ProfileMap
from bot.profiles.model import Consent, ConsentState
from bot.profiles.values import Tally, anything, at, moment, string, text

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


_STATE, _SINCE, _REASON = at("val", string), at("time", moment), at("reason", text)


class ConsentMap:
    """Where the mapping's consents are."""

    def __init__(self, mapping: ProfileMap) -> None:
        self._general = at(mapping.consents_time, moment)
        self._rules = tuple((rule.key, at(rule.path, anything)) for rule in mapping.consents)

    def read(self, node: object, tally: Tally) -> tuple[Consent, ...]:
        """The consents that the customer has given or refused, in the mapping's order.

        A consent without a time of its own has the time at which consents last changed.
        """
        general = self._general(node, tally)
        given = ((key, read(node, tally)) for key, read in self._rules)
        return tuple(
            [
                Consent(key, STATES.get(code, ConsentState.UNKNOWN), _SINCE(consent, tally) or general, _REASON(consent, tally))
                for key, consent in given
                if (code := _STATE(consent, tally)) is not None
            ]
        )
