"""Adobe's words become ours, however dirty they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.config import CustomerConfig
from bot.profiles.model import (
    Audience,
    Contact,
    Identities,
    Name,
    Profile,
)
from bot.profiles.paths import profile_fields
from bot.profiles.wire import RawProfile
from bot.profiles.xdm import Mapper, audience_ids
from tests.factories import config
from tests.profiles.invented import ADA, ADA_XID, default_config, event, read, with_arrays

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["2026-03-02T10:00:00Z", "EUR", "y", "1e99"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ({"firstName": "Ada", "middleName": "K", "lastName": "Lovelace"}, Name("Ada K Lovelace", "Ada", "Lovelace")),
        ({"firstName": " Ada ", "lastName": "", "fullName": "Countess Ada"}, Name("Countess Ada", "Ada")),
        ({"lastName": "Lovelace"}, Name("Lovelace", None, "Lovelace")),
        ({"xdm:firstName": "Ada"}, Name("Ada", "Ada")),
        ({}, Name()),
        ({"firstName": 7}, Name()),
        ("Ada", Name()),
    ],
)
def test_name(person: object, name: Name) -> None:
    """The full name is the source's, else it is put together; only texts are names."""
    assert read({"person": {"name": person}}).name == name


def test_a_name_of_fifty_kilobytes() -> None:
    """Formatters shorten texts; what is no text any more is dropped."""
    assert read({"person": {"name": {"fullName": "A" * 50_000}}}).name.full == "A" * 50_000
    assert read({"person": {"name": {"fullName": "A" * 200_000}}}).dropped == 1


def test_contacts() -> None:
    """Contacts come in the mapping's order, the address as city and country."""
    entity: dict[str, object] = {
        "homeAddress": {"city": "Berlin", "countryCode": "DE"},
        "mobilePhone": {"number": "+49 30 23125 123"},
        "personalEmail": {"address": "ada@example.com"},
        "workPhone": {"number": 493023125124},
        "workEmail": {"address": ["ada@work.example.com"]},
    }
    profile = read(entity)

    assert profile.contacts == (
        Contact("email", "personal_email", "ada@example.com"),
        Contact("phone", "mobile_phone", "+49 30 23125 123"),
        Contact("phone", "work_phone", "493023125124"),
        Contact("address", "home_address", "Berlin, DE"),
    )
    assert profile.dropped == 1


def test_half_an_address() -> None:
    """A city alone is an address."""
    assert read({"homeAddress": {"city": "Berlin"}}).contacts == (Contact("address", "home_address", "Berlin"),)


def test_no_address_configured() -> None:
    """A mapping without an address shows none, and asks for none."""
    content = default_config().model_dump()
    content["profile"]["address"] = None
    config = CustomerConfig.model_validate(content)

    assert read({"homeAddress": {"city": "Berlin"}}, mapping=config).contacts == ()
    assert "homeAddress.city" not in profile_fields(config)


def test_identities() -> None:
    """Identities are counted once, from both places, and codes are spelt as configured."""
    entity: dict[str, object] = {
        "identityMap": {
            "ecid": [{"id": "1"}, {"id": "2"}, {"xdm:id": "3"}, 7, {"id": 8}],
            "email": [{"id": "ada@example.com"}],
            "odd": {},
        },
        "identities": [
            {"id": "ada@example.com", "namespace": {"code": "Email"}},
            {"id": "a-1", "namespace": {"code": "visitor"}},
            {"id": "", "namespace": {"code": "visitor"}},
            {"id": "b", "namespace": "visitor"},
            "odd",
        ],
    }

    assert read(entity).identities == Identities("Email", "ada@example.com", 5, ("ECID", "Email", "visitor"))


def test_identities_from_the_graph() -> None:
    """A profile without identities of its own has as many as its graph."""
    raw = RawProfile(ADA_XID, {"identities": 7, "identityMap": 7}, graph_size=4)

    assert Mapper(config()).profile(ADA, raw, (), {}).identities.count == 4


def test_small_things() -> None:
    """Language, time zone, preferred channel and the first readable date of "customer since"."""
    profile = read(
        {
            "preferredLanguage": "de-DE",
            "timeZone": "Europe/Berlin",
            "consents": {"marketing": {"preferred": "email"}},
            "userAccount": {"startDate": "long ago"},
            "loyalty": {"joinDate": "2019-05-04T23:30:00-05:00"},
        }
    )

    assert (profile.language, profile.time_zone, profile.preferred_channel) == ("de-DE", "Europe/Berlin", "email")
    assert (profile.customer_since, profile.dropped) == (date(2019, 5, 4), 1)


@pytest.mark.parametrize(
    ("written", "time", "dropped"),
    [
        ("2026-03-01T09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC), 0),
        ("1970-01-01T00:00:00Z", None, 0),
        (None, None, 0),
        ("yesterday", None, 1),
    ],
)
def test_last_modified(written: str | None, time: datetime | None, dropped: int) -> None:
    """1970 is how Adobe says "never"."""
    profile = Mapper(config()).profile(ADA, RawProfile(ADA_XID, {}, ("5e7a31",), written), (), {})

    assert (profile.last_modified, profile.dropped, profile.sources) == (time, dropped, ("5e7a31",))


MEMBERSHIP: dict[str, object] = {
    "ups": {
        "a-1": {"status": "realized", "lastQualificationTime": "2026-01-01T00:00:00Z"},
        "a-2": {"status": "exited", "lastQualificationTime": "2026-01-01T00:00:00Z"},
        "a.4": {"status": "realized"},
        "a-5": {"status": 7},
        "a-6": "realized",
    },
    "AAM": {
        "a-1": {"status": "existing"},
        "a-3": {"xdm:status": "Existing", "xdm:lastQualificationTime": "2026-02-01T00:00:00Z"},
    },
    "odd": 7,
}


def test_audiences() -> None:
    """Who is realized or existing is in, the latest first; an audience without a name keeps its id."""
    profile = read({"xdm:segmentMembership": MEMBERSHIP}, names={"a-1": "Runners"})

    assert profile.audiences == (
        Audience("a-3", None, datetime(2026, 2, 1, tzinfo=UTC)),
        Audience("a-1", "Runners", datetime(2026, 1, 1, tzinfo=UTC)),
        Audience("a.4"),
    )
    assert profile.dropped == 2


def test_audience_ids() -> None:
    """Names are asked for once for each audience that the customer is in."""
    assert audience_ids({"segmentMembership": MEMBERSHIP}) == ("a-1", "a.4", "a-3")


@st.composite
def dirty_entities(draw: st.DrawFn) -> dict[str, object]:
    """Entities that have anything at the paths which the mapping reads."""
    entity: dict[str, object] = {}
    for path in draw(
        st.lists(st.sampled_from([*profile_fields(with_arrays()), "segmentMembership.ups.a-1", "identityMap.Email"]))
    ):
        _put(entity, path.split("."), draw(JSON))
    return entity


def _put(node: dict[str, object], keys: Sequence[str], value: object) -> None:
    key, *rest = keys
    if not rest:
        node[key] = value
        return
    inner = node.setdefault(key, {})
    if isinstance(inner, dict):
        _put(inner, rest, value)


@given(
    dirty_entities(),
    st.none() | st.lists(JSON | st.builds(event, kind=JSON, commerce=JSON, productListItems=JSON, marketing=JSON)),
)
def test_anything_is_a_profile(entity: dict[str, object], events: list[object] | None) -> None:
    """However dirty the data, there is a profile, and it can be kept in a cache."""
    profile = read(entity, events, mapping=with_arrays())
    adapter = TypeAdapter(Profile)

    assert adapter.validate_json(adapter.dump_json(profile)) == profile


def test_odd_membership() -> None:
    """Memberships that are no object are none, and counted."""
    profile = read({"segmentMembership": ["a-1"]})

    assert (profile.audiences, profile.dropped) == ((), 1)
