"""Batches are created, filled with files, completed, and told about as Adobe tells of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.hub.answers import refused
from bot.hub.api.batches import new_id, routes
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.connection import transaction
from bot.hub.database.documents import Kind
from bot.hub.errors import Refused
from bot.hub.ims import Credentials
from bot.hub.ingestion.batches import Batches
from bot.hub.ingestion.inlet import Here
from bot.hub.model import Xdm
from tests.hub.ingestion.conftest import NOW, ORDERS, PEOPLE, Hub, order

CREDENTIALS = Credentials("key-1", "s3cret", "ORG@AdobeOrg", "prod")
OCTETS = {"Content-Type": "application/octet-stream"}
FOUNDATION = "/data/foundation"


class Client:
    """Adobe's calls, on a hub."""

    def __init__(self, http: httpx.AsyncClient, inlet: Here) -> None:
        self.http = http
        self.inlet = inlet

    async def created(self, **more: Any) -> str:
        body = {"datasetId": ORDERS, "inputFormat": {"format": "json"}} | more
        answer = await self.http.post(f"{FOUNDATION}/import/batches", json=body)
        assert answer.status_code == 201
        return str(answer.json()["id"])

    def file(self, batch: str, name: str = "orders.json", dataset: str = ORDERS) -> str:
        return f"{FOUNDATION}/import/batches/{batch}/datasets/{dataset}/files/{name}"

    async def put(self, batch: str, content: bytes, name: str = "orders.json") -> httpx.Response:
        return await self.http.put(self.file(batch, name), content=content, headers=OCTETS)

    async def signalled(self, batch: str, action: str = "COMPLETE") -> httpx.Response:
        return await self.http.post(f"{FOUNDATION}/import/batches/{batch}", params={"action": action})

    async def told(self, batch: str) -> Xdm:
        answer = await self.http.get(f"{FOUNDATION}/catalog/batches/{batch}")
        told: Xdm = answer.json()[batch]
        return told


@pytest.fixture
async def client(hub: Hub) -> AsyncIterator[Client]:
    inlet = Here(hub.database, lambda: NOW)
    services = HubServices(hub.database, CREDENTIALS, lambda: datetime.fromtimestamp(NOW / 1000, UTC), inlet)
    app = Starlette(routes=[Mount("/data", routes=routes(services))], exception_handlers={Refused: refused})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub") as http:
        yield Client(http, inlet)
    inlet.close()


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


async def test_whole_way(client: Client, hub: Hub) -> None:
    """What is uploaded is in the profiles once the batch is complete and processed, and the uploaded files are gone."""
    batch = await client.created()
    await client.put(batch, lines(order(1), order(2)), "a/orders.json")
    await client.put(batch, lines(order(3)), "b/orders.json")
    loading = await client.told(batch)
    await client.signalled(batch)
    processing = await client.told(batch)
    await client.inlet.settle()
    done = await client.told(batch)

    assert [each["status"] for each in (loading, processing, done)] == ["loading", "processing", "success"]
    assert done == {
        "id": batch,
        "externalId": batch,
        "imsOrg": "ORG@AdobeOrg",
        "status": "success",
        "created": NOW,
        "updated": NOW,
        "started": NOW,
        "completed": NOW,
        "createdClient": "key-1",
        "createdUser": "key-1",
        "updatedUser": "key-1",
        "version": "1.0.0",
        "tags": {},
        "inputFormat": {"format": "json"},
        "relatedObjects": [{"type": "dataSet", "id": ORDERS}],
        "metrics": {
            "inputByteSize": len(lines(order(1), order(2), order(3))),
            "inputFileCount": 2,
            "inputRecordCount": 3,
            "outputRecordCount": 3,
            "failedRecordCount": 0,
        },
        "recordCount": 3,
        "failedRecordCount": 0,
        "errors": [],
    }
    assert [event.id for event in hub.events("ada@example.com")] == ["order-1", "order-2", "order-3"]
    assert list(hub.database.path.parent.glob("*.batches/*/*")) == []


async def test_diagnostics(client: Client, hub: Hub) -> None:
    """Good records go in beside bad ones, which can be fetched with what is wrong."""
    batch = await client.created(enableErrorDiagnostics=True, partialIngestionPercentage=5)
    bad = order(2, level="none")
    await client.put(batch, lines(order(1), bad))
    await client.signalled(batch)
    await client.inlet.settle()
    told = await client.told(batch)
    meta = f"{FOUNDATION}/export/batches/{batch}/meta"
    listed = (await client.http.get(meta, params={"path": "row_errors"})).json()
    fetched = await client.http.get(listed["data"][0]["_links"]["self"]["href"])

    assert (told["status"], told["metrics"]["outputRecordCount"], told["failedRecordCount"]) == ("success", 1, 1)
    assert told["errors"][0]["code"] == "INGEST-1212-400"
    assert (listed["_page"], listed["data"][0]["name"]) == ({"limit": 100, "count": 1}, "parsing_errors_0.json")
    assert fetched.json() == {
        "_corrupt_record": bad,
        "_errors": [{"code": "1401", "message": "isn't one of high or low", "path": "_demo.level", "line": 2}],
        "_filename": "parsing_errors_0.json",
    }


async def test_unreadable_file(client: Client) -> None:
    """A file that can't be read fails the batch, and is told by its sender's name for it."""
    batch = await client.created(inputFormat={"format": "parquet"})
    await client.put(batch, b"none", "orders.parquet")
    await client.signalled(batch)
    await client.inlet.settle()
    told = await client.told(batch)

    assert (told["status"], told["errors"]) == (
        "failed",
        [{"code": "106", "description": "orders.parquet: is no Parquet file, or not a whole one", "rows": []}],
    )


async def test_in_parts(client: Client, hub: Hub) -> None:
    """A large file is uploaded in parts, in any order."""
    content, batch = lines(order(1), order(2)), await client.created()
    path = client.file(batch)
    begun = await client.http.post(path, params={"action": "INITIALIZE"})
    parts = [(100, len(content) - 1), (0, 99)]
    for first, last in parts:
        header = OCTETS | {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        assert (await client.http.patch(path, content=content[first : last + 1], headers=header)).status_code == 200
    too_early = await client.signalled(batch)
    ended = await client.http.post(path, params={"action": "COMPLETE"})
    await client.signalled(batch)
    await client.inlet.settle()

    assert (begun.status_code, too_early.status_code, ended.status_code) == (201, 400, 200)
    assert len(hub.events("ada@example.com")) == 2


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([(0, 9), (20, 29)], "the parts leave a gap at byte 10"),
        ([(0, 9), (5, 14)], "the parts overlap at byte 5"),
        ([], "no part was uploaded"),
    ],
)
async def test_parts_that_do_not_fit(client: Client, parts: list[tuple[int, int]], told: str) -> None:
    """A file whose parts overlap or leave a gap isn't complete."""
    path = client.file(await client.created())
    await client.http.post(path, params={"action": "INITIALIZE"})
    for first, last in parts:
        header = OCTETS | {"Content-Range": f"bytes {first}-{last}"}
        await client.http.patch(path, content=b"x" * (last - first + 1), headers=header)
    answer = await client.http.post(path, params={"action": "COMPLETE"})

    assert (answer.status_code, answer.json()["detail"]) == (400, told)


async def test_aborted(client: Client, hub: Hub) -> None:
    """Of a batch that was aborted nothing goes in, and nothing stays."""
    batch = await client.created()
    await client.put(batch, lines(order(1)))
    answers = [(await client.signalled(batch, action)).status_code for action in ("ABORT", "ABORT", "COMPLETE")]
    await client.inlet.settle()

    assert (answers, (await client.told(batch))["status"]) == ([200, 200, 400], "aborted")
    assert (hub.events("ada@example.com"), list(hub.database.path.parent.glob("*.batches/*"))) == ([], [])


async def test_completed_twice(client: Client) -> None:
    """Completing may be tried again; uploading more may not."""
    batch = await client.created()
    await client.put(batch, lines(order(1)))
    answers = [(await client.signalled(batch)).status_code for _ in range(2)]
    more = await client.put(batch, lines(order(2)))

    assert (answers, more.status_code) == ([200, 200], 400)
    assert more.json()["detail"] == "the batch isn't loading any more: it is processing"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "the body isn't JSON: "),
        (b"[]", "the body must be a JSON object"),
        (b"{}", "datasetId names no dataset of the catalogue"),
        (lines({"datasetId": ORDERS}), "inputFormat.format must be one of json, csv, parquet"),
        (lines({"datasetId": ORDERS, "inputFormat": {"format": "avro"}}), "inputFormat.format must be one of json, csv, parquet"),
        (
            lines({"datasetId": ORDERS, "inputFormat": {"format": "JSON", "isMultiLineJson": True}}),
            "inputFormat.isMultiLineJson isn't served here: send one JSON object a line",
        ),
    ],
)
async def test_not_created(client: Client, body: bytes, told: str) -> None:
    """A batch that can't be is refused with what would be right."""
    answer = await client.http.post(f"{FOUNDATION}/import/batches", content=body)

    assert (answer.status_code, answer.json()["detail"].startswith(told)) == (400, True)


async def test_refused(client: Client) -> None:
    """Whatever isn't there is not found, whatever can't be done is told."""
    batch = await client.created()
    await client.http.post(client.file(batch, "begun.json"), params={"action": "INITIALIZE"})
    http, path = client.http, client.file(batch)
    answers = {
        "no batch": await client.put("none", b""),
        "other dataset": await http.put(client.file(batch, dataset=PEOPLE), content=b"", headers=OCTETS),
        "media type": await http.put(path, content=b"", headers={"Content-Type": "text/plain"}),
        "not initialized": await http.patch(path, content=b"x", headers=OCTETS | {"Content-Range": "bytes 0-0"}),
        "no range": await http.patch(client.file(batch, "begun.json"), content=b"x", headers=OCTETS),
        "other length": await http.patch(
            client.file(batch, "begun.json"), content=b"x", headers=OCTETS | {"Content-Range": "bytes 0-1"}
        ),
        "no action": await http.post(path),
        "empty": await client.signalled(await client.created()),
        "incomplete": await client.signalled(batch),
        "revert": await client.signalled(batch, "REVERT"),
        "unknown": await client.signalled(batch, "DANCE"),
        "none in catalog": await http.get(f"{FOUNDATION}/catalog/batches/none"),
        "meta": await http.get(f"{FOUNDATION}/export/batches/{batch}/meta", params={"path": "input_files"}),
        "no such meta": await http.get(f"{FOUNDATION}/export/batches/{batch}/meta", params={"path": "row_errors/none"}),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        name: {"no batch": 404, "other dataset": 404, "media type": 415, "not initialized": 404, "no such meta": 404}.get(
            name, 404 if name == "none in catalog" else 400
        )
        for name in answers
    }
    assert all(answer.json()["detail"] for answer in answers.values())


async def test_size(client: Client) -> None:
    """How much of a file is there can be asked."""
    batch = await client.created()
    await client.put(batch, b"12345")
    answer, none = await client.http.head(client.file(batch)), await client.http.head(client.file(batch, "none.json"))

    assert (answer.headers["content-length"], none.status_code) == ("5", 404)


async def test_listed(client: Client) -> None:
    """Batches are listed, a page at a time."""
    made = [await client.created() for _ in range(3)]
    whole = await client.http.get(f"{FOUNDATION}/catalog/batches")
    page = await client.http.get(f"{FOUNDATION}/catalog/batches", params={"limit": 2, "start": 1})

    assert (sorted(whole.json()), len(page.json())) == (sorted(made), 2)


def test_ids_grow() -> None:
    """A later batch has a greater id, of 26 characters."""
    ids = [new_id(NOW + number) for number in range(100)]

    assert (sorted(ids), {len(each) for each in ids}) == (ids, {26})


async def test_by_one_process(client: Client, hub: Hub) -> None:
    """A batch that one process imports is left alone by another, which isn't in its way."""
    batch = await client.created()
    await client.put(batch, lines(order(1)))
    await client.signalled(batch)
    with closing(Batches(hub.database)) as one, closing(Batches(hub.database)) as other:
        begun = one.step(now=NOW), other.step(now=NOW)
        while one.step(now=NOW):
            pass
    told = await client.told(batch)

    assert (begun, told["status"], told["metrics"]["inputRecordCount"]) == ((True, False), "success", 1)


async def test_dataset_deleted(client: Client, hub: Hub) -> None:
    """A batch whose dataset was deleted fails, and keeps nothing after it from being done."""
    batch, other = await client.created(), await client.created(datasetId=PEOPLE)
    for each, dataset in ((batch, ORDERS), (other, PEOPLE)):
        await client.http.put(client.file(each, dataset=dataset), content=lines({}), headers=OCTETS)
        await client.signalled(each)
    with closing(hub.database.writer()) as connection, transaction(connection):
        documents.remove(connection, Kind.DATASET, ORDERS)
    await client.inlet.settle()

    assert [(await client.told(each))["status"] for each in (batch, other)] == ["failed", "success"]


async def test_leftovers(client: Client, hub: Hub) -> None:
    """What a process left of a batch that was done, as it was killed, is deleted by the next one; rejects stay."""
    batch = await client.created()
    await client.put(batch, lines(order(1), "bad"))
    await client.signalled(batch)
    await client.inlet.settle()
    [folder] = hub.database.path.with_name("hub.db.batches").iterdir()
    (folder / "left.jsonl").write_bytes(lines(order(1)))
    Batches(hub.database).close()

    assert [path.name.endswith(".rejects.jsonl") for path in folder.iterdir()] == [True]
