"""Records are stored for the configuration that is in force at that moment."""

from __future__ import annotations

import json
from contextlib import closing

from bot.hub.database import documents, imports
from bot.hub.database.connection import transaction
from bot.hub.database.documents import Kind
from bot.hub.database.figures import status
from bot.hub.ingestion.submission import ACCEPTED, Outcome, Submission
from bot.hub.ingestion.taking import Taking
from bot.hub.model import Xdm
from tests.hub.ingestion.conftest import NOW, ORDERS, VISITS, Hub, order


def submission(record: Xdm, dataset: str = ORDERS) -> Submission:
    return Submission(dataset, json.dumps(record).encode())


def test_known(hub: Hub) -> None:
    """A record that is there already is accepted, and changes nothing."""
    with closing(Taking(hub.database)) as taking:
        outcomes = [taking.take([submission(order(1))], now=NOW + turn) for turn in range(3)]
    [event] = hub.events("ada@example.com")

    assert (outcomes, event.modified) == ([[ACCEPTED]] * 3, NOW)


def test_no_dataset(hub: Hub) -> None:
    """A record for a dataset that isn't there is refused, those beside it are not."""
    with closing(Taking(hub.database)) as taking:
        outcomes = taking.take([submission(order(1), "0"), submission(order(2))], now=NOW)

    assert outcomes == [Outcome(accepted=False, reason="is for a dataset that isn't in the catalogue"), ACCEPTED]


def test_configured_meanwhile(hub: Hub) -> None:
    """What is configured after the start is in force for the next record."""
    with closing(Taking(hub.database)) as taking:
        taking.take([submission(order(1), VISITS)], now=NOW)
        before = hub.events("ada@example.com")
        hub.enable(VISITS)
        taking.take([submission(order(2), VISITS)], now=NOW)

    assert (before, [event.id for event in hub.events("ada@example.com")]) == ([], ["order-2"])


def test_waited(hub: Hub) -> None:
    """What waited is admitted as of when it came; what isn't valid any more is listed, and nothing waits for ever."""
    with closing(Taking(hub.database)) as taking:
        taking.take([submission(order(1), VISITS), submission(order(2, shop="main"), VISITS)], now=NOW)
        without(hub, "shop")
        hub.enable(VISITS)
        taking.settle(now=NOW + 1)
    with closing(hub.database.reader()) as connection:
        listed, figures = imports.refusals(connection, VISITS), status(connection)

    assert [event.id for event in hub.events("ada@example.com")] == ["order-1"]
    assert [(each.path, each.reason) for each in listed] == [("_demo.shop", "is no field of the schema")]
    assert figures.waiting == 0


def without(hub: Hub, field: str) -> None:
    """Take a field out of the schema of orders."""
    schema_id = hub.dataset(ORDERS).schema
    with closing(hub.database.writer()) as connection, transaction(connection):
        schema = documents.get(connection, Kind.SCHEMA, schema_id)
        assert schema
        del schema["allOf"][1]["properties"]["_demo"]["properties"][field]
        documents.put(connection, Kind.SCHEMA, schema_id, schema, now=NOW)
