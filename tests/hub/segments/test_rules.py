from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hub.segments import rules
from bot.hub.segments.functions import USAGE
from bot.hub.segments.pql import parsed
from bot.hub.segments.syntax import Unreadable

NOW = 1772703000000  # 2026-03-05T09:30:00Z

BOUGHT, SEEN = "commerce.purchases", "web.webpagedetails.pageViews"


def event(day: int, event_type: str, **body: Any) -> dict[str, Any]:
    return {"_id": f"e{day}", "timestamp": f"2026-02-{day:02}T12:00:00Z", "eventType": event_type, **body}


def order(total: float, *items: tuple[str, int]) -> dict[str, Any]:
    return {"commerce": {"order": {"priceTotal": total}}, "productListItems": [{"SKU": sku, "quantity": n} for sku, n in items]}


SUBJECT = rules.Subject(
    {
        "person": {"name": {"firstName": "Ada", "lastName": "Lovelace"}, "birthDate": "1990-03-17"},
        "loyalty": {"tier": "gold", "points": 1200, "ratio": 0.5, "member": True, "left": False},
        "tags": ["Red", "blue"],
        "numbers": [3, 1, 2],
        "empty": [],
        "huge": [2**62, 2**62],
        "vast": [1.5e308, 1.5e308],
        "far": 10**18,
        "nothing": None,
        "one": {"city": "Köln"},
        "other": {"city": "Köln"},
        "addresses": [{"city": "Berlin", "rooms": [1, 2]}, {"city": "Essen", "rooms": [3]}, {"street": "x"}],
    },
    [
        event(1, BOUGHT, **order(10, ("TNT-1", 1))),
        event(2, SEEN, web={"name": "Tents"}),
        event(3, BOUGHT, **order(19.5, ("TNT-2", 2), ("SNO-1", 1))),
        event(4, SEEN, web={"name": "Boots"}),
        event(5, BOUGHT, commerce={"order": {}}),
        {"_id": "bare"},
    ],
)


def holds(text: str, subject: rules.Subject = SUBJECT) -> bool:
    return rules.condition(parsed(text), NOW)(subject)


def value(text: str) -> Any:
    return rules.value(parsed(text), NOW)(SUBJECT)


@pytest.mark.parametrize(
    "text",
    [
        'person.name.firstName = "Ada"',
        '"Ada" = person.name.firstName',
        'person.name.firstName != "Grace"',
        "loyalty.points >= 1200 and loyalty.points <= 1200.0",
        "1000 < loyalty.points",
        "loyalty.ratio > 0.25",
        'person.name.lastName > "K"',
        "loyalty.member",
        "loyalty.member = true",
        "loyalty.left = false",
        "not loyalty.left",
        "one.city = other.city",
        "loyalty.points > loyalty.ratio",
        "1 < 2",
        'loyalty.tier in ["silver", "gold"]',
        "loyalty.points in [1, 1200]",
        'loyalty.tier notIn ["silver"] and loyalty.tier notIn []',
        "loyalty.points in numbers or 3 in numbers",
        'loyalty.tier in [person.name.firstName, "gold"]',
        "loyalty.tier notIn [person.name.firstName] and loyalty.tier notIn tags",
        "loyalty.points in [true, 1200]",
        'addresses.city.doesNotContain("x")',
        "numbers in [7, 2]",
        'person.name.lastName like "L%l%e"',
        'person.name.lastName like "_ovelac_"',
        'person.name.lastName.startsWith("Lo")',
        'person.name.lastName.startsWith("LO", false)',
        'person.name.lastName.endsWith("lace")',
        'person.name.lastName.contains("VEL", false)',
        'person.name.lastName.equals("lovelace", false)',
        'person.name.lastName.doesNotContain("x") and person.name.lastName.doesNotStartWith("l")',
        'person.name.lastName.doesNotEndWith("x") and person.name.lastName.notEqualTo("x")',
        "nowhere.to.be.found.isNull() and nothing.isNull() and empty.isNull()",
        "person.name.isNotNull() and loyalty.left.isNotNull() and tags.isNotNull()",
        'tags.includes("blue")',
        'tags.intersects(["green", "Red"])',
        'tags = "Red" and tags = "blue"',
        'addresses.city = "Essen" and addresses.rooms = 3 and addresses.rooms > 2',
        'addresses[city = "Berlin" and rooms = 2]',
        'addresses.filter(city = "Essen").count() = 1',
        "addresses.rooms.count() = 3",
        "tags",
        "xEvent",
        f'xEvent[eventType = "{BOUGHT}"].count() = 3',
        f'xEvent[commerce.order.priceTotal > 5 and eventType = "{BOUGHT}"].count() = 2',
        f'xEvent["{SEEN}" = eventType].count() = 2',
        f'xEvent[not eventType = "{SEEN}"].count() = 4',
        'xEvent[productListItems.SKU.startsWith("SNO-")]',
        'xEvent[productListItems[SKU = "TNT-2" and quantity = 2]]',
        'xEvent.productListItems.SKU = "SNO-1"',
        'xEvent.filter(web.name = "Boots").head().timestamp occurs on date(2026, 2, 4)',
        "person.birthDate.getMonth() = currentMonth() and person.birthDate.getYear() < currentYear()",
        "person.birthDate.getDayOfMonth() > currentDayOfMonth()",
        "$1.loyalty.tier.isNotNull()",
    ],
)
def test_holds(text: str) -> None:
    """These hold for the customer."""
    assert holds(text)
    assert not holds(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        "nowhere = 1",
        "nowhere != 1",
        "nowhere < 1 or nowhere >= 1",
        "nowhere notIn [1] or nowhere notIn tags or tags notIn nowhere",
        "loyalty.tier notIn [loyalty.tier]",
        'addresses.city.doesNotContain("ss")',
        'nowhere.notEqualTo("x")',
        'nowhere.doesNotContain("x")',
        "nowhere.somewhere",
        "nothing = nothing",
        "nothing != 1",
        "empty",
        "empty = 1",
        "loyalty.left",
        "loyalty.points",
        'loyalty.points = "1200"',
        'loyalty.points > "1"',
        "person.name.firstName > 1",
        "loyalty.member = 1",
        "loyalty.member in [1]",
        "loyalty.member > 0",
        "person.name.firstName = person",
        "person.name.firstName.middle = 1",
        'tags.doesNotContain("blu")',
        'tags = "green"',
        "loyalty.tier in []",
        'loyalty.points like "%"',
        'loyalty.points.startsWith("1")',
        'addresses[city = "Berlin" and rooms = 3]',
        'xEvent[eventType = "other"]',
        f'xEvent[eventType = "{BOUGHT}" and eventType = "{SEEN}"]',
        "xEvent.nowhere",
    ],
)
def test_does_not_hold(text: str) -> None:
    """These don't: above all nothing that compares what is missing, or one type with another."""
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xEvent.count()", 6),
        ("nowhere.count()", 0),
        ("person.count()", 1),
        ("xEvent.sum(commerce.order.priceTotal)", 29.5),
        ("xEvent.sum(productListItems.quantity)", 4),
        ("xEvent.sum(web.name)", 0),
        ("numbers.sum()", 6),
        ("huge.sum()", 2.0**63),
        ("vast.sum()", inf),
        ("vast.average()", inf),
        ("far.getYear()", None),
        ("xEvent.average(commerce.order.priceTotal)", 14.75),
        ("nowhere.average()", None),
        ("xEvent.min(commerce.order.priceTotal)", 10),
        ("xEvent.max(commerce.order.priceTotal)", 19.5),
        ("xEvent.min(timestamp)", "2026-02-01T12:00:00Z"),
        ("xEvent.max(timestamp)", "2026-02-05T12:00:00Z"),
        ("xEvent.max(web.name)", "Tents"),
        ("xEvent.min(nowhere)", None),
        ("numbers.topN($1, 2)", [3, 2]),
        ("numbers.bottomN($1, 5)", [1, 2, 3]),
        ("xEvent.topN(timestamp, 2).map(_id)", ["e5", "e4"]),
        ("xEvent.topN(commerce.order.priceTotal, 1).head()._id", "e3"),
        (f'xEvent[eventType = "{BOUGHT}"].map(commerce.order.priceTotal)', [10, 19.5]),
        (
            'xEvent.topN(timestamp, 1).map({"timestamp": timestamp, "value": eventType, "missing": nowhere}).head()',
            {"timestamp": "2026-02-05T12:00:00Z", "value": BOUGHT},
        ),
        ("xEvent.head()._id", "e1"),
        ("empty.head()", None),
        ("xEvent.eventType.distinct()", [BOUGHT, SEEN]),
        ("addresses.city", ["Berlin", "Essen"]),
        ("person.birthDate.getYear()", 1990),
        ("person.name.firstName.getYear()", None),
        ("today", NOW - NOW % 86_400_000),
        ("loyalty.points = 1200", True),
    ],
)
def test_value(text: str, expected: object) -> None:
    """Values are those of the profile and its events, aggregated."""
    found = value(text)

    assert (expected, type(expected)) == (found, type(found))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a.median()", "there is no function median: those that the hub knows are average, bottomN"),
        ("someFunction()", "there is no function someFunction"),
        ("a.count(1)", "count is used as array.count()"),
        ("a.topN(b, 0)", "topN is used as array.topN(field, amount)"),
        ('a.topN(b, "1")', "topN is used as"),
        ("a.topN(b, true)", "topN is used as"),
        ("a.startsWith(b)", "startsWith is used as text.startsWith(text, true)"),
        ('a.startsWith("x", "y")', "startsWith is used as"),
        ("a.isNull(1)", "isNull is used as field.isNull()"),
        ("currentYear(1)", "currentYear is used as currentYear()"),
        ("count()", "count is used as array.count()"),
        ("a like b", "like takes a text as its pattern"),
        ("xEvent[xEvent.count() > 1]", "xEvent can't be asked for within brackets"),
        ("tags.map(xEvent)", "xEvent can't be asked for within brackets"),
    ],
)
def test_more_than_the_hub_evaluates(text: str, told: str) -> None:
    """What the hub can't evaluate is refused before anybody is evaluated, with how it is used."""
    with pytest.raises(Unreadable) as refused:
        rules.condition(parsed(text), NOW)

    assert told in str(refused.value)


@pytest.mark.parametrize("function", sorted(USAGE))
def test_usage(function: str) -> None:
    """Each function can be used as it is told to be."""
    usage = USAGE[function].replace("(text,", '("x",').replace("amount", "2").replace("(year, month, day)", "(2026, 3, 5)")

    assert rules.value(parsed(usage), NOW)(SUBJECT) is not NotImplemented


def test_odd_event_types() -> None:
    """An event whose type is no text is of no type."""
    odd = rules.Subject({}, [{"eventType": ["a"]}, {"eventType": {"a": 1}}, {"eventType": 1}, {"eventType": "a"}])

    assert holds('xEvent[eventType = "a"].count() = 1', odd)
    assert not holds('xEvent[eventType = "b"]', odd)


def test_like_takes_no_time() -> None:
    """A pattern of many parts is matched in a time that doesn't explode."""
    subject = rules.Subject({"a": "x" * 20_000}, [])

    assert not holds('a like "%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%xy"', subject)


def test_like_minds_only_its_signs() -> None:
    """All but % and _ in a pattern stand for themselves, over lines."""
    subject = rules.Subject({"a": "1.5 (net)\nsum"}, [])

    assert holds('a like "1.5 (net)%"', subject)
    assert holds('a like "%sum" and a like "1_5%"', subject)
    assert not holds('a like "1.5"', subject)
    assert not holds('a like "%net"', subject)


@given(
    st.lists(st.fixed_dictionaries({"eventType": st.sampled_from(["a", "b", None, 1]), "n": st.integers(0, 3)})),
    st.integers(0, 3),
)
def test_types_first(events: list[dict[str, Any]], least: int) -> None:
    """Looking at the events of one type only gives the same as looking at all of them."""
    subject = rules.Subject({}, events)
    wanted = f'eventType = "a" and n >= {least}'

    assert holds(f"xEvent[{wanted}].count() = {sum(each['eventType'] == 'a' and each['n'] >= least for each in events)}", subject)
    assert holds(f"xEvent[{wanted}].sum(n) = xEvent[not not ({wanted})].sum(n)", subject)
    assert holds(f"xEvent[{wanted}]", subject) is holds(f"xEvent[not not ({wanted})]", subject)
