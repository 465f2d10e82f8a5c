from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from bot.hub.invented.oddities import ODDITIES
from bot.hub.invented.segments import RETIRED
from bot.hub.records import Identity, Record, Xdm, milliseconds
from bot.hub.sample import sample_identities, sample_store
from bot.hub.store import Store
from tests.hub.conftest import NOW

ADDRESS = re.compile(r"[\w.+-]+@(example\.(com|org|net)|[a-z]+\.example)")
PHONE = re.compile(r"\+493023125\d{3}|\+442079460\d{3}|\+121255501\d{2}|\+3319900\d{4}|\+468465004\d{2}")


def dump(store: Store) -> bytes:
    return orjson.dumps(store.records, default=tuple)


def at(record: Record, path: str) -> Any:
    value: Any = record.entity
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def odd(store: Store, mailbox: str) -> Record:
    namespace = store.namespace("Email")
    assert namespace
    record = store.find(namespace, f"{mailbox}@example.com")
    assert record
    return record


def clean(store: Store) -> Iterator[Record]:
    boxes = {f"{mailbox}@example.com" for mailbox in ODDITIES}
    return (record for record in store.records if record.identities[0].value not in boxes)


def test_the_same_again(store: Store) -> None:
    """The same seed and now give the same bytes."""
    assert dump(sample_store(now=NOW)) == dump(store)


def test_another_seed(store: Store) -> None:
    """Another seed gives other people, and the same Ada."""
    other = sample_store(seed=2, now=NOW)

    assert len(set(sample_identities(other)) & set(sample_identities(store))) < 60
    assert other.records[0].entity == store.records[0].entity


@pytest.mark.parametrize("seed", range(2, 8))
def test_any_seed(seed: int) -> None:
    """Any seed gives 200 customers whose identities are theirs alone."""
    assert len(sample_store(seed=seed, now=NOW).records) == 200


def test_alive(store: Store) -> None:
    """Times move with now: the same identities, and everything just before it."""
    later = sample_store(now=NOW + timedelta(days=400))

    assert list(sample_identities(later)) == list(sample_identities(store))
    for now, each in ((NOW, store), (NOW + timedelta(days=400), later)):
        assert all(event.time < milliseconds(now) and event.modified <= now for record in each.records for event in record.events)
        assert all(record.modified <= now for record in each.records)


def test_identities(store: Store) -> None:
    """200 customers, each with a primary e-mail address, no identity twice, nothing that could be somebody's."""
    everything = [identity for record in store.records for identity in record.identities]

    assert len(list(sample_identities(store))) == 200
    assert all(identity.namespace == "Email" for identity in sample_identities(store))
    assert len(everything) == len(set(everything))
    assert all(ADDRESS.fullmatch(value) for namespace, value in everything if namespace == "Email")
    assert all(PHONE.fullmatch(value) for namespace, value in everything if namespace == "Phone")
    assert all(re.fullmatch(r"\d{38}", value) for namespace, value in everything if namespace == "ECID")
    assert {len(record.identities) for record in store.records} >= {1, 3, 4, 5, 60}


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
def test_variety(store: Store, path: str, least: int) -> None:
    """Customers differ in whatever a card shows."""
    values = Counter(str(value) for record in clean(store) if (value := at(record, path)) is not None)

    assert len(values) >= least


def test_bands(store: Store) -> None:
    """Churn comes in all bands, and some have never been scored."""
    scores = [at(record, "_demo.customerAI.churn.score") for record in clean(store)]
    bands = Counter("none" if score is None else "low" if score < 40 else "medium" if score < 70 else "high" for score in scores)

    assert all(bands[band] >= 10 for band in ("none", "low", "medium", "high"))


def test_amount_of_events(store: Store) -> None:
    """Some have hundreds of events, some next to nothing, and nobody more than Adobe advises."""
    counts = sorted(len(record.events) for record in store.records)

    assert counts[0] == 0
    assert sum(count > 200 for count in counts) >= 5
    assert sum(count < 5 for count in counts) >= 5
    assert counts[-1] < 5000


def test_event_types(store: Store) -> None:
    """Events are purchases, mailings, messages and visits, in order of time, each with an id of its own."""
    kinds = {event.entity["eventType"] for record in clean(store) for event in record.events}
    ids = [event.id for record in store.records for event in record.events]

    assert kinds >= {
        "commerce.purchases",
        "commerce.cartAbandons",
        "directMarketing.emailSent",
        "directMarketing.emailDelivered",
        "directMarketing.emailOpened",
        "directMarketing.emailClicked",
        "directMarketing.emailBounced",
        "directMarketing.emailUnsubscribed",
        "message.feedback",
        "message.tracking",
        "web.webpagedetails.pageViews",
    }
    assert len(ids) == len(set(ids))
    for record in store.records:
        moments = [event.time for event in record.events]
        assert moments == sorted(moments)


def test_clean(store: Store) -> None:
    """Whoever isn't odd on purpose has readable data: orders with amount and currency, times with a zone, counts that agree."""
    for record in clean(store):
        orders = [event.entity for event in record.events if event.entity["eventType"] == "commerce.purchases"]
        assert at(record, "_demo.SystemComputedAttributes.ordersCount") in {None, len(orders)}
        for order in orders:
            total = sum(item["priceTotal"] for item in order["productListItems"])
            assert order["commerce"]["order"]["priceTotal"] == pytest.approx(total)
            assert order["commerce"]["order"]["currencyCode"] in {"EUR", "GBP", "USD", "SEK", "JPY", "BRL"}
        for event in record.events:
            assert milliseconds(datetime.fromisoformat(event.entity["timestamp"])) == event.time // 1000 * 1000


def test_audiences(store: Store) -> None:
    """Every membership has a known status, and an audience with a name unless it has been retired."""
    memberships = [item for record in store.records for item in (at(record, "segmentMembership.ups") or {}).items()]
    unknown = {audience for audience, _ in memberships if store.audience(audience) is None}

    assert {membership["status"] for _, membership in memberships} == {"realized", "existing", "exited"}
    assert len({audience for audience, _ in memberships}) == 13
    assert unknown == {RETIRED}


def test_ada(store: Store) -> None:
    """Ada is rich in everything: high value, about to leave, opted out of e-mail, a case open, seen yesterday."""
    ada = store.records[0]
    consents = ada.entity["consents"]["marketing"]
    kinds = Counter(event.entity["eventType"] for event in ada.events)

    assert ada.identities == (
        Identity("Email", "ada@example.com"),
        Identity("Email", "ada.lovelace@quillworks.example"),
        Identity("Phone", "+493023125123"),
        Identity("CRMID", "C-10001"),
        Identity("ECID", "38400000000000000000000000000000000001"),
        Identity("Loyalty", "L-200001"),
    )
    assert at(ada, "person.name.fullName") == "Ada Lovelace"
    assert at(ada, "_demo.lifetimeValue.amount") >= 5000
    assert at(ada, "_demo.customerAI.churn.score") >= 70
    assert len(at(ada, "_demo.customerAI.churn.influentialFactors")) == 3
    assert at(ada, "_demo.support.openCase.subject")
    assert (consents["email"]["val"], consents["preferred"]) == ("n", "sms")
    assert kinds["commerce.purchases"] == 14
    assert len(at(ada, "segmentMembership.ups")) >= 5
    assert timedelta(hours=24) < NOW - datetime.fromtimestamp(ada.events[-1].time / 1000, UTC) < timedelta(hours=48)


def test_odd_names(store: Store) -> None:
    """One customer's name holds what a chat might take for a command, markup, emoji or right-to-left text."""
    name = at(odd(store, "markup"), "person.name.fullName")

    assert all(piece in name for piece in ("<!channel>", "*Bold*", "🦊", "مرحبا", "\u202e"))


def test_odd_data(store: Store) -> None:
    """What is dirty in real data is dirty with one customer each."""
    tab, gaps = odd(store, "tab"), odd(store, "gaps")
    prices = [o for o in (event.entity.get("commerce", {}).get("order") for event in odd(store, "nocurrency").events) if o]

    assert all(event.entity["eventType"].endswith("\t") for event in tab.events)
    assert prices
    assert not any("currencyCode" in order for order in prices)
    assert at(odd(store, "baddates"), "userAccount.startDate") == "0000-00-00"
    assert at(odd(store, "extra"), "_legacy")
    assert "person" not in gaps.entity
    assert at(odd(store, "strings"), "_demo.lifetimeValue.amount") == "812.40"
    assert len(odd(store, "many").identities) == 60


def beyond(schema: Xdm, value: Any, path: str = "") -> Iterator[str]:
    """The paths of `value` that `schema` doesn't describe."""
    if isinstance(value, dict):
        for key, below in value.items():
            known = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
            yield from beyond(known, below, f"{path}.{key}") if known else [f"{path}.{key}"]
    elif isinstance(value, list):
        for item in value:
            yield from beyond(schema["items"], item, f"{path}[]")


def test_union(store: Store) -> None:
    """The union schema knows every path that clean profiles use."""
    schema = {"properties": store.union}

    assert {path for record in clean(store) for path in beyond(schema, record.entity)} == set()
    assert set(beyond(schema, odd(store, "extra").entity)) == {"._legacy", ".person.nickName"}
