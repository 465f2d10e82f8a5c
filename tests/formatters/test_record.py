"""Values that only the type checker keeps frozen are frozen dataclasses in all else."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from formatters.card import Data, Language, Money
from tests.formatters.samples import FULL


def test_records_are_compared_and_hashed_by_their_fields() -> None:
    """And by their kind: the same text as a customer's own words is another value than as a language."""
    said: list[object] = [Data("de"), Data("de"), Data("en"), Language("de")]

    assert [each == said[0] for each in said] == [True, True, False, False]
    assert len(set(said)) == 3


def test_records_hold_their_fields_alone() -> None:
    """A misspelt attribute is a mistake at run time, too."""
    with pytest.raises(AttributeError):
        Data("de").txet = "en"  # type: ignore[attr-defined]

    assert not hasattr(Data("de"), "__dict__")


def test_a_changed_copy_leaves_the_record_as_it_was() -> None:
    """As with every dataclass."""
    other = replace(FULL, name="other")

    assert ([field.name for field in fields(Money)], other.name, FULL.name) == (["amount", "currency"], "other", "standard")
