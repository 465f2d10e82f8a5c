"""`make chaos` in small: the whole rig, with processes and sockets, for a few seconds."""

from __future__ import annotations

from dataclasses import replace

from tests.chaos.__main__ import QUICK
from tests.chaos.faults import FAULTS
from tests.chaos.ledger import Outcome
from tests.chaos.report import failures
from tests.chaos.run import run

FAULT = "Adobe fails (500)"


async def test_a_bad_second_is_survived_and_accounted_for() -> None:
    """One replica, one fault: every question has its answer, and the fault was felt."""
    plan = replace(QUICK.plan, known=8, warming=10.0, new=0.15)
    course = replace(QUICK, faults=[each for each in FAULTS if each.name == FAULT], lasting=1.5, calm=0.2, plan=plan, count=1)
    told: list[str] = []
    account = await run(course, told.append)

    assert failures(account) == []
    assert account.rows[0].outcomes[Outcome.CARD] > 0
    assert account.rows[0].outcomes[Outcome.NOTICE] > 0
    assert [each.name for each in account.rows] == [FAULT]
    assert len(told) == 4
