from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.hub.model import Identity, Xdm
from tests.hub.api.lookup.stage import ADA, CRM, ECID, GRACE, PHONE, Stage, record

GRAPH = "/data/core/identity/v2/graph"
CLUSTERS = "/data/core/identity/clusters/members"
IDENTITY = "/data/core/identity/identity"

MEMBERS = (ADA, PHONE, ECID)


@pytest.fixture
def graph(stage: Stage) -> Stage:
    stage.take(record(CRM, {}, ADA, PHONE, ECID))
    return stage


async def test_by_code(graph: Stage) -> None:
    """Asked with the code of a namespace, members are named by codes, as these are registered."""
    answer = await graph.client.post(GRAPH, json={"composite_xids": [{"ns": "email", "id": "ADA@example.com"}]})

    assert answer.status_code == 200
    assert answer.json() == {
        "version": "2.0",
        "graphs": [
            {
                "composite_xid": {"ns": "email", "id": "ADA@example.com"},
                "members": [{"ns": each.namespace, "id": each.value} for each in MEMBERS],
            }
        ],
        "unprocessed_composite_xids": [],
        "algo_type": "STITCH_ALL",
    }


async def test_by_id(graph: Stage) -> None:
    """Asked with the id of a namespace, members are named by ids."""
    asked = {"nsid": 7, "id": PHONE.value}
    answer = await graph.client.post(GRAPH, json={"composite_xids": [asked], "projection_type": "set"})
    expected = [{"nsid": nsid, "id": each.value} for nsid, each in zip((6, 7, 4), MEMBERS, strict=True)]

    assert answer.json()["graphs"] == [{"composite_xid": asked, "members": expected}]


async def test_by_xid(graph: Stage) -> None:
    """Asked with XIDs, members are named by XIDs; somebody unknown has none."""
    answer = await graph.client.post(GRAPH, json={"xids": [ECID.xid, GRACE.xid, "x"]})

    assert answer.json() == {
        "version": "2.0",
        "graphs": [
            {"xid": ECID.xid, "members": [each.xid for each in MEMBERS]},
            {"xid": GRACE.xid, "members": []},
            {"xid": "x", "members": []},
        ],
        "unprocessed_xids": [],
        "algo_type": "STITCH_ALL",
    }


async def test_unprocessed(graph: Stage) -> None:
    """Unknown namespaces and graphs that are too large come back as they were asked for."""
    graph.take(record(CRM, {}, GRACE, *(Identity("ECID", f"{number:038d}") for number in range(50))))
    asked = [{"ns": "Telegram", "id": "x"}, {"nsid": 12345, "id": "x"}, {"ns": "Email", "id": GRACE.value}]
    found = (await graph.client.post(GRAPH, json={"composite_xids": asked})).json()

    assert (found["graphs"], found["unprocessed_composite_xids"]) == ([], asked)


@pytest.mark.parametrize(
    ("asked", "group"),
    [
        ({"xids": [ADA.xid]}, {"xid": ADA.xid, "members": [each.xid for each in MEMBERS]}),
        (
            {"compositeXidsWithNamespace": [{"namespace": "Email", "id": ADA.value}]},
            {
                "compositeXid": {"namespace": "Email", "id": ADA.value},
                "members": [{"namespace": each.namespace, "id": each.value} for each in MEMBERS],
            },
        ),
        (
            {"compositeXids": [{"nsid": "6", "id": ADA.value}]},
            {
                "compositeXid": {"nsid": "6", "id": ADA.value},
                "members": [{"nsid": 6, "id": ADA.value}, {"nsid": 7, "id": PHONE.value}, {"nsid": 4, "id": ECID.value}],
            },
        ),
    ],
)
async def test_clusters(graph: Stage, asked: Xdm, group: Xdm) -> None:
    """The older endpoint, in its own words."""
    answer = await graph.client.post(CLUSTERS, json=asked)

    assert answer.status_code == 200
    assert answer.json() == {"version": "1.1.0", "clusters": [group], "unprocessedRecords": [], "algo_type": "STITCH_ALL"}


WRONG: list[dict[str, Any]] = [
    {},
    {"xids": []},
    {"xids": "x"},
    {"xids": [{"id": "x"}]},
    {"xids": ["x"] * 1001},
    {"composite_xids": ["x"], "compositeXids": ["x"]},
    {"composite_xids": [{"ns": "Email"}], "compositeXids": [{"nsid": 6}]},
    {"composite_xids": [{"id": "x"}], "compositeXids": [{"id": "x"}]},
]


@pytest.mark.parametrize("body", [*WRONG, {"xids": ["x"], "projection_type": "graph"}])
async def test_bad_graph_request(stage: Stage, body: Xdm) -> None:
    """What isn't clear is a 400 in the words of this service; so is a projection that would show edges."""
    answer = await stage.client.post(GRAPH, json=body)

    assert answer.status_code == 400
    assert answer.json().keys() == {"reason", "message"}
    assert answer.json()["message"].startswith("Graph Request Invalid - ")


@pytest.mark.parametrize("body", WRONG)
async def test_bad_clusters_request(stage: Stage, body: Xdm) -> None:
    """The older endpoint has other words for it."""
    assert_invalid(await stage.client.post(CLUSTERS, json=body))


@pytest.mark.parametrize("path", [GRAPH, CLUSTERS])
async def test_no_json(stage: Stage, path: str) -> None:
    """A body that is no JSON object is a 400."""
    assert (await stage.client.post(path, content=b"{")).status_code == 400


@pytest.mark.parametrize("namespace", [{"namespace": "EMAIL"}, {"nsid": "6"}, {"namespace": "email", "nsid": "7"}])
async def test_identity(stage: Stage, namespace: dict[str, str]) -> None:
    """A value has its XID, whether somebody has it or not."""
    answer = await stage.client.get(IDENTITY, params={"id": " Ada@Example.com"} | namespace)

    assert (answer.status_code, answer.json()) == (200, {"xid": ADA.xid})


@pytest.mark.parametrize("params", [{}, {"id": "x"}, {"namespace": "Email"}, {"namespace": "Telegram", "id": "x"}])
async def test_bad_identity(stage: Stage, params: dict[str, str]) -> None:
    """It needs a value and a namespace that is there."""
    assert_invalid(await stage.client.get(IDENTITY, params=params))


def assert_invalid(answer: httpx.Response) -> None:
    assert answer.status_code == 400
    assert answer.json().keys() == {"title", "status", "detail"}
    assert (answer.json()["title"], answer.json()["status"]) == ("InvalidInput", 400)
