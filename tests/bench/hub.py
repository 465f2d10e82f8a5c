"""`make bench-hub`: the embedded hub from a thousand to a million customers, ten events each.

At each size, whole look-ups over HTTP and within the process, and beside them what SQLite itself takes to read the same rows;
how fast files go in, with ten audiences and five computed attributes to keep; and what agents feel of it meanwhile. BENCH_FOLDER
keeps the files, BENCH_LARGEST is the largest size.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
import orjson

from bot.hub.api.app import Credentials, create_hub
from bot.hub.database.connection import Database
from bot.hub.database.graphs import key_of
from bot.hub.database.reading import Reading
from bot.hub.database.unsettled import oldest
from bot.hub.ingestion.inlet import Here
from bot.hub.model import EVENT, PROFILE, Identity
from bot.network import Network, create_client
from bot.profiles.http import Outgoing, OverClient
from bot.serving import settle
from tests.bench import hub_data
from tests.bench.generator import Switchboard
from tests.bench.outside import name, outside
from tests.bench.process import running
from tests.bench.report import Goal, heading, judged, quantile

T = TypeVar("T")

SIZES = (1_000, 100_000, 1_000_000)
LOOKUPS = 4_000
LAST_EVENTS = 20
MORE = 1_000_000
"""Events that go in at the end, when all customers are there."""
IDLE = 20.0
"""Seconds for which agents ask while nothing else is going on."""
PAUSE = 0.02
"""Seconds between an answer and the next question."""

WHO = Credentials("bench", "invented-secret", "bench@AdobeOrg", "bench")
ENTITIES = "/data/core/ups/access/entities"
NETWORK = Network(connect=10.0, read=60.0)
MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class Imported:
    """What it took to import some files: `seconds` until the last was in, `settled` until everybody was computed, too.

    `memory` is the most that one of the processes held, in bytes.
    """

    records: int
    seconds: float
    settled: float
    memory: int

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds


@dataclass
class Times:
    """Seconds that each of some calls took."""

    label: str
    seconds: list[float] = field(default_factory=list)

    def p(self, part: float) -> float:
        """Milliseconds, for `part` of all."""
        return quantile(self.seconds, part)

    def __str__(self) -> str:
        return f"{self.label:44}{1000 * self.p(0.5):>10,.0f}{1000 * self.p(0.99):>10,.0f}\n"


@contextmanager
def timed(into: Times) -> Iterator[None]:
    """The time that the block takes."""
    began = time.perf_counter()
    yield
    into.seconds.append(time.perf_counter() - began)


class Served:
    """`customer-bot hub serve` on the hub's file, as a process, and what it was told by Adobe's API."""

    def __init__(self, path: Path, process: asyncio.subprocess.Process, http: httpx.AsyncClient) -> None:
        self.path = path
        self.process = process
        self.http = http

    async def post(self, path: str, body: Any, **headers: str) -> Any:
        """POST, and what is answered."""
        answer = await self.http.post(path, json=body, headers=headers)
        if answer.is_error:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[Served]:
    """The hub at `path`, served while this is open."""
    environment = {
        "ADOBE_CLIENT_ID": WHO.client_id,
        "ADOBE_CLIENT_SECRET": WHO.client_secret,
        "ADOBE_ORG_ID": WHO.org_id,
        "ADOBE_SANDBOX": WHO.sandbox,
        "HUB_TENANT": hub_data.TENANT,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "hub", "serve", "--hub", str(path), "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | environment,
    )
    assert process.stdout
    told = (await process.stdout.readline()).decode()
    url = told.rpartition(" listens at ")[2].strip().rstrip(".")
    try:
        async with create_client(NETWORK, base_url=url) as http:
            await authorise(http)
            yield Served(path, process, http)
    finally:
        process.terminate()
        await process.wait()


async def authorise(http: httpx.AsyncClient) -> None:
    """A token, and the headers of every call."""
    form = {"grant_type": "client_credentials", "client_id": WHO.client_id, "client_secret": WHO.client_secret}
    token = (await http.post("/ims/token/v3", data=form)).raise_for_status().json()["access_token"]
    http.headers.update({"authorization": f"Bearer {token}", "x-api-key": WHO.client_id})
    http.headers.update({"x-gw-ims-org-id": WHO.org_id, "x-sandbox-name": WHO.sandbox})


async def configure(hub: Served) -> None:
    """Two schemas and datasets, a namespace, a merge policy, ten audiences and five computed attributes."""
    await hub.post("/data/core/idnamespace/identities", {"code": "CRMID", "name": "CRM ID", "idType": "CROSS_DEVICE"})
    for title, event in (("customers", False), ("events", True)):
        schema = await hub.post("/data/foundation/schemaregistry/tenant/schemas", hub_data.schema(title, event=event))
        reference = {"id": schema["$id"], "contentType": "application/vnd.adobe.xed+json;version=1"}
        tags = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}
        await hub.post("/data/foundation/catalog/dataSets", {"name": title, "schemaRef": reference, "tags": tags})
    policy = {
        "name": "Newest",
        "schema": {"name": PROFILE},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "timestampOrdered"},
        "default": True,
    }
    await hub.post("/data/core/ups/config/mergePolicies", policy)
    for title, rule in hub_data.AUDIENCES.items():
        expression = {"type": "PQL", "format": "pql/text", "value": rule}
        audience = {"name": title, "schema": {"name": PROFILE}, "expression": expression}
        await hub.post("/data/core/ups/segment/definitions", audience)
    for title, rule in hub_data.COMPUTED.items():
        expression = {"type": "PQL", "format": "pql/text", "value": rule}
        attribute = {
            "name": title,
            "displayName": title,
            "description": title,
            "path": f"_{hub_data.TENANT}/SystemComputedAttributes",
            "schema": {"name": PROFILE},
            "expression": expression,
            "status": "NEW",
        }
        await hub.post("/data/core/ca/attributes", attribute)


async def import_(hub: Served, *files: tuple[Path, str, int]) -> Imported:
    """`customer-bot hub import` of each file (and its dataset and how many records it holds), one after the other."""
    began, memory = time.perf_counter(), 0
    for path, dataset, _ in files:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "bot",
                "hub",
                "import",
                str(path),
                "--dataset",
                dataset,
                "--hub",
                str(hub.path),
                "--no-compute",
            ),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        while process.returncode is None:
            memory = max(memory, *map(resident, [process.pid, *children(process.pid), *children(hub.process.pid)]))
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(process.wait()), 0.2)
        if process.returncode:
            raise SystemExit(f"{path.name}: the import ended with {process.returncode}")
    seconds = time.perf_counter() - began
    await settled(hub.path)
    return Imported(sum(count for _, _, count in files), seconds, time.perf_counter() - began, memory)


async def settled(path: Path) -> None:
    """Return when nothing waits to be computed."""
    with closing(Database.open(path)) as database, closing(database.reader()) as connection:
        while oldest(connection) is not None:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(1)


def resident(pid: int) -> int:
    """Memory of a process in bytes, 0 if it is no more."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def children(pid: int) -> list[int]:
    """The processes that it started."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def profile_of(number: int) -> dict[str, str]:
    """What asks for the profile of a customer."""
    return {"schema.name": PROFILE, "entityId": hub_data.email(number), "entityIdNS": "Email"}


def events_of(number: int) -> dict[str, str]:
    """What asks for the last events of a customer."""
    who = {"relatedEntityId": hub_data.email(number), "relatedEntityIdNS": "Email"}
    return {"schema.name": EVENT, "relatedSchema.name": PROFILE, "orderby": "-timestamp", "limit": str(LAST_EVENTS), **who}


async def calls(label: str, http: httpx.AsyncClient, ask: Callable[[int], dict[str, str]], who: Sequence[int]) -> Times:
    """Whole calls, one after the other, each sent as the bot sends it."""
    send, times = OverClient(http), Times(label)
    for number in who:
        with timed(times):
            url = f"{http.base_url.join(ENTITIES)}?{urlencode(ask(number))}"
            answer = await send(Outgoing("GET", url, {}), most_bytes=MOST_BYTES)
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"{label}: {answer.status} {answer.body[:300]!r}")
    return times


def reads(database: Database, who: Sequence[int]) -> list[Times]:
    """The hub's own reads, and SQLite's of the same rows with nothing done to them.

    In turns which of the two comes first: the second finds the pages in memory.
    """
    bare, bare_events = Times("SQLite alone: the rows of a profile"), Times("SQLite alone: the rows of its last 20 events")
    store, store_events = Times("store: a profile's person and records"), Times("store: its last 20 events")
    with closing(database.reader()) as connection:
        reading = Reading(connection, database)

        def alone(identity: Identity) -> None:
            key = key_of(identity.digest)
            with timed(bare):
                rows = _rows_of_a_profile(connection, key)
            with timed(bare_events):
                _rows_of_events(connection, rows)

        def through_the_store(identity: Identity) -> None:
            with timed(store):
                person = reading.find(identity)
                assert person is not None
                numbers = [member.number for member in person.members]
                reading.fragments(numbers)
                reading.standing(person.number)
            with timed(store_events):
                reading.events(numbers, newest_first=True, limit=LAST_EVENTS)

        for turn, number in enumerate(who):
            identity = Identity("Email", hub_data.email(number))
            for read in (alone, through_the_store) if turn % 2 else (through_the_store, alone):
                read(identity)
    return [bare, store, bare_events, store_events]


def _rows_of_a_profile(connection: sqlite3.Connection, key: tuple[int, int]) -> list[Any]:
    """The statements that any program would need for the rows of a profile, and nothing else. The numbers of the identities."""
    ((person,),) = connection.execute("SELECT person FROM identity WHERE key = ? AND tail = ?", key)
    members = connection.execute("SELECT id, namespace, value FROM identity WHERE person = ?", (person,)).fetchall()
    for number, *_ in members:
        connection.execute("SELECT * FROM fragment WHERE identity = ?", (number,)).fetchall()
    connection.execute("SELECT * FROM standing WHERE person = ?", (person,)).fetchall()
    return members


def _rows_of_events(connection: sqlite3.Connection, members: Sequence[Any]) -> None:
    """The last 20 of each identity, as many as the last 20 of the person may be among."""
    for number, *_ in members:
        connection.execute(
            """
            SELECT time, dataset, event.id, event_body.body FROM event JOIN event_body ON event_body.id = event.body
            WHERE identity = ? ORDER BY time DESC LIMIT 20
            """,
            (number,),
        ).fetchall()


@dataclass(frozen=True)
class AtSize:
    """What was measured with so many customers in the hub."""

    size: int
    reads: list[Times]
    inside: list[Times]
    over_http: list[Times]

    def __str__(self) -> str:
        title = (
            f"{self.size:,} customers, {self.size * hub_data.EVENTS_EACH:,} events: {len(self.reads[0].seconds):,} look-ups each"
        )
        return (
            heading(title)
            + f"{'':44}{'p50 µs':>10}{'p99 µs':>10}\n"
            + "".join(map(str, self.reads + self.inside + self.over_http))
        )


async def looked_up(hub: Served, size: int) -> AtSize:
    """All kinds of look-ups, of customers at random."""
    who = random.Random(size).choices(range(size), k=min(LOOKUPS, size))  # noqa: S311 - invented data
    with closing(Database.open(hub.path)) as database:
        plain = reads(database, who[:200]) and reads(database, who)
        async with inside(database) as http:
            await calls("", http, profile_of, who[:200])
            within = [
                await calls("GET within the process: a profile", http, profile_of, who),
                await calls("GET within the process: the last 20 events", http, events_of, who),
            ]
    over = [
        await calls("GET over HTTP: a profile", hub.http, profile_of, who),
        await calls("GET over HTTP: the last 20 events", hub.http, events_of, who),
    ]
    return AtSize(size, plain, within, over)


@asynccontextmanager
async def inside(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the hub within this process, as the bot is one."""

    def clock() -> datetime:
        return datetime.now(UTC)

    inlet = Here(database, lambda: time.time_ns() // 1_000_000)
    app = create_hub(database=database, credentials=WHO, clock=clock, inlet=inlet)
    async with create_client(NETWORK, base_url="http://hub", transport=httpx.ASGITransport(app=app)) as http:
        await authorise(http)
        settle()
        yield http


async def agents(hub: Served, size: int, during: Awaitable[T]) -> tuple[Times, T]:
    """What agents feel while `during` lasts: the time to cards of customers that nobody asked about before."""
    times = Times("")
    async with outside() as world, AsyncExitStack() as stack:
        board = Switchboard(world)
        chosen = {"profile_url": "hub:", "hub_path": str(hub.path)}
        service = await stack.enter_async_context(
            running("service", outside=world.url, BENCH_SETTINGS=orjson.dumps(chosen).decode())
        )
        slack = board.towards(service.url)
        strangers = iter(random.Random(time.time_ns()).sample(range(size), min(size, 50_000)))  # noqa: S311 - invented data
        for _ in range(50):
            await slack.ask(next(strangers))
        task = asyncio.ensure_future(during)
        while not task.done():
            number = next(strangers)
            asked = await slack.ask(number)
            if asked.answered is None or name(number) not in asked.message:
                raise SystemExit(f"no card: {asked.message[:300]!r}")
            times.seconds.append(asked.answered)
            await asyncio.sleep(PAUSE)
        return times, await task


async def main() -> None:
    """Measure, and say whether the goals are met (exit code 1 if not)."""
    largest = int(os.environ.get("BENCH_LARGEST", SIZES[-1]))
    sizes = [each for each in SIZES if each < largest] + [largest]
    with ExitStack() as stack:
        folder = Path(os.environ.get("BENCH_FOLDER") or stack.enter_context(TemporaryDirectory()))
        goals = await measured(folder, sizes)
    judged(goals)


async def measured(folder: Path, sizes: Sequence[int]) -> list[Goal]:
    """Everything, in one run."""
    now = hub_data.moment()
    results: list[AtSize] = []
    async with serving(folder / "hub.db") as hub:
        await configure(hub)
        before = 0
        for size in sizes:
            files = written(folder, range(before, size), now)
            done = await import_(hub, *files)
            sys.stdout.write(_told(f"from {before:,} to {size:,} customers", done))
            results.append(await looked_up(hub, size))
            sys.stdout.write(str(results[-1]))
            sys.stdout.flush()
            before = size
        idle, _ = await agents(hub, before, asyncio.sleep(IDLE))
        more = folder / "more.jsonl"
        last = (more, "events", hub_data.write_events(more, range(10**9, 10**9 + MORE), MORE, before, now))
        busy, done = await agents(hub, before, import_(hub, last))
        sys.stdout.write(_told(f"{MORE:,} more events, with {before:,} customers there, while agents ask", done))
        alone = folder / "alone.jsonl"
        last = (alone, "events", hub_data.write_events(alone, range(2 * 10**9, 2 * 10**9 + MORE), MORE, before, now))
        undisturbed = await import_(hub, last)
        sys.stdout.write(_told(f"{MORE:,} more events, with {before:,} customers there, and nobody asks", undisturbed))
        memory = max(done.memory, undisturbed.memory, *map(resident, [hub.process.pid, *children(hub.process.pid)]))
        on_disk = bytes_of(folder)
    idle.label, busy.label = "a card, nothing else going on", "a card, while a file goes in at full speed"
    sys.stdout.write(heading("What agents feel") + f"{'':44}{'p50 µs':>10}{'p99 µs':>10}\n{idle}{busy}")
    sys.stdout.write(f"\nthe file: {on_disk / 1e9:.2f} GB; the largest process: {memory / 1e6:.0f} MB\n")
    bare, store, bare_events, store_events = results[-1].reads
    return [
        Goal("store, a profile, p50, of SQLite alone", store.p(0.5) / bare.p(0.5), at_most=5),
        Goal("store, 20 events, p50, of SQLite alone", store_events.p(0.5) / bare_events.p(0.5), at_most=5),
        *(Goal(f"{each.label}, p99, ms", each.p(0.99), at_most=1.5) for each in results[-1].inside),
        Goal("records a second, validated, at the largest size", undisturbed.rate, at_least=30_000),
        Goal("memory of the largest process, MB", memory / 1e6, at_most=500),
        Goal("p99 of a card while files go in, of idle", busy.p(0.99) / idle.p(0.99), at_most=1.5),
    ]


def written(folder: Path, numbers: range, now: datetime) -> list[tuple[Path, str, int]]:
    """The files that bring these customers, and ten events for each: path, dataset, records."""
    profiles, events = folder / f"profiles-{numbers.stop}.jsonl", folder / f"events-{numbers.stop}.jsonl"
    each = hub_data.EVENTS_EACH
    of_events = range(numbers.start * each, numbers.stop * each)
    return [
        (profiles, "customers", hub_data.write_profiles(profiles, numbers, now)),
        (events, "events", hub_data.write_events(events, of_events, len(of_events), numbers.stop, now)),
    ]


def bytes_of(folder: Path) -> int:
    """The size of the hub's file, with its log."""
    return sum(path.stat().st_size for path in folder.glob("hub.db*"))


def _told(title: str, done: Imported) -> str:
    return (
        heading(title)
        + f"{done.records:,} records in {done.seconds:.1f} s: {done.rate:,.0f} a second; "
        + f"everything computed after {done.settled:.1f} s; the largest process: {done.memory / 1e6:.0f} MB\n"
    )


if __name__ == "__main__":
    asyncio.run(main())
