from __future__ import annotations

from typing import Any

import pytest

from bot.hub.hiding import without

ADA: dict[str, Any] = {"person": {"name": "Ada", "birthDate": "1815-12-10"}, "cases": [{"id": 1, "notes": "private"}, {"id": 2}]}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], ADA),
        ([("person", "birthDate")], ADA | {"person": {"name": "Ada"}}),
        ([("person",)], {"cases": ADA["cases"]}),
        ([("cases", "notes")], ADA | {"cases": [{"id": 1}, {"id": 2}]}),
        ([("person", "name"), ("person", "birthDate"), ("cases",)], {"person": {}}),
        ([("no", "such"), ("person", "name", "deeper")], ADA),
    ],
)
def test_without(paths: list[tuple[str, ...]], expected: dict[str, Any]) -> None:
    """What lies at a path is gone, in every item of a list; everything else is there."""
    assert expected == without(ADA, paths)


def test_unchanged() -> None:
    """The value itself stays as it was."""
    before = repr(ADA)
    without(ADA, [("cases", "notes"), ("person",)])

    assert before == repr(ADA)
