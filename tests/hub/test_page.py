"""What `docs/hub.md` says is served."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route

from bot.hub.api.app import Credentials, create_hub
from bot.hub.database.connection import Database
from bot.hub.ingestion.inlet import Here

PAGE = Path(__file__).parents[2] / "docs" / "hub.md"
_PATH = re.compile(r"^\| `(/[\w/]+)` \|", re.MULTILINE)


def paths(routes: Iterable[BaseRoute], above: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield from paths(route.routes, above + route.path)
        elif isinstance(route, Route):
            yield above + route.path


def test_each_path_is_in_the_table(tmp_path: Path) -> None:
    """Whatever the hub serves is below one of the paths that the page lists."""
    with closing(Database.open(tmp_path / "hub.db")) as database, closing(Here(database, lambda: 0)) as inlet:
        who = Credentials("id", "secret", "ORG@AdobeOrg", "prod")
        hub = create_hub(database=database, credentials=who, clock=lambda: datetime.now(UTC), inlet=inlet)
        listed = tuple(_PATH.findall(PAGE.read_text("utf-8")))
        served = list(paths(hub.routes))

    assert len(served) > len(listed)
    assert [path for path in served if not path.startswith(listed)] == []
