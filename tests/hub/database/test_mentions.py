"""Whether a record mentions somebody."""

from __future__ import annotations

import orjson
import pytest

from bot.hub.database.mentions import mentions


@pytest.mark.parametrize(
    "record",
    [
        {"personalEmail": {"address": "Ada@Example.com"}},
        {"identityMap": {"Email": [{"id": " ada@example.com ", "primary": True}]}},
        {"ada@example.com": 1},
        {"phones": ["+49 30 23125-123"]},
        {"name": ["x", {"y": "JÜRGEN"}]},
    ],
)
def test_a_record_mentions_a_value_wherever_it_stands(record: object) -> None:
    """In whatever case; phone numbers however they are grouped; escaped or not."""
    values = {"ada@example.com", "+493023125123", "jürgen"}

    assert mentions(orjson.dumps(record), values)


@pytest.mark.parametrize(
    "record",
    [{}, {"note": "write to ada@example.com"}, {"points": 49, "ratio": 1.5, "none": None}, {"email": "ada@example.co"}, []],
)
def test_a_record_doesnt_mention_what_is_only_similar(record: object) -> None:
    assert not mentions(orjson.dumps(record), {"ada@example.com", "49"})
