from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.hub.records import Identity, Record
from bot.hub.store import Store
from tests.hub.conftest import ENTITIES, Clock, authorise, client_of, events_of

ACCESS = "/data/core/ups/access"


def busiest(store: Store) -> Record:
    return max(store.records, key=lambda record: len(record.events))


async def page(hub: httpx.AsyncClient, value: str, **more: Any) -> dict[str, Any]:
    answer = await hub.get(ENTITIES, params=events_of(value, **more))
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def times(found: dict[str, Any]) -> list[int]:
    return [child["timestamp"] for child in found["children"]]


async def test_shape(hub: httpx.AsyncClient, store: Store) -> None:
    """An event carries its own id and time twice: inside as XDM, outside in milliseconds."""
    found = await page(hub, "ada@example.com")
    child = found["children"][-1]

    assert child["relatedEntityId"] == store.records[0].xid
    assert child["entityId"] == child["entity"]["_id"]
    assert child["entity"]["timestamp"] == "2026-03-04T07:52:49Z"
    assert child["timestamp"] == 1772610769000
    assert child["sourceId"]
    assert child["lastModifiedAt"] == "2026-03-04T07:56:49Z"


async def test_one_page(hub: httpx.AsyncClient) -> None:
    """A list that fits on one page is oldest first and ends in empty strings."""
    found = await page(hub, "ada@example.com")

    assert times(found) == sorted(times(found))
    assert found["_page"]["count"] == len(found["children"]) == 36
    assert found["_page"]["orderby"] == "timestamp"
    assert found["_page"]["start"] == found["children"][0]["entityId"]
    assert found["_page"]["next"] == ""
    assert found["_links"] == {"next": {"href": ""}}


@pytest.mark.parametrize(
    ("order", "newest_first"),
    [({"orderby": "+timestamp"}, False), ({"orderby": " timestamp"}, False), ({"orderBy": "-timestamp"}, True)],
)
async def test_order(hub: httpx.AsyncClient, order: dict[str, str], newest_first: bool) -> None:
    """Newest or oldest first, in either spelling, and with a plus sign that wasn't encoded."""
    found = await page(hub, "ada@example.com", **order)

    assert times(found) == sorted(times(found), reverse=newest_first)
    assert found["_page"]["orderby"] == ("-timestamp" if newest_first else "timestamp")


@pytest.mark.parametrize("order", ["+timestamp", "-timestamp"])
@pytest.mark.parametrize("limit", [1, 7, 1000])
async def test_paging(hub: httpx.AsyncClient, store: Store, order: str, limit: int) -> None:
    """Following the links, each event comes once, in order, whatever the size of the page."""
    record = busiest(store) if limit > 1 else store.records[0]
    found = await page(hub, record.identities[0].value, limit=limit, orderby=order)
    seen = [child["entityId"] for child in found["children"]]
    while href := found["_links"]["next"]["href"]:
        assert href.startswith("/entities?")
        assert found["_page"]["count"] == limit
        found = (await hub.get(ACCESS + href)).json()
        seen += [child["entityId"] for child in found["children"]]

    expected = [event.id for event in record.events]
    assert seen == (expected if order[0] == "+" else expected[::-1])


@pytest.mark.parametrize("cursor", ["start", "offsets"])
async def test_cursor(hub: httpx.AsyncClient, cursor: str) -> None:
    """The link carries both cursors, either of which is enough, and everything else that was asked."""
    asked: dict[str, Any] = {"limit": 3, "fields": "eventType,commerce.order", "orderby": "-timestamp", "endTime": 1772600000000}
    first = await page(hub, "ada@example.com", **asked)
    linked = {name: values[0] for name, values in parse_qs(urlsplit(first["_links"]["next"]["href"]).query).items()}
    second = await page(hub, "ada@example.com", **asked, **{cursor: first["_page"]["next"]})

    assert linked["start"] == linked["offsets"] == first["_page"]["next"] == second["_page"]["start"]
    assert events_of("ada@example.com", **asked).items() <= linked.items()
    assert second == (await hub.get(ACCESS + first["_links"]["next"]["href"])).json() | {
        "_links": second["_links"],
    }


async def test_window(hub: httpx.AsyncClient, store: Store) -> None:
    """startTime is inclusive, endTime exclusive, both in milliseconds."""
    moments = sorted({event.time for event in store.records[0].events})
    found = await page(hub, "ada@example.com", startTime=moments[3], endTime=moments[9])

    assert set(times(found)) == set(moments[3:9])
    assert times(await page(hub, "ada@example.com", startTime=1_700_000_000, endTime=1_800_000_000)) == []


async def test_fields(hub: httpx.AsyncClient) -> None:
    """`fields` prunes the event's XDM, its id and time included; those outside stay."""
    found = await page(hub, "ada@example.com", fields="eventType,productListItems.name", orderby="+timestamp", limit=1)
    [child] = found["children"]

    assert child["entity"] == {
        "eventType": "commerce.purchases",
        "productListItems": [{"name": "Two-person tent Lodge 2"}, {"name": "Insulated bottle 0.75 l"}],
    }
    assert child["timestamp"]
    assert child["entityId"]


async def test_nothing_happened(hub: httpx.AsyncClient, store: Store) -> None:
    """A customer without events has an empty page; nobody has a 404."""
    quiet = next(record for record in store.records if not record.events)
    found = await page(hub, quiet.identities[0].value)
    nobody = await hub.get(ENTITIES, params=events_of("nobody@example.com"))

    assert found["children"] == []
    assert found["_page"] == {"orderby": "timestamp", "start": "", "count": 0, "next": ""}
    assert (nobody.status_code, nobody.json()) == (404, {"statusCode": "404"})


async def test_both_ids(hub: httpx.AsyncClient) -> None:
    """A client that sends entityId, alone or beside relatedEntityId, is understood too."""
    beside = events_of("ada@example.com") | {"entityId": "ada@example.com", "entityIdNS": "Email"}
    alone = {name: value for name, value in beside.items() if not name.startswith("relatedEntity")}
    first, second = await hub.get(ENTITIES, params=beside), await hub.get(ENTITIES, params=alone)

    assert first.json()["children"] == second.json()["children"] != []


async def test_default_limit(hub: httpx.AsyncClient, store: Store) -> None:
    """A page holds 1,000 events unless a limit is given."""
    [event] = store.records[0].events[:1]
    crowd = Store(
        records=[
            Record(
                identities=(Identity("Email", "crowd@example.com"),),
                entity={},
                sources=(),
                modified=event.modified,
                events=tuple(type(event)(f"{n:05d}", event.time, "", {}, event.modified) for n in range(1001)),
            )
        ],
        namespaces=store.namespaces,
        merge_policies=store.merge_policies,
        audiences=[],
        union={},
        created=event.modified,
    )
    async with client_of(crowd, Clock()) as client:
        await authorise(client)
        found = await page(client, "crowd@example.com")

    assert (found["_page"]["count"], found["_page"]["next"]) == (1000, "01000")
