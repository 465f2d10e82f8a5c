from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.hub.database.documents import Kind
from tests.hub.api.edge.stage import DATASTREAM, EDGE, Edge, audience, datastream, profiles
from tests.hub.api.lookup.stage import configured, policy, serving


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    database = configured(tmp_path / "hub.db")
    async with serving(database) as client:
        edge = Edge(database, client)
        edge.configure(Kind.SCHEMA, "profiles", profiles())
        edge.configure(Kind.MERGE_POLICY, EDGE, policy(EDGE, isActiveOnEdge=True, updateEpoch=1))
        edge.configure(Kind.AUDIENCE, "vip", audience(1, "vip", mergePolicyId=EDGE))
        edge.configure(Kind.AUDIENCE, "lapsed", audience(2, "lapsed", mergePolicyId=EDGE))
        edge.configure(Kind.DATASTREAM, DATASTREAM, datastream())
        yield edge
    database.close()
