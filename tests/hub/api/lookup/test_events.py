from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.hub.database.documents import Kind
from bot.hub.model import Xdm
from tests.hub.api.lookup.stage import (
    ADA,
    CRM,
    GRACE,
    LOYALTY,
    MILLISECONDS,
    ORDERS,
    PHONE,
    PRECEDENCE,
    UNSTITCHED,
    WEB,
    Stage,
    dataset,
    event,
    events_of,
    ids,
    label,
    policy,
    record,
)

ACCESS = "/data/core/ups/access"


async def followed(stage: Stage, page: Xdm) -> list[str]:
    """The ids of this page and of all that its links lead to."""
    seen = ids(page)
    while href := page["_links"]["next"]["href"]:
        assert href.startswith("/entities?")
        page = (await stage.client.get(ACCESS + href)).json()
        seen += ids(page)
    return seen


async def test_shape(stage: Stage) -> None:
    """An event carries its own id and time twice: inside as XDM, outside with the time in milliseconds."""
    body: dict[str, Any] = {"web": {"webPageDetails": {"name": "Tents"}}, "timestamp": "2026-03-05T09:30:01Z"}
    stage.take(event(1, ADA, **body), now=MILLISECONDS + 5000)

    assert await stage.events() == {
        "_page": {"orderby": "timestamp", "start": "e1", "count": 1, "next": ""},
        "children": [
            {
                "relatedEntityId": ADA.xid,
                "entityId": "e1",
                "timestamp": MILLISECONDS + 1000,
                "sourceId": WEB,
                "entity": {"_id": "e1", "eventType": "web"} | body,
                "lastModifiedAt": "2026-03-05T09:30:05Z",
            }
        ],
        "_links": {"next": {"href": ""}},
    }


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({}, ["e1", "e2", "e3"]),
        ({"orderby": "+timestamp"}, ["e1", "e2", "e3"]),
        ({"orderby": " timestamp"}, ["e1", "e2", "e3"]),
        ({"orderBy": "-timestamp"}, ["e3", "e2", "e1"]),
    ],
)
async def test_order(stage: Stage, order: dict[str, Any], expected: list[str]) -> None:
    """Oldest or newest first, across the identities of a graph, in either spelling, and with a plus sign that wasn't encoded."""
    stage.take(record(CRM, {}, ADA, PHONE), event(2, ADA), event(3, PHONE), event(1, PHONE))

    assert ids(await stage.events(**order)) == expected


@pytest.mark.parametrize("order", ["+timestamp", "-timestamp"])
@pytest.mark.parametrize("limit", [1, 3, 7, 20, 1000])
async def test_paging(stage: Stage, order: str, limit: int) -> None:
    """Following the links, each event comes once, in order, whatever the size of the page, equal times included."""
    numbers = range(20)
    stage.take(record(CRM, {}, ADA, PHONE))
    stage.take(*(event(number, ADA if number % 3 else PHONE, time=MILLISECONDS + number // 5) for number in numbers))
    expected = sorted((number // 5, f"e{number}") for number in numbers)
    first = await stage.events(limit=limit, orderby=order)

    assert await followed(stage, first) == [name for _, name in (expected if order[0] == "+" else reversed(expected))]


@pytest.mark.parametrize("order", ["+timestamp", "-timestamp"])
async def test_paging_while_data_arrives(stage: Stage, order: str) -> None:
    """No event is skipped or repeated when others arrive between the pages, before and behind them, and graphs join."""
    stage.take(record(CRM, {}, ADA), record(CRM, {}, PHONE), *(event(number, ADA) for number in range(0, 20, 2)))
    page = await stage.events(limit=2, orderby=order)
    seen = ids(page)
    arriving = list(range(1, 30, 2))
    while href := page["_links"]["next"]["href"]:
        stage.take(record(LOYALTY, {}, ADA, PHONE), *(event(number, ADA) for number in arriving[:1]))
        stage.take(*(event(number, PHONE) for number in arriving[1:2]))
        del arriving[:2]
        page = (await stage.client.get(ACCESS + href)).json()
        seen += ids(page)
    there = [f"e{number}" for number in range(0, 20, 2)]

    assert [each for each in seen if each in there] == (there if order[0] == "+" else there[::-1])
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("cursor", ["start", "offsets"])
async def test_cursor(stage: Stage, cursor: str) -> None:
    """The link carries both cursors, either of which is enough, and everything else that was asked."""
    stage.take(*(event(number, ADA) for number in range(5)))
    asked: dict[str, Any] = {"limit": 2, "fields": "eventType,_id", "orderby": "-timestamp", "property": ["a!=1", "b!=2"]}
    first = await stage.events(**asked)
    linked = parse_qs(urlsplit(first["_links"]["next"]["href"]).query)
    second = await stage.events(**asked, **{cursor: first["_page"]["next"]})

    assert linked["start"] == linked["offsets"] == [first["_page"]["next"]]
    assert linked["property"] == ["a!=1", "b!=2"]
    assert linked["relatedEntityId"] == [ADA.value]
    assert ids(second) == ["e2", "e1"]


async def test_window(stage: Stage) -> None:
    """startTime is inclusive, endTime exclusive, both in milliseconds."""
    stage.take(*(event(number, ADA) for number in range(5)))
    found = await stage.events(startTime=MILLISECONDS + 1000, endTime=MILLISECONDS + 3000)

    assert ids(found) == ["e1", "e2"]
    assert ids(await stage.events(startTime=MILLISECONDS // 1000, endTime=MILLISECONDS // 1000 + 4)) == []


async def test_fields(stage: Stage) -> None:
    """`fields` prunes the event's XDM, its id and time included; those outside stay."""
    stage.take(event(1, ADA, productListItems=[{"name": "Tent", "quantity": 1}, {"name": "Bottle"}]))
    [child] = (await stage.events(fields="productListItems.name"))["children"]

    assert child["entity"] == {"productListItems": [{"name": "Tent"}, {"name": "Bottle"}]}
    assert (child["entityId"], child["timestamp"]) == ("e1", MILLISECONDS + 1000)


async def test_properties(stage: Stage) -> None:
    """Up to three filters, all of which hold; a page is filled with what they let through, and the link leads on."""
    stage.take(*(event(number, ADA, value=number, odd=bool(number % 2)) for number in range(600)))
    first = await stage.events(property=["value>=100", "odd=true", 'eventType="web"'], limit=120)

    assert first["_page"]["count"] == 120
    assert await followed(stage, first) == [f"e{number}" for number in range(101, 600, 2)]


async def test_filtered_end(stage: Stage) -> None:
    """When no event beyond a page matches, there is no next page."""
    stage.take(*(event(number, ADA, value=number) for number in range(10)))
    found = await stage.events(property="value<3", limit=3)

    assert (ids(found), found["_page"]["next"]) == (["e0", "e1", "e2"], "")


async def test_nothing_happened(stage: Stage) -> None:
    """A customer without events has an empty page; nobody has a 404."""
    stage.take(record(CRM, {}, ADA))
    found = await stage.events()
    nobody = await stage.get(**events_of(GRACE))

    assert found["children"] == []
    assert found["_page"] == {"orderby": "timestamp", "start": "", "count": 0, "next": ""}
    assert found["_links"] == {"next": {"href": ""}}
    assert (nobody.status_code, nobody.json()) == (404, {"statusCode": "404"})


async def test_both_ids(stage: Stage) -> None:
    """A client that sends entityId, alone or beside relatedEntityId, is understood too."""
    stage.take(event(1, ADA), event(2, GRACE))
    both = events_of(ADA) | {"entityId": ADA.value, "entityIdNS": "Email"}
    alone = {name: value for name, value in both.items() if not name.startswith("relatedEntity")}
    answers = [await stage.get(**asked) for asked in (both, alone)]

    assert [ids(answer.json()) for answer in answers] == [["e1"], ["e1"]]


async def test_default_limit(stage: Stage) -> None:
    """A page holds 1,000 events unless a limit is given, and 5,000 whatever it is; the link leads to the rest."""
    stage.take(*(event(number, ADA) for number in range(5001)))
    pages = [await stage.events(), await stage.events(limit=10**14)]

    assert [page["_page"]["count"] for page in pages] == [1000, 5000]
    assert (await followed(stage, pages[1]))[-1] == "e5000"


async def test_unstitched(stage: Stage) -> None:
    """Without an identity graph, events are those of the one identity that was asked for."""
    stage.take(record(CRM, {}, ADA, PHONE), event(1, ADA), event(2, PHONE))
    found = await stage.events(PHONE, mergePolicyId=UNSTITCHED)

    assert ids(found) == ["e2"]
    assert found["children"][0]["relatedEntityId"] == PHONE.xid


@pytest.mark.parametrize(("order", "expected"), [([CRM], ["e1", "e2"]), ([CRM, ORDERS], ["e1"]), ([WEB, ORDERS], ["e1", "e2"])])
async def test_precedence(stage: Stage, order: list[str], expected: list[str]) -> None:
    """A precedence that names datasets of events shows the events of those alone, one that names none all of them."""
    merge = {"type": "dataSetPrecedence", "order": order}
    stage.configure(Kind.MERGE_POLICY, PRECEDENCE, policy(PRECEDENCE, attributeMerge=merge))
    stage.take(event(1, ADA, dataset=ORDERS), event(2, ADA, dataset=WEB))

    assert ids(await stage.events(mergePolicyId=PRECEDENCE)) == expected


async def test_disabled(stage: Stage) -> None:
    """The events of a dataset that was disabled are out of the profile, and a page is filled with others."""
    stage.take(*(event(number, ADA, dataset=ORDERS if number < 10 else WEB) for number in range(15)))
    stage.configure(Kind.DATASET, ORDERS, dataset(ORDERS, "events", enabled=False))

    assert await followed(stage, await stage.events(limit=2)) == [f"e{number}" for number in range(10, 15)]


async def test_labels(stage: Stage) -> None:
    """Fields labelled C12 are in no event, and no filter tells what they hold."""
    stage.take(event(1, ADA, productListItems=[{"name": "Tent", "SKU": "a-1"}]))
    stage.configure(Kind.DESCRIPTOR, "d1", label("events", "/productListItems/SKU"))
    [child] = (await stage.events())["children"]

    assert child["entity"]["productListItems"] == [{"name": "Tent"}]
    assert ids(await stage.events(property="productListItems.SKU=a-1")) == []
