from __future__ import annotations

import pytest

from bot.hub.segments.reach import event_fields


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("xEvent.count()", set()),
        ("xEvent.sum(commerce.order.priceTotal)", {"commerce.order.priceTotal"}),
        ('xEvent[eventType = "x" and web.webPageDetails.name.isNotNull()].count()', {"eventType", "web.webPageDetails.name"}),
        ('xEvent[productListItems[SKU = "x"].count() > 1].count()', {"productListItems", "productListItems.SKU"}),
        (
            'xEvent.topN(timestamp, 1).map({"timestamp": timestamp, "value": device.model}).head()',
            {"timestamp", "device.model"},
        ),
        (
            "xEvent[timestamp occurs < 7 days before now].max(commerce.order.priceTotal)",
            {"timestamp", "commerce.order.priceTotal"},
        ),
        ("this is no PQL", set()),
    ],
)
def test_event_fields(expression: str, expected: set[str]) -> None:
    """All that an expression reads of events, wherever in it that stands, by its path in an event."""
    assert expected == {".".join(path) for path in event_fields(expression)}
