"""The sample: a hub that holds 200 invented customers, filled from what their company's systems export.

Everything goes in as it would in a company: the configuration is posted to Adobe's endpoints, files are imported, and audiences
and computed attributes come of evaluation, delivery after delivery, so that members have come and gone by the time one looks.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx

from bot.hub.api.app import Credentials, create_hub
from bot.hub.database import documents, unsettled
from bot.hub.database.connection import Database, transaction
from bot.hub.database.documents import Kind
from bot.hub.database.fleeting import Fleeting
from bot.hub.founding import found
from bot.hub.ingestion.importing import import_file
from bot.hub.ingestion.inlet import Here
from bot.hub.ingestion.source import Source as File
from bot.hub.invented.configuring import CONFIGURATION, Post, configure, dataset, mapping, read
from bot.hub.invented.customer import Customer
from bot.hub.invented.customers import customers
from bot.hub.invented.sources import EPOCH, SOURCES, Exports, Source
from bot.hub.model import MOST_IDENTITIES, Xdm
from bot.hub.schemas.registry import SCHEMAS, new_id, registered
from bot.hub.segments.evaluation import Evaluation
from bot.hub.times import milliseconds

CUSTOMER_YML = Path(__file__).with_name("customer.yml")
"""What the sample's data means to the bot."""
TENANT = "demo"
FOUNDED = timedelta(days=1825)
"""How long ago the hub was set up."""
DELIVERIES = (timedelta(days=60), timedelta(days=14), timedelta())
"""How long ago files came in, each with what had happened since the one before."""


def write_sources(folder: Path, *, seed: int = 1, now: datetime) -> None:
    """Write what the systems export to `folder`, as of `now` (aware), and what it takes to set a hub up for it.

    That is what `docs/hub.md` works with: exports and their mappings, and the bodies of the calls in a folder for each kind. The
    same arguments give the same bytes. Raises OSError.
    """
    healthy = [source for source in SOURCES if not source.knows_the_odd]
    folder.mkdir(parents=True, exist_ok=True)
    Exports.of(tuple(customers(seed, now)), now, healthy).write(folder, until=now)
    shutil.copy(CUSTOMER_YML, folder)
    for kind in sorted(path.name for path in CONFIGURATION.iterdir() if path.name != "unchecked"):
        shutil.copytree(CONFIGURATION / kind, folder / kind, dirs_exist_ok=True, ignore=shutil.ignore_patterns("legacy-*"))


def sample_database(folder: Path, *, seed: int = 1, now: datetime) -> Database:
    """A new hub in `folder`, whose 200 customers' last events lie just before `now` (aware). It takes a second or two.

    Raises OSError.
    """
    return filled_database(folder, tuple(customers(seed, now)), now=now, deliveries=DELIVERIES)


def filled_database(
    folder: Path, people: Sequence[Customer], *, now: datetime, deliveries: Sequence[timedelta] = (timedelta(),)
) -> Database:
    """A new hub in `folder` that knows `people`, whose systems sent their files so long ago. Raises OSError."""
    database = Fleeting.open(folder / "hub.db")
    with ThreadPoolExecutor(max_workers=1) as apart:  # whoever calls may be in a loop
        apart.submit(asyncio.run, _set_up(database, now - FOUNDED)).result()
    # All files are written before the first is read: what they are made of needn't stay in memory.
    for at, files in list(_deliveries(folder, Exports.of(people, now), [now - ago for ago in deliveries])):
        _take_in(database, at, files, len(people))
    return database


async def _set_up(database: Database, at: datetime) -> None:
    """The whole configuration, as of `at`."""
    with closing(database.writer()) as connection, transaction(connection):
        found(connection, TENANT, milliseconds(at))
        old_shop = {source: _unchecked_schema(connection, source, at) for source in SOURCES if source.knows_the_odd}
    async with _client(database, at) as post:
        await configure(post)
        for source, schema in old_shop.items():
            await dataset(post, source, schema)


def _unchecked_schema(connection: sqlite3.Connection, source: Source, at: datetime) -> str:
    """A schema as nobody may make one: it stands for what got in before anybody looked."""
    number = documents.next_number(connection, SCHEMAS.name)
    resource = registered(read("unchecked", source.name), SCHEMAS, new_id(SCHEMAS, TENANT, number), milliseconds(at))
    documents.put(connection, Kind.SCHEMA, resource["$id"], resource, now=milliseconds(at))
    return str(resource["$id"])


@asynccontextmanager
async def _client(database: Database, at: datetime) -> AsyncIterator[Post]:
    """Posts to the hub's own endpoints, for as long as it is set up."""
    who = Credentials("sample", secrets.token_hex(), "sample@AdobeOrg", "sample")
    async with AsyncExitStack() as stack:
        inlet = stack.enter_context(closing(Here(database, lambda: milliseconds(at))))
        hub = create_hub(database=database, credentials=who, clock=lambda: at, inlet=inlet)
        transport = httpx.ASGITransport(app=hub)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://hub"))
        form = {"grant_type": "client_credentials", "client_id": who.client_id, "client_secret": who.client_secret}
        token = (await client.post("/ims/token/v3", data=form)).json()["access_token"]
        client.headers.update(
            {
                "Authorization": f"Bearer {token}",
                "x-api-key": who.client_id,
                "x-gw-ims-org-id": who.org_id,
                "x-sandbox-name": who.sandbox,
            }
        )

        async def post(path: str, body: Xdm) -> object:
            return (await client.post(path, json=body)).raise_for_status().json()

        yield post


def _deliveries(
    folder: Path, exports: Exports, times: Sequence[datetime]
) -> Iterator[tuple[datetime, list[tuple[Source, Path]]]]:
    """Write the files of each delivery into a folder of its own: when it came, and what it brought."""
    for number, (after, until) in enumerate(pairwise((EPOCH, *times))):
        delivery = folder / f"delivery-{number}"
        delivery.mkdir()
        yield until, exports.write(delivery, after=after, until=until)


def _take_in(database: Database, at: datetime, files: Sequence[tuple[Source, Path]], people: int) -> None:
    """Import what came in, and evaluate everybody: whoever was in an audience may be out by then."""
    for source, path in files:
        import_file(database, File(path, _dataset(database, source), mapping(source)), now=milliseconds(at))
    evaluation = Evaluation(database, lambda: at)
    with closing(database.writer()) as connection:
        evaluation.everybody(connection)
        while unsettled.count(connection) and evaluation.work(connection, MOST_IDENTITIES * people):
            pass


def _dataset(database: Database, source: Source) -> str:
    [only] = database.organisation().datasets_named(read("datasets", source.name)["name"])
    return only.id
