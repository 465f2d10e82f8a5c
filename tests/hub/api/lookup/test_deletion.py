from __future__ import annotations

from contextlib import closing

import httpx
import orjson
import pytest

from bot.hub.database.removal import proof
from bot.hub.ingestion.submission import Submission
from bot.hub.ingestion.taking import Taking, rejects_of
from bot.hub.model import Identity
from tests.hub.api.lookup.stage import (
    ADA,
    CRM,
    ENTITIES,
    EVENT,
    GRACE,
    PHONE,
    PROFILE,
    Stage,
    dotted,
    event,
    events_of,
    ids,
    record,
)


async def test_delete(stage: Stage) -> None:
    """Deleted by any identity, a person is gone under each of them, events included; others stay."""
    stage.take(record(CRM, {}, ADA, PHONE), event(1, ADA), event(2, PHONE), record(CRM, {}, GRACE), event(3, GRACE))
    deleted = await delete(stage, schema=PROFILE, entityId=PHONE.value, entityIdNS="phone")
    answers = [await stage.get(schema=PROFILE, entityId=each.xid) for each in (ADA, PHONE)]

    assert (deleted.status_code, deleted.content) == (202, b"")
    assert [answer.status_code for answer in answers] == [404, 404]
    assert (await stage.get(**events_of(ADA))).status_code == 404
    assert ids(await stage.events(GRACE)) == ["e3"]


async def test_no_trace(stage: Stage) -> None:
    """When a deletion is answered, none of the person's identities stands anywhere in the hub's files."""
    stage.take(record(CRM, {"personalEmail": {"address": ADA.value}}, ADA, PHONE), event(1, PHONE), record(CRM, {}, GRACE))
    await delete(stage, schema=PROFILE, entityId=ADA.xid)
    with closing(stage.database.reader()) as reader:
        assert not proof(reader, [ADA, PHONE])
        assert proof(reader, [GRACE])


async def test_rejects(stage: Stage) -> None:
    """What was refused of the person's records goes, too; that of others stays."""
    taking = Taking(stage.database)
    refused = [orjson.dumps({"personalEmail": {"address": each.value}}) for each in (ADA, GRACE)]
    taking.take([Submission(CRM, body, listed=True) for body in refused], now=0)
    taking.close()
    stage.take(record(CRM, {}, ADA))
    await delete(stage, schema=PROFILE, entityId=ADA.xid)
    left = rejects_of(stage.database).path.read_text()

    assert ADA.value not in left
    assert GRACE.value in left


async def test_too_many_identities(stage: Stage) -> None:
    """A graph that is too large to be looked up can be deleted."""
    stage.take(record(CRM, {}, ADA, *(Identity("ECID", f"{number:038d}") for number in range(60))))
    deleted = await delete(stage, schema=PROFILE, entityId=ADA.xid)

    assert deleted.status_code == 202
    assert (await stage.get(schema=PROFILE, entityId=f"{7:038d}", entityIdNS="ECID")).status_code == 404


async def test_again(stage: Stage) -> None:
    """Nobody can't be deleted, nor can anybody twice; what comes after a deletion is a new profile."""
    stage.take(record(CRM, {}, ADA, PHONE))
    statuses = [(await delete(stage, schema=PROFILE, entityId=ADA.xid)).status_code for _ in range(2)]
    stage.take(record(CRM, {}, ADA))

    assert statuses == [202, 404]
    assert (await stage.profile())["identityGraph"] == [ADA.xid]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"schema": EVENT, "entityId": ADA.xid}, "schema.name"),
        ({"schema": PROFILE}, "entityId"),
        ({"schema": PROFILE, "entityId": ADA.value}, "namespace"),
        ({"schema": PROFILE, "entityId": ADA.value, "entityIdNS": "Telegram"}, "namespace"),
    ],
)
async def test_bad_request(stage: Stage, params: dict[str, str], says: str) -> None:
    """Whoever isn't named clearly isn't deleted."""
    stage.take(record(CRM, {}, ADA))
    answer = await delete(stage, **params)

    assert answer.status_code == 400
    assert says in answer.json()["message"]
    assert await stage.profile()


async def delete(stage: Stage, **params: str) -> httpx.Response:
    return await stage.client.delete(ENTITIES, params=dotted(params))
