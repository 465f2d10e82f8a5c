from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hub.merging import Merged, merged
from bot.hub.model import AttributeMerge, Dataset, Fragment, MergePolicy, Organisation, Xdm

CRM, LOYALTY, SHOP = (
    Dataset(number, f"{number:024x}", name, "schema", True) for number, name in enumerate(["CRM", "Loyalty", "Shop"], 1)
)
ORGANISATION = Organisation("demo", datasets=(CRM, LOYALTY, SHOP))
NEWEST = MergePolicy("newest", "Newest", default=True)


def precedence(*datasets: Dataset) -> MergePolicy:
    order = tuple(dataset.id for dataset in datasets)
    return replace(NEWEST, attribute_merge=AttributeMerge.DATASET_PRECEDENCE, order=order)


def fragment(dataset: Dataset, time: int, body: Xdm, **more: Any) -> Fragment:
    parts: dict[str, Any] = {"identity": 1, "dataset": dataset.number, "time": time, "id": "", "modified": time, "body": body}
    return Fragment(**parts | more)


def entity(policy: MergePolicy, *fragments: Fragment) -> Xdm:
    return merged(fragments, policy, ORGANISATION).entity


OLD = fragment(CRM, 1, {"person": {"name": {"firstName": "Ada", "lastName": "Byron"}}, "loyalty": {"tier": "gold"}})
NEW = fragment(LOYALTY, 2, {"person": {"name": {"lastName": "Lovelace"}}, "loyalty": {"points": 7}})


def test_newest() -> None:
    """Field by field, the value of the fragment that was updated last wins; the others fill the gaps."""
    expected = {"person": {"name": {"firstName": "Ada", "lastName": "Lovelace"}}, "loyalty": {"tier": "gold", "points": 7}}

    assert expected == entity(NEWEST, OLD, NEW)


def test_precedence() -> None:
    """Field by field, the value from the dataset that comes first wins, whenever it came."""
    expected = {"person": {"name": {"firstName": "Ada", "lastName": "Byron"}}, "loyalty": {"tier": "gold", "points": 7}}

    assert expected == entity(precedence(CRM, LOYALTY), OLD, NEW)


def test_left_out() -> None:
    """A dataset that a precedence doesn't name isn't merged, nor a source; one that isn't there any more is passed over."""
    gone = replace(CRM, id="f" * 24)
    found = merged([OLD, NEW], precedence(gone, LOYALTY), ORGANISATION)

    assert Merged({"person": {"name": {"lastName": "Lovelace"}}, "loyalty": {"points": 7}}, (LOYALTY.id,), 2) == found


def test_newest_within_a_dataset() -> None:
    """Two identities of a customer in one dataset: its newer fragment wins there, too."""
    older, newer = (fragment(CRM, time, {"timeZone": zone}, identity=time) for time, zone in [(1, "UTC"), (2, "CET")])

    assert entity(precedence(CRM), newer, older) == {"timeZone": "CET"}


def test_provenance() -> None:
    """The datasets that were merged, the strongest first and once each, and when the youngest fragment was taken in."""
    found = merged([OLD, replace(NEW, modified=5), fragment(CRM, 0, {}, modified=9)], NEWEST, ORGANISATION)

    assert ((LOYALTY.id, CRM.id), 9) == (found.sources, found.modified)


def test_nothing() -> None:
    """Of no fragments nothing is known."""
    assert Merged({}, (), 0) == merged([], NEWEST, ORGANISATION)


def test_lists_are_one_value() -> None:
    """A list isn't joined with another: the stronger one is there as it came."""
    weak, strong = fragment(CRM, 1, {"tags": ["a", "b"]}), fragment(SHOP, 2, {"tags": []})

    assert entity(NEWEST, weak, strong) == {"tags": []}


@pytest.mark.parametrize(("weak", "strong"), [({"a": 1}, 2), (1, {"a": 2}), ([1], {"a": 2})])
def test_other_shapes(weak: object, strong: object) -> None:
    """Where one fragment has an object and another hasn't, the stronger is taken whole."""
    assert {"x": strong} == entity(NEWEST, fragment(CRM, 1, {"x": weak}), fragment(SHOP, 2, {"x": strong}))


@pytest.mark.parametrize("falsy", [False, 0, "", [], {}])
def test_falsy_values(falsy: object) -> None:
    """False, nought and whatever is empty are values like others."""
    found = entity(NEWEST, fragment(CRM, 1, {"x": "weak"}), fragment(SHOP, 2, {"x": falsy}))

    assert {"x": falsy} == found


def test_null() -> None:
    """Null hides no value."""
    assert entity(NEWEST, fragment(CRM, 1, {"x": 1, "y": {"z": 2}}), fragment(SHOP, 2, {"x": None, "y": {"z": None}})) == {
        "x": 1,
        "y": {"z": 2},
    }


def test_memberships() -> None:
    """Maps merge key by key, and a membership is one value: its status and its time aren't torn apart."""
    weak = {"ups": {"a": {"status": "realized", "validUntil": "2026"}, "b": {"status": "exited"}}}
    strong = {"ups": {"a": {"status": "exited"}}, "AAM": {"c": {"status": "realized"}}}
    expected = {"ups": {"a": {"status": "exited"}, "b": {"status": "exited"}}, "AAM": {"c": {"status": "realized"}}}

    assert {"segmentMembership": expected} == entity(
        NEWEST, fragment(CRM, 1, {"segmentMembership": weak}), fragment(SHOP, 2, {"segmentMembership": strong})
    )


def test_identity_map() -> None:
    """Who a record is of isn't one of the customer's attributes."""
    record = fragment(CRM, 1, {"identityMap": {"email": [{"id": "ada@example.com"}]}, "timeZone": "UTC"})

    assert entity(NEWEST, record) == {"timeZone": "UTC"}
    assert "identityMap" in record.body


TIED = [
    fragment(SHOP, 1, {"x": "dataset"}),
    fragment(LOYALTY, 1, {"x": "id"}, id="b"),
    fragment(LOYALTY, 1, {"x": "z"}, id="a", identity=2),
    fragment(LOYALTY, 1, {"x": "y"}, id="a", identity=1),
]


@pytest.mark.parametrize("strongest", range(len(TIED)))
def test_equal_timestamps(strongest: int) -> None:
    """Equal timestamps are ordered by dataset, then id, then the record itself, in whichever order they come."""
    expected = {TIED[strongest].body["x"]}

    assert expected == {entity(NEWEST, *order)["x"] for order in permutations(TIED[strongest:])}


bodies = st.recursive(
    st.integers(0, 3) | st.lists(st.integers(0, 1), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=6,
)
fragments = st.builds(
    fragment,
    st.sampled_from([CRM, LOYALTY, SHOP]),
    st.integers(0, 2),
    st.dictionaries(st.sampled_from(["person", "loyalty", "segmentMembership"]), bodies, max_size=3),
    id=st.sampled_from(["", "1"]),
)


@given(st.lists(fragments, max_size=5).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))), st.booleans())
def test_any_order(both: tuple[list[Fragment], list[Fragment]], newest: bool) -> None:
    """The order of the fragments makes no difference, and merging changes none of them."""
    one, other = both
    before = repr([each.body for each in one])
    policy = NEWEST if newest else precedence(SHOP, CRM)

    assert merged(one, policy, ORGANISATION) == merged(other, policy, ORGANISATION)
    assert before == repr([each.body for each in one])
