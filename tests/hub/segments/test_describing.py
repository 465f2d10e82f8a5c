"""What a call sends of an audience is read, or refused with what would be right."""

from __future__ import annotations

import pytest

from bot.hub.malformed import Malformed
from bot.hub.segments.describing import described

EXPRESSION = {"type": "PQL", "format": "pql/text", "value": "a = 1"}


@pytest.mark.parametrize("name", ["type", "lifecycleState", "lifecycle", "expression", "mergePolicyId", "schema"])
@pytest.mark.parametrize("value", [["a"], {"a": 1}, 7])
def test_another_type(name: str, value: object) -> None:
    """A value of a wrong JSON type is told like any other wrong value."""
    with pytest.raises(Malformed):
        described({"name": "Gold", "expression": EXPRESSION, name: value}, default_policy=None)
