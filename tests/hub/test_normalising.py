from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hub.model import Namespace
from bot.hub.normalising import LONGEST, normalised

EMAIL, PHONE, CRM = (
    Namespace(6, "Email", "EMAIL", "Email"),
    Namespace(7, "Phone", "PHONE", "Phone"),
    Namespace(8, "CRM", "CROSS_DEVICE", ""),
)


@pytest.mark.parametrize(
    ("namespace", "value", "expected"),
    [
        (EMAIL, " Ada@Example.COM ", "ada@example.com"),
        (EMAIL, "STRASSE@example.com", "strasse@example.com"),
        (EMAIL, "straße@example.com", "straße@example.com"),
        (EMAIL, "jose\u0301@example.com", "jos\u00e9@example.com"),
        (PHONE, "+493023125123", "+493023125123"),
        (PHONE, "+49 (30) 23125-123", "+493023125123"),
        (PHONE, "tel:+49-30-23125123", "+493023125123"),
        (CRM, "  C-1 ", "C-1"),
        (CRM, "Case Matters", "Case Matters"),
    ],
)
def test_forms(namespace: Namespace, value: str, expected: str) -> None:
    """E-mail addresses lose their case, phone numbers their punctuation, everything the space around it."""
    assert normalised(namespace, value) == expected


@pytest.mark.parametrize(
    ("namespace", "value", "reason"),
    [
        (EMAIL, "", "is empty"),
        (EMAIL, "ada", "e-mail address"),
        (PHONE, "030 23125123", "country code"),
        (PHONE, "unknown", "country code"),
        (PHONE, "+0", "country code"),
        (CRM, " \t", "is empty"),
        (CRM, "x" * (LONGEST + 1), "longer than 1024"),
    ],
)
def test_refused(namespace: Namespace, value: str, reason: str) -> None:
    """What can't be a value of its namespace is refused with what would be, and isn't repeated."""
    with pytest.raises(ValueError, match=reason) as error:
        normalised(namespace, value)

    assert not value.strip() or value not in str(error.value)


@given(
    namespace=st.sampled_from([EMAIL, PHONE, CRM]),
    value=st.text(max_size=40) | st.from_regex(r"\+?[0-9 ()-]{5,20}", fullmatch=True),
)
def test_stable(namespace: Namespace, value: str) -> None:
    """What was normalised once stays as it is."""
    try:
        once = normalised(namespace, value)
    except ValueError:
        return

    assert normalised(namespace, once) == once
