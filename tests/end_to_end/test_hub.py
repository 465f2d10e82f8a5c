"""From an empty hub to a card in Slack, over Adobe's endpoints alone, and to another card under another merge policy.

It is the walk of `docs/hub.md`, which `tests/hub/test_walk.py` takes with the page's own commands.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from bot import customer_file
from bot.hub.api.app import create_hub
from bot.hub.database.connection import Database, transaction
from bot.hub.founding import found
from bot.hub.ingestion.importing import import_file
from bot.hub.ingestion.inlet import Here
from bot.hub.ingestion.source import Source
from bot.hub.sampling import write_sources
from bot.hub.segments.evaluation import Evaluation
from tests.hub.configuring.calls import DATASETS, NAMESPACES, POLICIES, REGISTRY, dataset
from tests.hub.conftest import CREDENTIALS, ENTITIES, authorise, profile_of
from tests.opened import Opened, opened
from tests.slack_side import Payload, SlackSide, buttons, title, words

TENANT = "demo"
DEFINITIONS = "/data/core/ups/segment/definitions"
JOBS = "/data/core/ups/segment/jobs"
COMPUTED = "/data/core/ca/attributes"
ENABLING = [{"op": "add", "path": f"/tags/{tag}", "value": ["enabled:true"]} for tag in ("unifiedProfile", "unifiedIdentity")]
ADA = profile_of("ada@example.com")


def now() -> datetime:
    return datetime.now(UTC)


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Company:
    """What an operator has in hand: the company's files in `folder`, and Adobe's API of the hub at `path`."""

    folder: Path
    path: Path
    database: Database
    inlet: Here
    api: httpx.AsyncClient

    @property
    def systems(self) -> list[str]:
        """Each has a schema, a dataset and a file of this name."""
        return sorted(path.stem for path in (self.folder / "schemas").iterdir())

    def body(self, kind: str, name: str) -> Any:
        return orjson.loads((self.folder / kind / f"{name}.json").read_bytes())

    async def post(self, path: str, body: Any) -> Any:
        return (await self.api.post(path, json=body)).raise_for_status().json()

    async def post_all(self, path: str, kind: str) -> list[Any]:
        return [await self.post(path, self.body(kind, file.stem)) for file in sorted((self.folder / kind).iterdir())]

    async def schema(self, system: str) -> str:
        """Its schema, with what its fields identify; the `$id`."""
        schema: str = (await self.post(f"{REGISTRY}/tenant/schemas", self.body("schemas", system)))["$id"]
        if (self.folder / "descriptors" / f"{system}.json").exists():
            for descriptor in self.body("descriptors", system):
                await self.post(f"{REGISTRY}/tenant/descriptors", descriptor | {"xdm:sourceSchema": schema})
        return schema

    async def dataset(self, system: str, schema: str) -> str:
        """Its dataset, which isn't enabled for Profile; the id."""
        [reference] = await self.post(DATASETS, dataset(schema, **self.body("datasets", system)))
        return str(reference.removeprefix("@/dataSets/"))

    async def enable(self, dataset_id: str) -> None:
        (await self.api.patch(f"{DATASETS}/{dataset_id}", json=ENABLING)).raise_for_status()

    def ingest(self, system: str, dataset_id: str) -> int:
        """Import its file; how many records were new."""
        mapping = self.folder / "mappings" / f"{system}.yml"
        [file] = self.folder.glob(f"{system}.*")
        source = Source(file, dataset_id, mapping if mapping.exists() else None)
        return import_file(self.database, source, now=milliseconds()).accepted

    async def ada(self) -> dict[str, Any]:
        """Her profile, as Adobe's API gives it."""
        [profile] = (await self.api.get(ENTITIES, params=ADA)).raise_for_status().json().values()
        entity: dict[str, Any] = profile["entity"]
        return entity


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    """Files beside an empty hub."""
    folder, path = tmp_path / "company", tmp_path / "hub.db"
    write_sources(folder, now=now())
    async with AsyncExitStack() as stack:
        database = stack.enter_context(closing(Database.open(path)))
        with closing(database.writer()) as connection, transaction(connection):
            found(connection, TENANT, milliseconds())
        inlet = stack.enter_context(closing(Here(database, milliseconds, Evaluation(database, now))))
        app = create_hub(database=database, credentials=CREDENTIALS, clock=now, inlet=inlet)
        transport = httpx.ASGITransport(app=app)
        api = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://hub"))
        await authorise(api)
        yield Company(folder, path, database, inlet, api)


@pytest.fixture
async def bot(company: Company, slack: SlackSide) -> AsyncIterator[Opened]:
    """The bot on that hub, with the configuration that lies among the company's files. In no hurry; no failure is shared."""
    config = customer_file.load(company.folder / "customer.yml")
    overrides: dict[str, Any] = {
        "profile_url": "hub:",
        "hub_path": company.path,
        "ack_budget": 2.0,
        "deadline": 5.0,
        "locale_patience": 1.0,
        "failure_shared": 0.0,
    }
    async with opened(slack, network=True, config=lambda: config, **overrides) as bot:
        yield bot


def facts(card: Payload) -> dict[str, str]:
    """What the card says of each of its fields."""
    fields = (field["text"] for block in card["blocks"] for field in block.get("fields", ()))
    return dict(text.replace("*", "").split("\n", 1) for text in fields)


async def refreshed(bot: Opened, card: Payload) -> Payload:
    return await (await bot.press(buttons(card)["Refresh"])).shown()


async def test_walk(company: Company, bot: Opened) -> None:
    """Who has made schemas, namespaces and datasets, enabled them, ingested files and set a merge policy sees the customer on a
    card; under another policy another value wins, and the card follows.
    """
    created = await company.post_all(NAMESPACES, "namespaces")
    datasets = {system: await company.dataset(system, await company.schema(system)) for system in company.systems}
    for system, dataset_id in datasets.items():
        if system != "club":
            await company.enable(dataset_id)
    ingested = {system: company.ingest(system, dataset_id) for system, dataset_id in datasets.items()}
    await company.inlet.settle()

    assert ({each["code"] for each in created}, len(datasets)) == ({"CRMID", "Loyalty"}, 10)
    assert all(ingested.values())

    refused = await company.api.get(ENTITIES, params=ADA)
    unfinished = await bot.shown("ada@example.com")

    assert (refused.status_code, title(unfinished)) == (422, "Adobe isn't fully set up")

    policy = await company.post(POLICIES, company.body("policies", "newest"))
    without_club = await bot.shown("ada@example.com")

    assert title(without_club) == "Ada Lovelace"
    assert facts(without_club)["Tier"] == "gold"
    assert (await company.ada())["loyalty"].keys().isdisjoint({"points", "program"})

    await company.enable(datasets["club"])
    await company.inlet.settle()
    with_club = await refreshed(bot, without_club)

    assert facts(with_club)["Tier"] == "platinum"
    assert (await company.ada())["loyalty"]["points"] == 8420

    await company.post_all(COMPUTED, "computed")
    audiences = await company.post_all(DEFINITIONS, "audiences")
    job = await company.post(JOBS, [{"segmentId": each["id"]} for each in audiences])
    await company.inlet.settle()
    evaluated = await refreshed(bot, with_club)

    assert (await company.api.get(f"{JOBS}/{job['id']}")).json()["status"] == "SUCCEEDED"
    assert "Orders" not in facts(with_club)
    assert facts(evaluated)["Orders"] == "14"
    assert "Gold and platinum" not in words(with_club)
    assert "Gold and platinum" in words(evaluated)

    order = [datasets[system] for system in ("crm", "club", "preferences", "scores")]
    changed = company.body("policies", "newest") | {"attributeMerge": {"type": "dataSetPrecedence", "order": order}}
    (await company.api.put(f"{POLICIES}/{policy['id']}", json=changed)).raise_for_status()
    followed = await refreshed(bot, evaluated)

    assert (title(followed), facts(followed)["Tier"]) == ("Ada Lovelace", "gold")
