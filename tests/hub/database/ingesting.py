"""Takes batches in, one transaction each, and says of each that it is stored: `python -m … FILE FIRST`."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from random import Random

from bot.hub.database.connection import Database, transaction
from bot.hub.database.intake import Intake
from bot.hub.model import Record
from tests.hub.database.invented import NOW, crm, ecid, email, event, profile

PEOPLE = 300


def batch(number: int) -> list[Record]:
    """The same records for the same number, in every process."""
    chance = Random(number)  # noqa: S311 - invented data
    records = []
    for index in range(chance.choice((1, 20, 600))):
        who = chance.randrange(PEOPLE)
        identities = crm(str(who)), chance.choice((email(f"c{who}@example.com"), ecid(str(who % 7))))
        records.append(
            event(*identities, named=f"{number}-{index}", time=chance.randrange(10**9), page="p" * chance.randrange(400))
        )
    return [*records, profile(crm(str(number % PEOPLE)), time=number, city=str(number))]


def main(path: Path, first: int) -> None:
    """Until somebody ends the process."""
    database = Database.open(path)
    writer = database.writer()
    intake, organisation = Intake(writer), database.organisation()
    for number in count(first):
        with transaction(writer):
            intake.apply(batch(number), organisation, now=NOW)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
