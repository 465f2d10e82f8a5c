"""The same records in any order, and split in any way, leave the same behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.hub.model import Record
from tests.hub.database.conftest import Store, opened
from tests.hub.database.invented import NOW, SHOP_DATA, WEB_DATA, crm, ecid, email, event, profile

IDENTITIES = [
    *(crm(str(number)) for number in range(4)),
    *(email(f"{name}@example.com") for name in "abcd"),
    ecid("7"),
    ecid("8"),
]
some = st.lists(st.sampled_from(IDENTITIES), min_size=1, max_size=3, unique=True)
records = st.lists(
    st.one_of(
        st.builds(
            lambda identities, **others: profile(*identities, **others),
            some,
            dataset=st.sampled_from([1, SHOP_DATA]),
            time=st.integers(1, 3),
            named=st.sampled_from(["", "p"]),
            city=st.sampled_from(["Berlin", "Bonn"]),
        ),
        st.builds(
            lambda identities, **others: event(*identities, **others),
            some,
            named=st.sampled_from(["e1", "e2"]),
            dataset=st.sampled_from([WEB_DATA, SHOP_DATA]),
            time=st.integers(1, 3),
            page=st.sampled_from(["home", "cart"]),
        ),
    ),
    max_size=25,
)


@contextmanager
def fresh() -> Iterator[Store]:
    with TemporaryDirectory() as folder:
        yield from opened(Path(folder) / "hub.db")


def view(store: Store) -> list[object]:
    """All that can be read, free of the numbers that depend on the order of arrival."""
    seen: list[object] = []
    for identity in IDENTITIES:
        person = store.reading.find(identity)
        if person is None:
            seen.append(None)
            continue
        numbers = [member.number for member in person.members]
        names = {member.number: member.identity for member in person.members}
        fragments = store.reading.fragments(numbers)
        events = store.reading.events(numbers)
        assert store.reading.find_xid(person.xid) is not None
        assert store.reading.all_events(numbers) == events
        assert store.reading.events(numbers, newest_first=True) == events[::-1]
        seen.append(
            (
                person.xid,
                [member.identity for member in person.members],
                sorted((names[each.identity], each.dataset, each.time, each.id, str(each.body)) for each in fragments),
                [(names[each.identity], each.dataset, each.time, each.id, str(each.body)) for each in events],
            )
        )
    return seen


def taken(together: list[Record], chance: Random) -> list[object]:
    """What is there after `together` came in batches of random sizes."""
    with fresh() as store:
        rest = list(together)
        while rest:
            size = chance.randint(1, len(rest))
            store.take(*rest[:size], now=NOW)
            rest = rest[size:]
        unmarked = store.rows("SELECT person FROM identity WHERE person NOT IN (SELECT identity FROM arrival)")
        assert unmarked == []
        return view(store)


@settings(deadline=None, max_examples=60)
@given(records, st.randoms(use_true_random=False))
def test_order_and_split_make_no_difference(together: list[Record], chance: Random) -> None:
    """Nor does it if some come twice."""
    other = together + together[: len(together) // 2]
    chance.shuffle(other)

    assert taken(together, Random(0)) == taken(other, chance)  # noqa: S311 - a split, not a secret
