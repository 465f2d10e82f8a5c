from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.segments.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.at(tmp_path / "hub.db") as world:
        yield world
