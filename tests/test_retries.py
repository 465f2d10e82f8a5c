"""What is logged of retries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stamina.instrumentation import set_on_retry_hooks
from structlog.testing import capture_logs

from bot.errors import LookupFailed, SourceFailed, Throttled, Unreachable
from bot.retries import Retries, log_retry


@pytest.fixture
def _logged() -> Iterator[None]:
    set_on_retry_hooks([log_retry])
    yield
    set_on_retry_hooks(None)


@pytest.mark.looptime
@pytest.mark.usefixtures("_logged")
async def test_events() -> None:
    """Each retry is one event: why, which, and after how long. The last failure is no retry."""
    failures: Iterator[LookupFailed] = iter([Throttled(7.0), SourceFailed(503), Unreachable()])

    async def call() -> None:
        raise next(failures)

    with capture_logs() as events, pytest.raises(Unreachable):
        await Retries(3, 0.25)(call, fits=lambda _: True)
    one, other = events

    assert one == {"event": "retrying", "log_level": "info", "kind": "throttled", "status": None, "count": 1, "ms": 7000}
    assert other.keys() == one.keys()
    assert (other["kind"], other["status"], other["count"]) == ("source_failed", 503, 2)
    assert 500 <= other["ms"] <= 750


@pytest.mark.looptime
@pytest.mark.usefixtures("_logged")
async def test_no_time() -> None:
    """A retry that doesn't fit isn't one."""

    async def call() -> None:
        raise Throttled(7.0)

    with capture_logs() as events, pytest.raises(Throttled):
        await Retries(3, 0.25)(call, fits=lambda wait: wait < 7)

    assert events == []
