"""Whatever order records come in, and however they are split: the same customers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.hub.api.events import page
from bot.hub.api.lookup import Lookup
from bot.hub.api.profiles import profile
from bot.hub.api.query import Asked, Query, Window
from bot.hub.database.connection import Database, transaction
from bot.hub.database.intake import Intake
from bot.hub.database.reading import Reading
from bot.hub.errors import Refused
from bot.hub.model import Identity, Record, Xdm
from tests.hub.api.lookup.stage import (
    ADA,
    CRM,
    DEFAULT,
    ECID,
    GRACE,
    LOYALTY,
    MILLISECONDS,
    ORDERS,
    PHONE,
    PRECEDENCE,
    UNSTITCHED,
    WEB,
    configured,
    record,
)

EVERYBODY = (ADA, PHONE, ECID, GRACE)

records = st.builds(
    lambda dataset, identities, time, id_, value: record(
        dataset, {"_id": id_, "person": {value: dataset}, "timeZone": value}, *identities, time=time, id=id_
    ),
    st.sampled_from([CRM, LOYALTY, ORDERS, WEB]),
    st.lists(st.sampled_from(EVERYBODY), min_size=1, max_size=2, unique=True),
    st.integers(0, 3),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["x", "y"]),
)

Batches = list[list[Record]]


@st.composite
def twice(draw: st.DrawFn) -> tuple[Batches, Batches]:
    """The same records in two orders, split in two ways, some of them sent again."""
    some = draw(st.lists(records, min_size=1, max_size=12))
    again = draw(st.lists(st.sampled_from(some), max_size=3))
    return [[each] for each in some], draw(st.permutations([*some, *again]).flatmap(_split))


def _split(some: list[Record]) -> st.SearchStrategy[Batches]:
    cuts = st.lists(st.integers(0, len(some)), max_size=3).map(sorted)
    return cuts.map(lambda at: [some[start:end] for start, end in zip([0, *at], [*at, len(some)], strict=True)])


@given(twice())
@settings(deadline=None, max_examples=30)
def test_any_order(both: tuple[Batches, Batches]) -> None:
    """Any order and any split of the same records give the same profiles, events and pages, under each merge policy."""
    one, other = map(seen, both)

    assert one == other


def seen(batches: Batches) -> bytes:
    """All that look-ups tell of everybody, as bytes: even the order of what they list is the same."""
    with TemporaryDirectory() as folder, closing(configured(Path(folder) / "hub.db")) as database:
        with closing(database.writer()) as writer:
            for batch in batches:
                with transaction(writer):
                    Intake(writer).apply(batch, database.organisation(), now=MILLISECONDS)
        return orjson.dumps(_told(database), option=orjson.OPT_SORT_KEYS)


def _told(database: Database) -> list[Xdm]:
    with closing(database.reader()) as reader:
        lookup = Lookup(database.organisation(), Reading(reader, database))
        return [_about(lookup, each, policy) for each in EVERYBODY for policy in (DEFAULT, PRECEDENCE, UNSTITCHED)]


def _about(lookup: Lookup, identity: Identity, policy_id: str) -> Xdm:
    asked = Asked(identity.value, identity.namespace)
    try:
        view = lookup.view(asked, lookup.policy(policy_id))
        pages = [page(view, None, Window(newest, limit=2), {}, lambda _: {}, lookup) for newest in (True, False)]
        children = [each["children"] for each in pages]
        return {"events": children, "profile": profile(view, asked, Query((asked,)), lookup)}
    except Refused as refused:
        return {"refused": refused.status}
