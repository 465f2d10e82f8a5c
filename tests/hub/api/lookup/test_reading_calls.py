"""What calls ask for, read from parameters and bodies: pure, and safe against whatever comes."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from bot.hub.api import bodies, parameters
from bot.hub.api.cursor import cursor_of, placed
from bot.hub.api.query import Asked, Query, Window
from bot.hub.database.reading import EventKey
from bot.hub.errors import Refused
from bot.hub.filtering import Property
from tests.hub.api.lookup.stage import EVENT, PROFILE

wholes = st.integers(-(2**63), 2**63 - 1)
places = st.builds(EventKey, wholes, wholes, st.text(max_size=8), wholes)


@given(places)
def test_cursor(place: EventKey) -> None:
    """A cursor stands for its place, and needs no escape in a URL."""
    assert place == placed(cursor_of(place))
    assert cursor_of(place).replace("-", "").replace("_", "").isalnum()


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_cursor(text: str) -> None:
    """Any other text is refused, rather than failing later."""
    with suppress(Refused):
        assert cursor_of(placed(text))


@pytest.mark.parametrize(
    "parts", ["[1,2,3,4]", '[1,2,"a"]', '[true,2,"a",4]', '[1,2,"a",4,5]', '{"time":1}', '[9223372036854775808,2,"a",4]']
)
def test_other_places(parts: str) -> None:
    """A text that spells no place is refused."""
    with pytest.raises(Refused):
        placed(base64.urlsafe_b64encode(parts.encode()).decode())


def test_parameters() -> None:
    """Everything that a GET can say."""
    place = EventKey(1, 2, "e3", 4)
    params = QueryParams(
        [
            ("schema.name", EVENT),
            ("relatedSchema.name", PROFILE),
            ("relatedEntityId", "ada@example.com"),
            ("relatedEntityIdNS", "Email"),
            ("entityId", "not this one"),
            ("fields", "web.webPageDetails,eventType"),
            ("mergePolicyId", "m1"),
            ("orderby", "-timestamp"),
            ("startTime", "10"),
            ("endTime", "20"),
            ("limit", "7"),
            ("property", "a.b=1"),
            ("property", 'c<="2020-07-20"'),
            ("start", cursor_of(place)),
            ("withCA", "False"),
        ]
    )
    expected = Query(
        asked=(Asked("ada@example.com", "Email", place),),
        keep={"web": {"webPageDetails": {}}, "eventType": {}},
        merge_policy="m1",
        computed=False,
        window=Window(
            newest_first=True,
            start=10,
            end=20,
            limit=7,
            properties=(Property(("a", "b"), "=", "1"), Property(("c",), "<=", "2020-07-20")),
        ),
    )

    assert expected == parameters.read(params)


def test_body() -> None:
    """Everything that a POST can say."""
    place = EventKey(1, 2, "e3", 4)
    body = {
        "schema": {"name": EVENT},
        "relatedSchema": {"name": PROFILE},
        "identities": [
            {"relatedEntityId": "AbcdefGhijklMnopqrstUvwx", "start": cursor_of(place)},
            {"entityId": "ada@example.com", "entityIdNS": {"code": "Email"}},
        ],
        "fields": ["web.webPageDetails", "eventType"],
        "mergePolicyId": "m1",
        "timeFilter": {"startTime": 10, "endTime": 2e1},
        "orderBy": "-timestamp",
        "limit": 7,
        "withCA": False,
    }
    expected = Query(
        asked=(Asked("AbcdefGhijklMnopqrstUvwx", None, place), Asked("ada@example.com", "Email")),
        keep={"web": {"webPageDetails": {}}, "eventType": {}},
        merge_policy="m1",
        computed=False,
        window=Window(newest_first=True, start=10, end=20, limit=7),
    )

    assert expected == bodies.read(body)


names = st.sampled_from(
    ["entityId", "entityIdNS", "relatedEntityId", "mergePolicyId", "orderby", "limit", "start", "startTime", "property", "fields"]
)


@given(st.sampled_from([PROFILE, EVENT]), st.lists(st.tuples(names, st.text(max_size=6)), max_size=8))
def test_any_parameters(schema: str, some: list[tuple[str, str]]) -> None:
    """Whatever is asked, it is understood or refused with a 400."""
    with suppress(Refused):
        assert parameters.read(QueryParams([("schema.name", schema), ("relatedSchema.name", PROFILE), *some])).asked


json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(names, below, max_size=3),
    max_leaves=5,
)


@given(
    st.sampled_from([PROFILE, EVENT]),
    st.dictionaries(st.sampled_from(["identities", "fields", "limit", "orderby", "timeFilter", "mergePolicyId", "withCA"]), json),
    st.lists(st.dictionaries(names, json, max_size=3), min_size=1, max_size=3),
)
def test_any_body(schema: str, some: dict[str, Any], identities: list[Any]) -> None:
    """So is whatever is posted."""
    with suppress(Refused):
        body = {"schema": {"name": schema}, "relatedSchema": {"name": PROFILE}, "identities": identities}
        assert bodies.read(body | some).asked
