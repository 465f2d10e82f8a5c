from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hub.api.lookup.stage import Stage, configured, serving


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    database = configured(tmp_path / "hub.db")
    async with serving(database) as client:
        yield Stage(database, client)
    database.close()
