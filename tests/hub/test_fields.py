from __future__ import annotations

import pytest

from bot.hub.fields import prune, selection


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ("", {"a": {"b": 0, "c": [{"d": 1, "e": 2}, {"e": 3}, 4]}, "f": None}),
        ("a.b", {"a": {"b": 0}}),
        ("a,a.b", {"a": {"b": 0, "c": [{"d": 1, "e": 2}, {"e": 3}, 4]}}),
        ("a.c.d", {"a": {"c": [{"d": 1}]}}),
        ("f", {"f": None}),
        ("f.g,a.b.c,x,", {}),
    ],
)
def test_prune(fields: str, kept: dict[str, object]) -> None:
    """A path keeps what lies below it, the shorter of two wins, and a path that leads nowhere keeps nothing."""
    value = {"a": {"b": 0, "c": [{"d": 1, "e": 2}, {"e": 3}, 4]}, "f": None}

    assert prune(value, selection(fields)) == kept
