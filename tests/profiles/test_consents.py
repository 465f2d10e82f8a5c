"""Consents are never more than what was given."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.profiles.model import (
    Consent,
    ConsentState,
)
from tests.profiles.invented import read


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("y", ConsentState.YES), ("n", ConsentState.NO), ("p", ConsentState.PENDING), ("u", ConsentState.UNKNOWN),
        ("dy", ConsentState.DEFAULT_YES), ("dn", ConsentState.DEFAULT_NO), ("VI", ConsentState.LEGAL_BASIS),
        ("n ", ConsentState.NO), ("yes", ConsentState.UNKNOWN), ("Y", ConsentState.UNKNOWN), ("true", ConsentState.UNKNOWN),
    ],
)  # fmt: skip
def test_consent(code: str, state: ConsentState) -> None:
    """A code that isn't Adobe's is unknown, never a yes."""
    assert read({"consents": {"marketing": {"email": {"val": code}}}}).consents == (Consent("email", state),)


def test_time_of_a_consent() -> None:
    """A consent without a time of its own has the time at which consents last changed."""
    consents = {
        "metadata": {"time": "2019-01-01T15:52:25+00:00"},
        "marketing": {
            "email": {"val": "y", "time": "2020-02-02T00:00:00Z"},
            "push": {"val": "n", "reason": "Too often"},
            "sms": {},
        },
        "collect": {"val": True},
        "share": "y",
    }
    profile = read({"consents": consents})

    assert profile.consents == (
        Consent("email", ConsentState.YES, datetime(2020, 2, 2, tzinfo=UTC)),
        Consent("push", ConsentState.NO, datetime(2019, 1, 1, 15, 52, 25, tzinfo=UTC), "Too often"),
    )
    assert profile.dropped == 1
