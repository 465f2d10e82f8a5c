"""The last step of every way in: what is prepared is stored, or set to wait."""

from __future__ import annotations

from bot.hub.database.intake import Intake
from bot.hub.ingestion.preparation import Prepared
from bot.hub.model import Organisation


def store(intake: Intake, ready: Prepared, organisation: Organisation, *, now: int) -> tuple[int, int]:
    """Store what is ready, inside the caller's transaction: how many records were new, and how many known already.

    Those that wait count as new.
    """
    applied = intake.apply(ready.records, organisation, now=now)
    for number in {record.dataset for record in ready.waiting}:
        intake.wait(number, (each.body for each in ready.waiting if each.dataset == number), now=now)
    return applied.new + len(ready.waiting), applied.known
