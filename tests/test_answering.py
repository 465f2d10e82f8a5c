"""The use case: it never raises and always answers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.access import Home
from bot.admission import Admission
from bot.answering import MOST_BODIES, Answer, Answered, Answering, Content, Read
from bot.config import CustomerConfig
from bot.errors import CustomerContextError, NothingAsked, Unreachable
from bot.limits import MemoryLimiter, Rate
from bot.present import Source
from bot.profiles.cache import PROFILE, Entry
from bot.profiles.lookup import Found, State
from bot.profiles.model import Profile
from bot.profiles.ports import Copy
from bot.question import Asker, Identity, Lane, Place, Question, Rank, StatusQuestion
from bot.reading import parse
from bot.seal import Seal
from bot.telemetry import ALLOWED
from formatters.card import Card, Message, Notice, Number
from formatters.form import Form
from formatters.locale import Reader
from tests.factories import ADA, EPOCH, KEYS, QUESTION, config, configured, profile
from tests.samples_of_errors import ERRORS

pytestmark = pytest.mark.looptime

ASKER = Asker("U1", "T1")
STRANGER = Asker("U9", "T9")
READER = Reader("en_US", "UTC")
HOME = Home("T1", "E1")


def entry_of(customer: Profile | None = None, fetched: float = EPOCH) -> Entry:
    content = PROFILE.dump_json(customer or profile())
    return Entry(("key",), Copy(content, fetched, fetched, fetched + 60, fetched + 600, fetched + 86_400))


@dataclass
class Finds:
    """Finds one entry, or raises; keeps what it was asked."""

    entry: Entry = field(default_factory=entry_of)
    state: State = State.FRESH
    error: Exception | None = None
    asked: list[tuple[Identity, float, bool]] = field(default_factory=list)
    ranks: list[Rank] = field(default_factory=list)

    async def __call__(self, identity: Identity, rank: Rank, *, until: float, refresh: bool = False) -> Found:
        self.asked.append((identity, until, refresh))
        self.ranks.append(rank)
        if self.error:
            raise self.error
        return Found(self.entry, self.state)


@dataclass
class Renders:
    """Writes content down, and counts; can't write some of it."""

    count: int = 0
    unable: tuple[type[Content], ...] = ()

    def __call__(self, content: Content, reader: Reader, form: Form) -> str:
        self.count += 1
        if isinstance(content, self.unable):
            raise TypeError("ada@example.com can't be rendered")
        told = content.kind if isinstance(content, Notice) else f"card {content.name}"
        return json.dumps([told, reader.locale, form, self.count])


@dataclass
class Bench:
    """The use case among fakes."""

    finds: Finds = field(default_factory=Finds)
    renders: Renders = field(default_factory=Renders)
    current: CustomerConfig = field(default_factory=config)
    now: float = EPOCH
    weighed: list[Entry] = field(default_factory=list)
    observed: list[Answered] = field(default_factory=list)
    snapshot: Exception | None = None

    def __post_init__(self) -> None:
        self.answering = self.limited(Rate(2.0, burst=10_000))

    def limited(self, person: Rate) -> Answering:
        return Answering(
            self.finds,
            Admission(MemoryLimiter(clock=lambda: self.now), person=person, team=Rate(0.1, burst=100_000)),
            config=lambda: self.current,
            home=HOME,
            seal=Seal(KEYS),
            render=self.renders,
            reweigh=self._reweigh,
            clock=lambda: self.now,
            source=Source("prod"),
            status=self._status,
            deadline=8.0,
            consents_for=3600.0,
            observe=self.observed.append,
        )

    async def _reweigh(self, entry: Entry) -> None:
        self.weighed.append(entry)

    async def _status(self) -> Notice:
        if self.snapshot:
            raise self.snapshot
        return Notice(kind="status")

    async def ask(self, question: Question = QUESTION, asker: Asker = ASKER, read: Read | None = None) -> Answer:
        received = asyncio.get_running_loop().time()
        return await self.answering(read or (lambda _config: question), asker, Place("C1"), received=received, door="test")

    async def body(
        self, question: Question = QUESTION, asker: Asker = ASKER, reader: Reader = READER, form: Form = Form.CLASSIC
    ) -> str:
        return await (await self.ask(question, asker)).body(reader, form)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def told(body: str) -> object:
    return json.loads(body)[0]


async def test_card(bench: Bench) -> None:
    """A question is answered with a card."""
    answer = await bench.ask()
    content = answer.content()

    assert isinstance(content, Card)
    assert (answer.outcome, answer.profile, content.banners) == ("card", bench.finds.entry.profile, ())
    assert told(await answer.body(READER, Form.CLASSIC)) == "card standard"


async def test_way(bench: Bench) -> None:
    """The look-up has until shortly before the deadline, counted from the first byte: the notice must arrive in time."""
    await asyncio.sleep(3)
    await bench.ask()
    await bench.ask(Question(ADA, refresh=True))

    asked, until, refreshed = zip(*bench.finds.asked, strict=True)
    assert (asked, refreshed) == ((ADA, ADA), (False, True))
    assert until == pytest.approx((3 + 0.95 * 8, 3 + 0.95 * 8))


async def test_reading(bench: Bench) -> None:
    """What was typed is read with the configuration in force."""
    bench.current = configured(home_country="GB")
    await bench.ask(read=lambda current: parse("020 7946 0000", current))

    assert bench.finds.asked[0][0] == Identity("Phone", "+442079460000")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
async def test_errors_of_the_look_up(bench: Bench, error: CustomerContextError) -> None:
    """Each error of ours becomes its notice, whoever raises it."""
    bench.finds.error = error
    answer = await bench.ask()
    content = answer.content()

    assert isinstance(content, Notice)
    assert (answer.outcome, answer.profile, content.kind) == ("notice", None, error.kind)
    assert told(await answer.body(READER, Form.CLASSIC)) == error.kind


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
async def test_errors_of_reading(bench: Bench, error: CustomerContextError) -> None:
    """What can't be read becomes a notice, and nobody is looked up."""

    def read(_config: CustomerConfig) -> Question:
        raise error

    assert told(await (await bench.ask(read=read)).body(READER, Form.CLASSIC)) == error.kind
    assert bench.finds.asked == []


@pytest.mark.parametrize("mistake", [ValueError("ada@example.com"), TimeoutError(), RecursionError(), AssertionError()])
@pytest.mark.parametrize("where", ["look-up", "reading"])
async def test_mistakes(bench: Bench, mistake: Exception, where: str) -> None:
    """A mistake of ours becomes a notice with a reference, under which its type is logged, and no more."""

    def fail(*_: object) -> Any:
        raise mistake

    bench.finds.error = mistake if where == "look-up" else None
    with capture_logs() as logs:
        answer = await bench.ask(read=fail if where == "reading" else None)
        content = answer.content()

    assert isinstance(content, Notice)
    assert (answer.outcome, content.kind) == ("notice", "broken")
    [broken] = [line for line in logs if line["event"] == "broken"]
    assert broken == {
        "event": "broken",
        "log_level": "error",
        "reference": content.reference,
        "exception": type(mistake).__name__,
    }


async def test_unreadable_entry(bench: Bench) -> None:
    """An entry that can't be opened becomes a notice."""
    bench.finds.entry.copy = replace(bench.finds.entry.copy, profile=b"{}")
    answer = await bench.ask()
    content = answer.content()

    assert isinstance(content, Notice)
    assert content.kind == "broken"
    assert told(await answer.body(READER, Form.CLASSIC)) == "broken"


async def test_rendering_fails(bench: Bench) -> None:
    """A card that can't be rendered becomes a notice, which isn't kept in the card's place."""
    bench.renders.unable = (Card,)
    with capture_logs() as logs:
        assert told(await bench.body()) == "broken"
    assert "ada" not in str(logs)
    assert (bench.finds.entry.bodies, bench.weighed) == ({}, [])

    bench.renders.unable = ()
    assert told(await bench.body()) == "card standard"


async def test_other_workspace(bench: Bench) -> None:
    """Members of other workspaces are refused before anything is looked up, even in the cache."""
    answer = await bench.ask(asker=STRANGER)
    content = answer.content()

    assert isinstance(content, Notice)
    assert (content.kind, content.values, bench.finds.asked) == ("not_allowed", {"reason": Message("reason.other_workspace")}, [])


async def test_finished_bodies(bench: Bench) -> None:
    """A finished body is reused for the same card, and its weight told."""
    first = await bench.body()

    assert await bench.body() == first
    assert await bench.body(Question(ADA, refresh=True)) == first
    assert (bench.renders.count, bench.weighed) == (1, [bench.finds.entry])


async def test_other_bodies(bench: Bench) -> None:
    """Another card, language, time zone, form, age or configuration has a body of its own."""

    async def bodies() -> set[str]:
        return {
            await bench.body(),
            await bench.body(Question(ADA, "compact")),
            await bench.body(reader=Reader("de_DE", "UTC")),
            await bench.body(reader=Reader("en_US", "Europe/Berlin")),
            await bench.body(form=Form.RICH),
        }

    made = await bodies()
    assert (len(made), bench.renders.count) == (5, 5)
    assert await bodies() == made

    bench.now += 3601
    assert not await bodies() & made
    bench.finds.state = State.OLD
    assert bench.renders.count == 10
    await bodies()
    bench.current = configured(links=[])
    await bodies()
    assert bench.renders.count == 20


async def test_same_body_for_another_asker(bench: Bench) -> None:
    """Two members of one workspace share a body: nothing in it depends on who asks."""
    assert await bench.body() == await bench.body(asker=Asker("U2", "T1"))
    assert bench.renders.count == 1


async def test_other_entry(bench: Bench) -> None:
    """A new entry begins without bodies."""
    await bench.body()
    bench.finds.entry = entry_of()
    await bench.body()

    assert bench.renders.count == 2


async def test_most_bodies(bench: Bench) -> None:
    """An entry has a bounded number of bodies."""
    for number in range(3 * MOST_BODIES):
        await bench.body(reader=Reader("en_US", f"Zone/{number}"))
        assert len(bench.finds.entry.bodies) <= MOST_BODIES


async def test_notices_are_not_kept(bench: Bench) -> None:
    """A notice is made anew each time, with the reference of its asker."""
    bench.finds.error = Unreachable()
    contents = [(await bench.ask()).content() for _ in range(2)]
    references = {content.reference for content in contents if isinstance(content, Notice)}

    assert len(references) == 2
    assert None not in references


@pytest.mark.parametrize(
    ("state", "outcome"), [(State.ASKED, "card"), (State.FRESH, "card"), (State.STALE, "card"), (State.OLD, "old_card")]
)
async def test_old_copy(bench: Bench, state: State, outcome: str) -> None:
    """An old copy says that it is one."""
    bench.finds.state = state
    answer = await bench.ask()
    content = answer.content()

    assert isinstance(content, Card)
    assert answer.outcome == outcome
    assert [banner.key for banner in content.banners] == (["banner.old_copy"] if state is State.OLD else [])


@pytest.mark.parametrize(("age", "known"), [(0, True), (3600, True), (3601, False)])
async def test_age_of_consents(bench: Bench, age: float, known: bool) -> None:
    """Consents older than an hour are shown as not known now."""
    bench.now += age
    content = (await bench.ask()).content()

    assert ("not_known_now" in str(content)) is not known


async def test_token(bench: Bench) -> None:
    """A card's button asks the same question again, in the asker's workspace, without being told to refresh."""
    content = (await bench.ask(Question(ADA, "compact", refresh=True))).content()

    assert isinstance(content, Card)
    assert Seal(KEYS).open(content.actions[0].token or "", "T1") == Question(ADA, "compact")


@pytest.mark.parametrize("error", [None, *ERRORS, ValueError("ada@example.com")], ids=str)
async def test_log(bench: Bench, error: Exception | None) -> None:
    """Each answer is logged: who asked, where, what came of it; never whom they asked about."""
    bench.finds.error = error
    with capture_logs() as logs:
        await bench.ask()
    [line] = [each for each in logs if each["event"] == "answered"]

    assert set(line) - {"log_level"} <= ALLOWED
    assert (line["asker"], line["team"], line["channel"], line["door"], line["ms"]) == ("U1", "T1", "C1", "test", 0)
    assert (line["namespace"], line["card"]) == ("Email", "standard")
    assert not any(secret in str(logs).lower() for secret in ("ada", "example.com", "lovelace"))


async def test_log_of_a_flight(bench: Bench) -> None:
    """The log line of a failure has its kind and the reference of the call to the source."""
    bench.finds.error = error = Unreachable()
    error.flight = "fl1ght"
    with capture_logs() as logs:
        await bench.ask()

    assert (logs[0]["outcome"], logs[0]["kind"], logs[0]["flight"]) == ("notice", "unreachable", "fl1ght")


async def test_cancelled() -> None:
    """A cancelled asker isn't answered: the process is ending."""

    class Hangs(Finds):
        async def __call__(self, identity: Identity, rank: Rank, *, until: float, refresh: bool = False) -> Found:
            await asyncio.sleep(60)
            raise AssertionError

    task = asyncio.create_task(Bench(finds=Hangs()).ask())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# What roles and limits say

LOOKS_AFTER = Asker("U0ADMIN", "T1")
ROLES = {"support": {"members": ["U0ADMIN"], "status": True, "reserved_lane": True}}


async def test_rank(bench: Bench) -> None:
    """Whose role has the reserved lane goes first; everybody else is one of many."""
    bench.current = configured(roles=ROLES)
    await bench.ask()
    await bench.ask(asker=LOOKS_AFTER)

    assert bench.finds.ranks == [Rank(Lane.NORMAL, "T1:U1"), Rank(Lane.RESERVED, "T1:U0ADMIN")]


async def test_asked_too_often(bench: Bench) -> None:
    """Who asks too often is told how long to wait, before anything is looked up; after it the next question is answered."""
    bench.answering = bench.limited(Rate(2.0, burst=3))
    answers = [await bench.ask() for _ in range(4)]
    assert [answer.outcome for answer in answers] == ["card", "card", "card", "notice"]
    content = answers[-1].content()
    assert isinstance(content, Notice)
    assert (content.kind, content.values) == (
        "asked_too_often",
        {"wait": Message("wait.seconds", {"count": Number(Decimal(2))}, count=2)},
    )
    assert len(bench.finds.asked) == 3

    bench.now += 2
    assert (await bench.ask()).outcome == "card"


async def test_not_understood_counts(bench: Bench) -> None:
    """Whatever is asked counts, understood or not; a stranger is refused before being counted."""
    bench.answering = bench.limited(Rate(2.0, burst=1))
    await bench.ask(asker=STRANGER)

    def read(_config: CustomerConfig) -> Question:
        raise NothingAsked

    assert told(await (await bench.ask(read=read)).body(READER, Form.CLASSIC)) == "help"
    assert told(await bench.body()) == "asked_too_often"
    assert told(await bench.body(asker=STRANGER)) == "not_allowed"


async def test_status(bench: Bench) -> None:
    """Those who look after the service are told how it is; nobody is looked up for it."""
    bench.current = configured(roles=ROLES)
    answer = await bench.ask(asker=LOOKS_AFTER, read=lambda _config: StatusQuestion())

    assert (answer.outcome, answer.content(), answer.profile) == ("notice", Notice(kind="status"), None)
    assert told(await answer.body(READER, Form.CLASSIC)) == "status"
    assert bench.finds.asked == []


async def test_status_of_others(bench: Bench) -> None:
    """Nobody else is."""
    bench.current = configured(roles=ROLES)
    content = (await bench.ask(read=lambda _config: StatusQuestion())).content()

    assert isinstance(content, Notice)
    assert (content.kind, content.values) == ("not_allowed", {"reason": Message("reason.status")})


async def test_status_fails(bench: Bench) -> None:
    """If how it is can't be said, that is a mistake of ours."""
    bench.current = configured(roles=ROLES)
    bench.snapshot = ValueError("ada@example.com")
    with capture_logs() as logs:
        content = (await bench.ask(asker=LOOKS_AFTER, read=lambda _config: StatusQuestion())).content()

    assert isinstance(content, Notice)
    assert content.kind == "broken"
    assert "ada@example.com" not in str(logs)


async def test_observed(bench: Bench) -> None:
    """Each answer is told with what metrics need: outcome, door, and a notice's kind or a card's state."""
    bench.current = configured(roles=ROLES)
    await bench.ask()
    bench.finds.state = State.OLD
    await bench.ask()
    bench.finds.error = Unreachable()
    await bench.ask()
    await bench.ask(asker=LOOKS_AFTER, read=lambda _config: StatusQuestion())
    bench.finds.error = ValueError("ada@example.com")
    await bench.ask()

    assert bench.observed == [
        Answered("card", "test", 0.0, state=State.FRESH),
        Answered("old_card", "test", 0.0, state=State.OLD),
        Answered("notice", "test", 0.0, kind="unreachable"),
        Answered("notice", "test", 0.0, kind="status"),
        Answered("notice", "test", 0.0, kind="broken"),
    ]


async def test_observed_time(bench: Bench) -> None:
    """The time counts from the first byte, as the deadline does."""
    await asyncio.sleep(3)
    await bench.answering(lambda _config: QUESTION, ASKER, Place("C1"), received=1.0, door="test")

    assert [each.seconds for each in bench.observed] == [2.0]
