from __future__ import annotations

import pytest

from bot.hub.malformed import Malformed
from bot.hub.schemas.listing import having, page

A, B, C, B2 = (
    {"title": "A", "version": "1.0", "for": ["x", "y"]},
    {"title": "B", "version": "1.1"},
    {"title": "C", "version": "1.2"},
    {"title": "B", "version": "1.3"},
)


def test_order() -> None:
    """The list is ordered by one property after the other, each ascending or descending."""
    assert list(page([C, B2, A, B], orderby="title,-version", start=None, limit=None).items) == [A, B2, B, C]
    assert list(page([C, B2, A, B], orderby="-title,version", start=None, limit=None).items) == [C, B, B2, A]


def test_pages() -> None:
    """Page by page everything comes once; equal values stay on one page, since the next begins beyond them."""
    first = page([C, B2, A, B], orderby="title", start=None, limit=2)
    second = page([C, B2, A, B], orderby="title", start=first.next, limit=2)

    assert (list(first.items), first.next) == ([A, B2, B], "B")
    assert (list(second.items), second.next) == ([C], None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title==B", [B, B2]),
        ("title!=B", [A, C]),
        ("title~^[AC]$", [A, C]),
        ("version>1.1", [C, B2]),
        ("version<=1.0", [A]),
        ("version>=1.2", [C, B2]),
        ("version<1.1", [A]),
        ("for", [A]),
        ("for==y", [A]),
    ],
)
def test_filters(text: str, expected: list[dict[str, object]]) -> None:
    """A filter compares a property, each item of it if it is an array, or asks whether it is there."""
    assert [each for each in (A, B, C, B2) if having(text)(each)] == expected


def test_bad_pattern() -> None:
    """A pattern that is none is refused."""
    with pytest.raises(Malformed, match="title~"):
        having("title~(")
