"""The sample, as any client of Adobe's API sees it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.hub.database import figures, imports
from bot.hub.database.connection import Database
from bot.hub.invented.customers import CUSTOMERS, customers, oddity
from bot.hub.invented.systems.partner import MEMBERS, RETIRED
from bot.hub.model import Identity, Xdm
from bot.hub.sampling import sample_database
from tests.hub.conftest import ENTITIES, NOW, Clock, authorise, client_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What the hub answers of one customer: the profile, None if it can't be looked up, and the events, oldest first."""

    profile: Xdm | None
    events: list[Xdm]

    def at(self, path: str) -> Any:
        value: Any = self.profile and self.profile["entity"]
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True, slots=True)
class Sample:
    """The whole sample by e-mail address, with the names of audiences and the union schema."""

    seen: dict[str, Seen]
    names: dict[str, str]
    union: Xdm

    @property
    def clean(self) -> Iterator[Seen]:
        odd = {customer.person.email for customer in customers(1, NOW) if oddity(customer)}
        return (seen for address, seen in self.seen.items() if address not in odd)


@pytest.fixture(scope="session")
def sample(database: Database) -> Sample:
    return asyncio.run(looked_at(database))


async def looked_at(database: Database) -> Sample:
    async with client_of(database, Clock()) as http:
        await authorise(http)
        seen = {each.person.email: await look(http, Identity("Email", each.person.email)) for each in customers(1, NOW)}
        audiences = (await http.get("/data/core/ups/audiences", params={"limit": "100"})).json()["children"]
        accept = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
        union = await http.get("/data/foundation/schemaregistry/tenant/unions/_xdm.context.profile__union", headers=accept)
    return Sample(seen, {each["audienceId"]: each["name"] for each in audiences}, union.json())


async def look(http: httpx.AsyncClient, identity: Identity) -> Seen:
    asked = {"schema.name": "_xdm.context.profile", "entityId": identity.value, "entityIdNS": identity.namespace}
    answer = await http.get(ENTITIES, params=asked)
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        return Seen(None, [])
    [profile] = answer.raise_for_status().json().values()
    of = {
        "relatedSchema.name": "_xdm.context.profile",
        "relatedEntityId": identity.value,
        "relatedEntityIdNS": identity.namespace,
    }
    page = await http.get(ENTITIES, params={"schema.name": "_xdm.context.experienceevent"} | of)
    return Seen(profile, page.raise_for_status().json()["children"])


def orders(seen: Seen) -> list[Xdm]:
    return [each["entity"]["commerce"]["order"] for each in seen.events if "commerce" in each["entity"]]


def beyond(schema: Xdm, value: Any, path: str = "") -> Iterator[str]:
    """The paths of `value` that `schema` doesn't describe."""
    if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
        for key, below in value.items():
            known = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
            yield from beyond(known, below, f"{path}.{key}") if known else [f"{path}.{key}"]
    elif isinstance(value, list):
        for item in value:
            yield from beyond(schema["items"], item, f"{path}[]")


def test_two_hundred_people(database: Database, sample: Sample) -> None:
    """What ten systems know comes together as 200 people, nothing waits, and all but three records are taken in."""
    with closing(database.reader()) as connection:
        found = figures.status(connection)
        refused = [each for run in imports.all(connection) for each in imports.refusals(connection, run.id)]

    assert (found.profiles, found.waiting, found.unsettled) == (CUSTOMERS, 0, 0)
    assert {(each.path, each.reason.split(":")[0]) for each in refused} == {
        ("personalEmail.address", "names nobody"),
        ("timestamp", "isn't in the format date-time"),
    }
    assert len(refused) == found.rejects == 3


def test_graphs(sample: Sample) -> None:
    """Each graph holds the identities of one customer, however many systems they come from."""
    for customer in customers(1, NOW):
        seen = sample.seen[customer.person.email]
        if oddity(customer) != "many":
            assert seen.profile is not None
            assert set(seen.profile["identityGraph"]) == {identity.xid for identity in customer.person.identities}
    assert [address for address, seen in sample.seen.items() if seen.profile is None] == ["many@example.com"]


def test_the_same_again(sample: Sample, tmp_path: Path) -> None:
    """The same seed and now give the same profiles and events."""
    with closing(sample_database(tmp_path, now=NOW)) as again:
        assert asyncio.run(looked_at(again)) == sample


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("homeAddress.countryCode", 10),
        ("preferredLanguage", 10),
        ("loyalty.tier", 4),
        ("consents.marketing.email.val", 6),
        ("consents.marketing.preferred", 4),
        ("userAccount.accountType", 2),
        ("_demo.lifetimeValue.currency", 3),
        ("_demo.preferences.discount", 3),
        ("_demo.preferences.newsletter", 2),
    ],
)
def test_variety(sample: Sample, path: str, least: int) -> None:
    """Customers differ in whatever a card shows."""
    values = Counter(str(value) for seen in sample.clean if (value := seen.at(path)) is not None)

    assert len(values) >= least


def test_bands(sample: Sample) -> None:
    """Churn comes in all bands, and some have never been scored."""
    scores = [seen.at("_demo.customerAI.churn.score") for seen in sample.clean]
    bands = Counter("none" if score is None else "low" if score < 40 else "medium" if score < 70 else "high" for score in scores)

    assert all(bands[band] >= 10 for band in ("none", "low", "medium", "high"))


def test_amount_of_events(sample: Sample) -> None:
    """Some have hundreds of events, some next to nothing, and nobody more than Adobe advises."""
    counts = sorted(len(seen.events) for seen in sample.seen.values())

    assert counts[0] == 0
    assert sum(count > 200 for count in counts) >= 5
    assert sum(count < 5 for count in counts) >= 5
    assert counts[-1] < 5000


def test_events(sample: Sample) -> None:
    """Events are purchases, mailings, messages and visits, in order of time, each once."""
    kinds = {event["entity"]["eventType"] for seen in sample.clean for event in seen.events}
    ids = [event["entityId"] for seen in sample.seen.values() for event in seen.events]

    assert kinds >= {
        "commerce.purchases",
        "commerce.cartAbandons",
        "directMarketing.emailSent",
        "directMarketing.emailBounced",
        "directMarketing.emailUnsubscribed",
        "message.feedback",
        "message.tracking",
        "web.webpagedetails.pageViews",
    }
    assert len(ids) == len(set(ids))
    for seen in sample.seen.values():
        moments = [event["timestamp"] for event in seen.events]
        assert moments == sorted(moments)


def test_computed_attributes(sample: Sample) -> None:
    """Orders are counted and summed from the events themselves."""
    for seen in sample.clean:
        amounts = [order["priceTotal"] for order in orders(seen)]
        computed = seen.at("_demo.SystemComputedAttributes") or {}
        assert computed.get("ordersCount", 0) == len(amounts)
        assert computed.get("largestOrder") == (max(amounts) if amounts else None)


def test_audiences(sample: Sample) -> None:
    """Members have come and gone; an audience from outside is among them, and one that there isn't any more."""
    memberships = [
        (audience, membership["status"])
        for seen in sample.clean
        for source in (seen.at("segmentMembership") or {}).values()
        for audience, membership in source.items()
    ]
    times = {
        membership["lastQualificationTime"]
        for seen in sample.clean
        for membership in (seen.at("segmentMembership.ups") or {}).values()
    }

    assert {audience for audience, _ in memberships} - set(sample.names) == {RETIRED}
    assert set(sample.names) - {audience for audience, _ in memberships} == set()
    assert sample.names[MEMBERS] == "Alpine Club members"
    assert sum(status == "realized" for _, status in memberships) > 300
    assert sum(status == "exited" for _, status in memberships) > 20
    assert len(times) > 1


def test_ada(sample: Sample) -> None:
    """Ada is rich in everything: high value, about to leave, opted out of e-mail, a case open, seen yesterday."""
    ada = sample.seen["ada@example.com"]
    kinds = Counter(event["entity"]["eventType"] for event in ada.events)
    audiences = {
        sample.names[audience]
        for source in ada.at("segmentMembership").values()
        for audience, membership in source.items()
        if membership["status"] != "exited"
    }

    assert ada.at("person.name.fullName") == "Ada Lovelace"
    assert ada.at("loyalty.tier") == "platinum"
    assert ada.at("_demo.lifetimeValue.amount") >= 5000
    assert ada.at("_demo.customerAI.churn.score") >= 70
    assert len(ada.at("_demo.customerAI.churn.influentialFactors")) == 3
    assert ada.at("_demo.support.openCase.subject")
    assert (ada.at("consents.marketing.email.val"), ada.at("consents.marketing.preferred")) == ("n", "sms")
    assert kinds["commerce.purchases"] == ada.at("_demo.SystemComputedAttributes.ordersCount") == 14
    assert audiences == {
        "Alpine Club members",
        "Churn risk: high",
        "Gold and platinum",
        "High value",
        "Open support case",
        "Win-back candidates",
        "Winter sports",
    }
    assert timedelta(hours=24) < NOW - datetime.fromtimestamp(ada.events[-1]["timestamp"] / 1000, UTC) < timedelta(hours=48)


def test_birth_dates_stay_in_the_hub(sample: Sample) -> None:
    """A field labelled C12 is in no answer, though the CRM sends it."""
    assert {seen.at("person.birthDate") for seen in sample.clean} == {None}


def test_odd_names(sample: Sample) -> None:
    """One customer's name holds what a chat might take for a command, markup, emoji or right-to-left text."""
    name = sample.seen["markup@example.com"].at("person.name.fullName")

    assert all(piece in name for piece in ("<!channel>", "*Bold*", "🦊", "مرحبا", "\u202e"))


def test_odd_data(sample: Sample) -> None:
    """What is dirty in real data is dirty with one customer each."""
    odd = {address.partition("@")[0]: seen for address, seen in sample.seen.items()}

    assert all(event["entity"]["eventType"].endswith("\t") for event in odd["tab"].events)
    assert orders(odd["nocurrency"])
    assert not any("currencyCode" in order for order in orders(odd["nocurrency"]))
    assert odd["baddates"].at("userAccount.startDate") == "0000-00-00"
    assert odd["extra"].at("_legacy")
    assert odd["gaps"].at("person") is None
    assert odd["strings"].at("_demo.lifetimeValue.amount") == "812.40"


def test_union(sample: Sample) -> None:
    """The union schema knows every path of every profile, but for what got in before anybody looked."""
    paths = {path for seen in sample.seen.values() if seen.profile for path in beyond(sample.union, seen.profile["entity"])}

    assert paths == {".person.nickName"}
