"""Attributes and events are asked for at once, and a card comes even when some of it is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from bot.config import CustomerConfig
from bot.errors import (
    BudgetSpent,
    Busy,
    LookupFailed,
    NamespaceRefused,
    NoMergePolicy,
    NotFound,
    NotSetUp,
    RequestRefused,
    SourceDown,
    SourceFailed,
    Throttled,
    TooManyIdentities,
    Unreachable,
)
from bot.profiles.audiences import AudienceNames
from bot.profiles.model import Audience, Missing, Part, Profile, Why
from bot.profiles.ports import ProfileSource, Turn
from bot.profiles.source import AdobeSource
from bot.profiles.wire import EventsRefused, Json, Newest, RawProfile
from bot.question import Identity
from tests.factories import PATIENCE, config
from tests.profiles.invented import ADA, event, with_arrays
from tests.turns import FakeTurn

TURN = FakeTurn()
BOB = Identity("Email", "bob@example.com")
MEMBERSHIP: Json = {"segmentMembership": {"ups": {"a-1": {"status": "realized"}, "a-2": {"status": "realized"}}}}
NOT_ENABLED = (Missing(Part.EVENTS, Why.NOT_ENABLED),)


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Outcome:
    """What comes of one kind of call: `content`, or an error, `after` so many seconds."""

    content: object = None
    after: float = 0


@dataclass
class Client:
    """Gives what it is told, and keeps what it was asked."""

    attributes: Outcome = field(default_factory=lambda: Outcome(MEMBERSHIP))
    happened: Outcome = field(default_factory=lambda: Outcome((event(),)))
    named: Outcome = field(default_factory=lambda: Outcome({"a-1": "Runners", "a-2": "Swimmers"}))
    asked: list[tuple[object, ...]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    cancelled: int = 0

    async def sign_in(self, turn: Turn) -> None:
        self.asked.append(("token",))

    async def profile(self, identity: Identity, fields: Sequence[str], turn: Turn) -> RawProfile:
        entity = await self._come(turn, self.attributes, "profile")
        assert isinstance(entity, dict)
        return RawProfile(f"xid of {identity.value}", entity)

    async def events(self, identity: Identity, fields: Sequence[str], limit: int, turn: Turn) -> Newest:
        events = await self._come(turn, self.happened, "events", limit)
        assert isinstance(events, tuple)
        return Newest(events, complete=len(events) < limit)

    async def audience_names(self, ids: Sequence[str], turn: Turn) -> dict[str, str]:
        names = await self._come(turn, self.named, "names", *ids)
        assert isinstance(names, dict)
        return names

    async def _come(self, turn: Turn, part: Outcome, *asked: object) -> object:
        self.asked.append(asked)
        self.turns.append(turn)
        try:
            await asyncio.sleep(part.after)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(part.content, Exception):
            raise part.content
        return part.content

    def count(self, kind: str) -> int:
        return sum(asked[0] == kind for asked in self.asked)


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def configs() -> list[CustomerConfig]:
    return [config()]


@pytest.fixture
def source(client: Client, configs: list[CustomerConfig]) -> ProfileSource:
    return AdobeSource(client, lambda: configs[-1], clock=now, patience=PATIENCE)


async def left_behind() -> int:
    """How many tasks run besides the test."""
    await asyncio.sleep(0)
    return len(asyncio.all_tasks()) - 1


async def test_fetch(source: ProfileSource, client: Client) -> None:
    """A whole profile has its events and the names of its audiences, and misses nothing."""
    profile = await source.fetch(ADA, TURN)

    assert profile.xid == "xid of ada@example.com"
    assert [each.time.day for each in profile.purchases] == [2]
    assert profile.audiences == (Audience("a-1", "Runners"), Audience("a-2", "Swimmers"))
    assert profile.missing == ()
    assert ("events", 50) in client.asked
    assert client.turns == [TURN] * 3


@pytest.mark.looptime
async def test_all_at_once(source: ProfileSource, client: Client) -> None:
    """Events cost no time of their own; names, whose ids are in the profile, cost theirs alone."""
    client.attributes.after, client.happened.after, client.named.after = 2, 2.5, 0.5
    await source.fetch(ADA, TURN)

    assert now() == pytest.approx(2.5)


@pytest.mark.looptime
async def test_late_events(source: ProfileSource, client: Client) -> None:
    """Once the attributes are there, events get two seconds more; then they are cancelled."""
    client.attributes.after, client.happened.after = 1, 60
    profile = await source.fetch(ADA, TURN)

    assert (profile.purchases, profile.missing) == ((), (Missing(Part.EVENTS, Why.LATE),))
    assert now() == pytest.approx(3)
    assert (client.cancelled, await left_behind()) == (1, 0)


@pytest.mark.looptime
async def test_late_names(source: ProfileSource, client: Client) -> None:
    """Names get one second; then the audiences show without."""
    client.named.after = 60
    profile = await source.fetch(ADA, TURN)

    assert profile.audiences == (Audience("a-1"), Audience("a-2"))
    assert profile.missing == (Missing(Part.AUDIENCE_NAMES, Why.LATE),)
    assert now() == pytest.approx(1)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (EventsRefused(), Why.NOT_ENABLED),
        (Throttled(1.0), Why.THROTTLED),
        (Busy(1.0), Why.THROTTLED),
        (BudgetSpent(3600.0), Why.THROTTLED),
        (SourceDown(2.0), Why.FAILED),
        (SourceFailed(500), Why.FAILED),
        (Unreachable(), Why.FAILED),
        (NotSetUp(401, "401013"), Why.FAILED),
        (RequestRefused(400), Why.REFUSED),
        (NamespaceRefused(400, "Email"), Why.REFUSED),
        (TooManyIdentities(446, 50), Why.REFUSED),
        (NoMergePolicy(), Why.REFUSED),
    ],
)
async def test_events_missing(source: ProfileSource, client: Client, error: Exception, why: Why) -> None:
    """A profile without its events says why they are missing."""
    client.happened.content = error
    profile = await source.fetch(ADA, TURN)

    assert profile.missing == (Missing(Part.EVENTS, why),)


@pytest.mark.parametrize(
    ("error", "why"),
    [(Throttled(1.0), Why.THROTTLED), (Busy(1.0), Why.THROTTLED), (SourceFailed(500), Why.FAILED), (SourceDown(2.0), Why.FAILED)],
)
async def test_names_missing(source: ProfileSource, client: Client, error: Exception, why: Why) -> None:
    """A profile without its audiences' names says why they are missing."""
    client.named.content = error
    profile = await source.fetch(ADA, TURN)

    assert profile.missing == (Missing(Part.AUDIENCE_NAMES, why),)


async def test_no_audiences(source: ProfileSource, client: Client) -> None:
    """A customer in no audience needs no names."""
    client.attributes.content = {}

    assert (await source.fetch(ADA, TURN)).missing == ()
    assert client.count("names") == 0


NO_PROFILE = (
    *(NotFound(ADA), NotSetUp(403, "403025"), Throttled(1.0), Unreachable(), ZeroDivisionError()),
    *(Busy(1.0), BudgetSpent(3600.0), SourceDown(2.0)),
)


@pytest.mark.looptime
@pytest.mark.parametrize("error", NO_PROFILE)
async def test_no_profile(source: ProfileSource, client: Client, error: Exception) -> None:
    """An error of the profile is raised as it is, and the events are cancelled."""
    client.attributes.content, client.attributes.after, client.happened.after = error, 1, 60
    with pytest.raises(type(error)) as caught:
        await source.fetch(ADA, TURN)

    assert caught.value is error
    assert now() == pytest.approx(1)
    assert (client.cancelled, await left_behind()) == (1, 0)


@pytest.mark.looptime
async def test_no_profile_and_no_events(source: ProfileSource, client: Client) -> None:
    """Where both fail it is the profile's error that counts, and the events' is forgotten."""
    client.attributes.content, client.attributes.after = NotSetUp(403, "403025"), 1
    client.happened.content = ZeroDivisionError()
    with pytest.raises(NotSetUp):
        await source.fetch(ADA, TURN)


@pytest.mark.looptime
async def test_deadline(source: ProfileSource, client: Client) -> None:
    """The caller's deadline ends everything that was begun."""
    client.attributes.after, client.happened.after = 60, 60
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(8):
            await source.fetch(ADA, TURN)

    assert (client.cancelled, await left_behind()) == (2, 0)


async def test_our_own_mistakes_show(source: ProfileSource, client: Client) -> None:
    """What isn't an error of a look-up isn't a missing part."""
    client.happened.content = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await source.fetch(ADA, TURN)


# -- no event look-up ------------------------------------------------------------------------------------------------------------


@pytest.mark.looptime
async def test_calls(source: ProfileSource, client: Client, configs: list[CustomerConfig]) -> None:
    """A customer takes two calls, and one while it is known that there are no events."""
    calls = [source.calls]
    client.happened.content = EventsRefused()
    for identity in (ADA, BOB):
        await source.fetch(identity, TURN)
        calls.append(source.calls)
    await asyncio.sleep(3600)
    calls.append(source.calls)

    assert calls == [2, 2, 1, 2]


@pytest.mark.looptime
async def test_refused_twice(source: ProfileSource, client: Client) -> None:
    """Once two customers' events were refused, nobody's are asked for, for an hour."""
    client.happened.content = EventsRefused()
    for identity in (ADA, ADA, BOB, ADA, BOB):
        assert (await source.fetch(identity, TURN)).missing == NOT_ENABLED
    assert client.count("events") == 3

    await asyncio.sleep(1800)
    for identity in (ADA, BOB):
        await source.fetch(identity, TURN)
    await asyncio.sleep(1800)
    client.happened.content = ()
    assert (await source.fetch(ADA, TURN)).missing == ()


async def test_refused_for_one_customer(source: ProfileSource, client: Client) -> None:
    """One customer's refusal says nothing of others', and an answer in between clears it."""
    for identity, content in (
        (ADA, EventsRefused()),
        (BOB, ()),
        (BOB, EventsRefused()),
        (BOB, SourceFailed()),
        (BOB, EventsRefused()),
    ):
        client.happened.content = content
        await source.fetch(identity, TURN)
    assert client.count("events") == 5


async def test_refused_without_a_profile(source: ProfileSource, client: Client) -> None:
    """Where the profile fails too, nothing is learnt about events."""
    client.happened.content, client.attributes.content = EventsRefused(), NotSetUp(403)
    for identity in (ADA, BOB, ADA):
        with pytest.raises(LookupFailed):
            await source.fetch(identity, TURN)
    assert client.count("events") == 3


async def test_another_configuration(source: ProfileSource, client: Client, configs: list[CustomerConfig]) -> None:
    """Another customer.yml clears what was remembered."""
    client.happened.content = EventsRefused()
    for identity in (ADA, BOB, ADA):
        await source.fetch(identity, TURN)
    configs.append(with_arrays())
    await source.fetch(ADA, TURN)

    assert client.count("events") == 3


async def test_arrays(source: ProfileSource, client: Client, configs: list[CustomerConfig]) -> None:
    """Arrays take the place of events where there are none; that they may not be complete is kept in mind."""
    configs.append(with_arrays())
    client.happened.content = EventsRefused()
    client.attributes.content = {"_demo": {"orders": [{"at": "2026-03-01"}]}}
    profile = await source.fetch(ADA, TURN)

    assert ([each.time.day for each in profile.purchases], profile.missing) == ([1], NOT_ENABLED)
    assert profile.recent_only


async def test_arrays_when_events_fail(source: ProfileSource, client: Client, configs: list[CustomerConfig]) -> None:
    """Where events fail, arrays stand in, and the profile says that events are missing."""
    configs.append(with_arrays())
    client.happened.content = SourceFailed(500)

    assert (await source.fetch(ADA, TURN)).missing == (Missing(Part.EVENTS, Why.FAILED),)


async def test_one_array(source: ProfileSource, client: Client, configs: list[CustomerConfig]) -> None:
    """With an array for purchases alone, interactions are missing."""
    content = with_arrays().model_dump()
    content["profile"]["interactions"]["instead_of_events"] = None
    configs.append(CustomerConfig.model_validate(content))
    client.happened.content = EventsRefused()

    assert (await source.fetch(ADA, TURN)).missing == NOT_ENABLED


# -- names -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.looptime
async def test_names_are_kept(source: ProfileSource, client: Client) -> None:
    """A name is asked for once in six hours, and that there is none once in ten minutes."""
    client.named.content = {"a-1": "Runners"}
    profiles: list[Profile] = [await source.fetch(ADA, TURN), await source.fetch(BOB, TURN)]
    await asyncio.sleep(600)
    profiles.append(await source.fetch(ADA, TURN))
    await asyncio.sleep(6 * 3600)
    profiles.append(await source.fetch(ADA, TURN))

    assert {profile.audiences for profile in profiles} == {(Audience("a-1", "Runners"), Audience("a-2"))}
    assert [asked for asked in client.asked if asked[0] == "names"] == [
        ("names", "a-1", "a-2"),
        ("names", "a-2"),
        ("names", "a-1", "a-2"),
    ]


async def test_names_at_hand_show(source: ProfileSource, client: Client) -> None:
    """Names that are at hand show even where others can't be had."""
    await source.fetch(ADA, TURN)
    client.named.content = SourceFailed(500)
    client.attributes.content = {"segmentMembership": {"ups": {each: {"status": "realized"} for each in ("a-1", "a-9")}}}
    profile = await source.fetch(ADA, TURN)

    assert profile.audiences == (Audience("a-1", "Runners"), Audience("a-9"))
    assert profile.missing == (Missing(Part.AUDIENCE_NAMES, Why.FAILED),)


async def test_few_names_are_kept() -> None:
    """The memory for names is bounded; the oldest makes room."""

    async def ask(ids: Sequence[str], turn: Turn) -> dict[str, str]:
        return {each: each.upper() for each in ids}

    names = AudienceNames(ask, clock=now, most=2)
    await names.fetch(["a", "b", "c"], TURN)

    assert names.at_hand(["a", "b", "c"]) == {"b": "B", "c": "C"}


@pytest.mark.looptime
async def test_many_names(source: ProfileSource, client: Client) -> None:
    """Of very many audiences' names each look-up fetches some more, until all are there."""
    ids = [f"a-{number}" for number in range(250)]
    client.attributes.content = {"segmentMembership": {"ups": {each: {"status": "realized"} for each in ids}}}
    client.named = Outcome(dict.fromkeys(ids, "Name"), after=0.6)
    named = [sum(each.name is not None for each in (await source.fetch(ADA, TURN)).audiences) for _ in range(3)]

    assert named == [100, 200, 250]


@pytest.mark.parametrize(("limit", "recent_only"), [(1, True), (2, False)])
async def test_as_many_events_as_asked_for_may_not_be_all(client: Client, limit: int, recent_only: bool) -> None:
    """Where the limit was reached there may be older events: the profile says that it knows the latest only."""
    source = AdobeSource(client, config, clock=now, patience=replace(PATIENCE, events_limit=limit))

    profile = await source.fetch(ADA, TURN)

    assert profile.recent_only == recent_only
