from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hub.filtering import Property, read

EVENT: dict[str, Any] = {
    "eventType": "commerce.purchases",
    "web": {"webPageDetails": {"isHomepage": False, "name": "Tents & more"}},
    "commerce": {"order": {"priceTotal": 149.5, "purchaseID": "12345"}, "purchases": {"value": 1}},
    "placeContext": {"localTime": "2020-07-20T18:00:00+02:00"},
    "productListItems": [{"SKU": "a-1", "quantity": 2}, {"SKU": "b-2", "quantity": 1}],
    "empty": None,
}


@pytest.mark.parametrize(
    "text",
    [
        "eventType=commerce.purchases",
        'eventType="commerce.purchases"',
        " eventType = commerce.purchases ",
        "eventType!=web",
        "web.webPageDetails.isHomepage=false",
        "web.webPageDetails.isHomepage!=true",
        "web.webPageDetails.name=Tents & more",
        "commerce.order.priceTotal>149",
        "commerce.order.priceTotal>=149.50",
        "commerce.order.priceTotal<1.5e2",
        "commerce.purchases.value=1.0",
        'commerce.purchases.value="1"',
        "commerce.order.purchaseID=12345",
        'placeContext.localTime<="2020-07-20"',
        "placeContext.localTime=20200720",
        "placeContext.localTime>2020-07-19",
        "placeContext.localTime>=2020-07-20T17:59:59",
        "productListItems.SKU=b-2",
        "productListItems.quantity>1",
        "no.such!=1",
        "productListItems.SKU!=c-3",
    ],
)
def test_matches(text: str) -> None:
    """The filter holds: by the type of the field, for one item of a list."""
    assert read(text).matches(EVENT)


@pytest.mark.parametrize(
    "text",
    [
        "eventType=web",
        "eventType!=commerce.purchases",
        "web.webPageDetails.isHomepage=true",
        "web.webPageDetails.isHomepage<true",
        "web.webPageDetails.isHomepage=0",
        "commerce.order.priceTotal=cheap",
        "commerce.order.priceTotal<149.5",
        "commerce.order.priceTotal=nan",
        "commerce.order.purchaseID=12345.0",
        'placeContext.localTime<"2020-07-20"',
        "placeContext.localTime>20200720",
        "productListItems.SKU=c-3",
        "productListItems.SKU!=b-2",
        "no.such=1",
        "eventType.deeper=1",
        "web=1",
        "empty=None",
    ],
)
def test_no_match(text: str) -> None:
    """The filter doesn't hold: a field that isn't there, or that has no such values, equals nothing."""
    assert not read(text).matches(EVENT)


@pytest.mark.parametrize("text", ["", "eventType", "=web", "eventType~web", "event type=web"])
def test_no_filter(text: str) -> None:
    """What is no filter is refused."""
    with pytest.raises(ValueError, match="property must be"):
        read(text)


def test_empty_value() -> None:
    """An empty text is a value."""
    assert read("name=") == read('name=""') == Property(("name",), "=", "")


values = st.one_of(st.booleans(), st.integers(-5, 5), st.floats(-5, 5), st.text(max_size=3), st.none())
literals = st.one_of(st.integers(-5, 5).map(str), st.text(max_size=3), st.sampled_from(["true", "false", "2020-01-01"]))


@given(values, literals)
def test_consistent(value: object, literal: str) -> None:
    """Of equal, less and greater, at most one holds; `!=`, `<=` and `>=` follow from them."""
    holds = {op: Property(("x",), op, literal).matches({"x": value}) for op in ("=", "!=", "<", "<=", ">", ">=")}

    assert holds["!="] is not holds["="]
    assert sum((holds["="], holds["<"], holds[">"])) <= 1
    if not isinstance(value, bool):
        assert holds["<="] == (holds["<"] or holds["="])
        assert holds[">="] == (holds[">"] or holds["="])
