"""Which numbers are one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.hub.database.joining import Joins

groups = st.lists(st.sets(st.integers(0, 15), min_size=1, max_size=4), max_size=12)


def joined(together: list[set[int]]) -> set[frozenset[int]]:
    joins = Joins()
    for group in together:
        joins.join(group)
    return {frozenset(each) for each in joins.sets()}


def spread(together: list[set[int]]) -> set[frozenset[int]]:
    """The same by spreading along the groups until nothing is reached any more."""
    found = set()
    for start in set().union(*together):
        reached, before = {start}, set[int]()
        while reached != before:
            before = reached
            reached = reached.union(*(group for group in together if group & reached))
        if len(reached) > 1:
            found.add(frozenset(reached))
    return found


@given(groups)
def test_what_is_linked_through_others_is_one_set(together: list[set[int]]) -> None:
    assert spread(together) == joined(together)


@given(groups, st.randoms(use_true_random=False))
def test_the_order_makes_no_difference(together: list[set[int]], chance: object) -> None:
    """Nor does joining once more."""
    other = together + together[:3]
    chance.shuffle(other)  # type: ignore[attr-defined]

    assert joined(together) == joined(other)
